package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"hotline12333/internal/app"
)

// subjectFlags are how a caller is named. The number is typed or piped in, never given as
// an argument: other users see those, and the shell remembers them.
func (c *command) subjectFlags(cmd *cobra.Command, opts *app.SubjectOptions) func() error {
	number := false
	cmd.Flags().StringVar(&opts.Query.CallID, "call", "", "the caller of this call (its `ID`)")
	cmd.Flags().BoolVar(&number, "number", false, "the caller of a number, which is asked for on standard input")
	cmd.Flags().StringVar(&opts.Reason, "reason", "", "`WHY`, for the audit log")
	return func() (err error) {
		if number == (opts.Query.CallID != "") {
			return usageError{fmt.Errorf("name the caller by --call ID or by --number, one of the two (see hotline %s --help)", cmd.Name())}
		}
		if number {
			opts.Query.Number, err = c.askNumber()
		}
		return err
	}
}

// maxTyped bounds what is read for a number.
const maxTyped = 128

// askNumber reads one line; a terminal does not show it.
func (c *command) askNumber() (string, error) {
	var typed string
	if f, ok := c.in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		fmt.Fprint(c.err, "Number (it is not shown): ")
		b, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(c.err)
		if err != nil {
			return "", fmt.Errorf("reading the number: %w", err)
		}
		typed = string(b)
	} else {
		line, err := bufio.NewReader(io.LimitReader(c.in, maxTyped)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("reading the number: %w", err)
		}
		typed = line
	}
	if typed = strings.TrimSpace(typed); typed == "" {
		return "", usageError{errors.New("--number: no number came on standard input")}
	}
	return typed, nil
}

func (c *command) export() *cobra.Command {
	var opts app.SubjectOptions
	cmd := &cobra.Command{
		Use:   "export (--call ID | --number)",
		Short: "Write out what is held about one caller",
		Long: `export gathers what is held about one caller, as JSON: every call with all its fields, facts and tickets
that belong to it, what people entered about these calls, rejected records, what Kafka holds, and how long
each is kept. Numbers are masked as they are held. Other free text (shift notes, causes, reasons) is not
looked into: numbers in it are masked when it is entered, so that nothing there leads to a caller. It needs the key file; who, when and why goes into the audit log first.`,
		Example: "  hotline export --call 20260302-0001 --reason request-12 --out caller.json\n  hotline export --number --reason request-12",
	}
	named := c.subjectFlags(cmd, &opts)
	cmd.Flags().StringVar(&opts.File, "out", "", "write into a new `FILE`, for its owner alone, instead of standard output")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := named(); err != nil {
			return err
		}
		return app.ExportCaller(cmd.Context(), c.cfg.Value, c.quiet(), c.out, opts)
	}
	return cmd
}

func (c *command) erase() *cobra.Command {
	var opts app.SubjectOptions
	yes := false
	cmd := &cobra.Command{
		Use:   "erase (--call ID | --number)",
		Short: "Take one caller's identity from everything that is stored",
		Long: `erase removes who called from all calls of one caller: pseudonym, masked and sealed number, free text; and
rejected records that hold them. What people entered about the calls stays, without numbers. The calls stay and are counted as before, repeat calls too: no figure
changes, whenever it is computed again. What Kafka's log still holds is told; it goes with retention.topics.
It cannot be undone. It needs the key file; who, when and why goes into the audit log first.`,
		Example: "  hotline erase --call 20260302-0001 --reason request-12 --yes\n  hotline erase --number --reason request-12 --yes",
	}
	named := c.subjectFlags(cmd, &opts)
	cmd.Flags().BoolVar(&yes, "yes", false, "yes, erase: it cannot be undone")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if !yes {
			return usageError{errors.New("erasing a caller cannot be undone; hotline export shows what is held. Say --yes")}
		}
		if err := named(); err != nil {
			return err
		}
		return app.EraseCaller(cmd.Context(), c.cfg.Value, c.quiet(), c.out, opts)
	}
	return cmd
}
