package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hotline12333/internal/app"
	"hotline12333/internal/intake/tokens"
)

func (c *command) tokens() *cobra.Command {
	root := &cobra.Command{
		Use:   "tokens",
		Short: "Say who may post records, and what",
		Long: `Records are posted to intake.http.listen with a token. Tokens lie, hashed, in one file
(intake.http.tokens_file); running programs follow it at once. A hotline started with --data DIR has
tokens of its own: give the same --data here.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			return usageError{errSubcommand("tokens", "add, list or revoke", args)}
		},
	}
	list := &cobra.Command{
		Use: "list", Short: "List the tokens and what they may do", Args: noArgs,
		Example: "  hotline tokens list",
		RunE:    func(*cobra.Command, []string) error { return app.ListTokens(c.cfg.Value, c.out) },
	}
	revoke := &cobra.Command{
		Use: "revoke NAME", Short: "End a token, given by name or id, for good", Args: needArgs("the name or id of a token"),
		Example: "  hotline tokens revoke west-pbx",
		RunE: func(cmd *cobra.Command, args []string) error {
			return app.RevokeToken(cmd.Context(), c.cfg.Value, c.out, args[0])
		},
	}
	root.AddCommand(c.tokensAdd(), list, revoke)
	for _, cmd := range root.Commands() {
		c.dataDir(cmd)
	}
	return root
}

func (c *command) tokensAdd() *cobra.Command {
	var t tokens.Token
	var kinds []string
	var expires string
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Make a token and print it, this once",
		Long: `add makes a token and prints it to standard output; the file keeps only its hash. Without further
flags it may send every kind of record for every source and centre.`,
		Example: `  hotline tokens add west-pbx --source freeswitch-json --expires 365d
  hotline tokens add suite --kind calls,agents --centre xianyang --id-prefix xy- --records-per-second 50
  hotline tokens add gateway --certificate pbx.west.example`,
		Args: needArgs("a name for the token"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usageError{fmt.Errorf("tokens add takes one name, got %q", args)}
			}
			t.Name = args[0]
			for _, k := range kinds {
				t.Kinds = append(t.Kinds, tokens.Kind(k))
			}
			zone, err := c.zone("")
			if err != nil {
				return err
			}
			if t.Expires, err = expiry(expires, time.Now().In(zone)); err != nil {
				return usageError{err}
			}
			return app.AddToken(cmd.Context(), c.cfg.Value, c.out, c.err, t)
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&t.Sources, "source", nil, "`SOURCE` it may send for; the first is taken where a record names none (default: any)")
	f.StringSliceVar(&kinds, "kind", nil, "`KIND` of record it may send: calls, tickets, supplements, agents (default: all)")
	f.StringVar(&t.Centre, "centre", "", "the one `CENTRE` it may send for (default: any)")
	f.StringVar(&t.IDPrefix, "id-prefix", "", "`PREFIX` every call_id and ticket_id it sends must have")
	f.StringVar(&t.Certificate, "certificate", "", "`NAME` in the client's certificate that stands for it; no token is printed")
	f.BoolVar(&t.Pseudonyms, "pseudonyms", false, "it sends caller_hash and caller_masked itself, made with the same keys")
	f.IntVar(&t.RecordsPerSecond, "records-per-second", 0, "its limit of records a second (default: intake.http.records_per_second)")
	f.IntVar(&t.BytesPerSecond, "bytes-per-second", 0, "its limit of bytes a second (default: intake.http.bytes_per_second)")
	f.StringVar(&expires, "expires", "", "day, instant or number of days after which it ends, as 2027-01-01, 2027-01-01T08:00:00+08:00 or 365d (default: never)")
	return cmd
}

// expiry reads the end of a token's life. A day is that of now's zone, the hotline's.
func expiry(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	var at time.Time
	days, isDays := strings.CutSuffix(s, "d")
	n, err := strconv.Atoi(days)
	switch {
	case isDays && err == nil && n > 0 && n < 36_500:
		at = now.AddDate(0, 0, n)
	default:
		if at, err = time.ParseInLocation(time.DateOnly, s, now.Location()); err != nil {
			if at, err = time.Parse(time.RFC3339, s); err != nil {
				return at, fmt.Errorf("--expires %q: write it as 2027-01-01, 2027-01-01T08:00:00+08:00 or 365d", s)
			}
		}
	}
	if !at.After(now) {
		return at, fmt.Errorf("--expires %s lies in the past", s)
	}
	return at.Truncate(time.Second), nil
}
