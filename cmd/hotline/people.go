package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"hotline12333/internal/app"
	"hotline12333/internal/web/people"
)

func (c *command) people() *cobra.Command {
	root := &cobra.Command{
		Use:   "people",
		Short: "Say who may use the pages, and as what",
		Long: `Whoever opens the pages from another machine signs in with a token. Tokens lie, hashed, in one file
(web.people_file); running programs follow it at once. A hotline started with --data DIR has people
of its own: give the same --data here.

Roles: viewer sees the board, figures and reports; supervisor also the calls behind a figure,
calls lost callers back, hands shifts over and registers outages; preparer also enters values, causes
and control totals and prepares a closing; reviewer checks what was prepared and seals it;
administrator may do all of it, though nobody reviews what they have prepared themselves.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			return usageError{errSubcommand("people", "add, list or revoke", args)}
		},
	}
	list := &cobra.Command{
		Use: "list", Short: "List who may use the pages", Args: noArgs,
		Example: "  hotline people list",
		RunE:    func(*cobra.Command, []string) error { return app.ListPeople(c.cfg.Value, c.out) },
	}
	revoke := &cobra.Command{
		Use: "revoke NAME", Short: "End somebody's use of the pages, by name or id, for good", Args: needArgs("the name or id of a person"),
		Example: "  hotline people revoke 王芳",
		RunE: func(cmd *cobra.Command, args []string) error {
			return app.RevokePerson(cmd.Context(), c.cfg.Value, c.out, args[0])
		},
	}
	root.AddCommand(c.peopleAdd(), list, revoke)
	for _, cmd := range root.Commands() {
		c.dataDir(cmd)
	}
	return root
}

func (c *command) peopleAdd() *cobra.Command {
	var p people.Person
	var role, expires string
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Let somebody use the pages, and print their token, this once",
		Long: `add lets somebody use the pages and prints their token to standard output; the file keeps only its
hash. NAME stands under everything they enter and close, so it is a person's name.`,
		Example: `  hotline people add 王芳 --role preparer --expires 365d
  hotline people add 李强 --role reviewer
  hotline people add 大厅屏幕 --role viewer --data ./demo
  hotline people add 赵敏 --role administrator --login zhaomin`,
		Args: needArgs("the name of a person"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usageError{fmt.Errorf("people add takes one name, got %q", args)}
			}
			p.Name = args[0]
			var err error
			if p.Role, err = people.ParseRole(role); err != nil {
				return usageError{fmt.Errorf("--%w", err)}
			}
			zone, err := c.zone("")
			if err != nil {
				return err
			}
			if p.Expires, err = expiry(expires, time.Now().In(zone)); err != nil {
				return usageError{err}
			}
			return app.AddPerson(cmd.Context(), c.cfg.Value, c.out, c.err, p)
		},
	}
	f := cmd.Flags()
	f.StringVar(&role, "role", string(people.Viewer), "`ROLE`: viewer, supervisor, preparer, reviewer or administrator")
	f.StringVar(&p.Centre, "centre", "", "the one `CENTRE` they see figures of (default: all)")
	f.StringVar(&p.Login, "login", "", "`NAME` by which the proxy of web.proxy names them; no token is printed")
	f.StringVar(&expires, "expires", "", "day, instant or number of days after which it ends, as 2027-01-01 or 365d (default: never)")
	return cmd
}
