package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"hotline12333/internal/app"
	"hotline12333/internal/keys"
)

func (c *command) keys() *cobra.Command {
	root := &cobra.Command{
		Use:   "keys",
		Short: "Make, list, rotate and retire the keys of pseudonyms and seals",
		Long: `The keys turn callers' numbers into pseudonyms and seal rejected records. They lie in one file
(keys.file), readable by its owner alone, outside of the data directory.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			return usageError{errSubcommand("keys", "init, list, rotate or retire", args)}
		},
	}
	init := &cobra.Command{
		Use: "init", Short: "Write a new key file, readable by its owner alone", Args: noArgs,
		Example: "  hotline keys init",
		RunE:    func(*cobra.Command, []string) error { return app.InitKeys(c.cfg.Value, c.out) },
	}
	list := &cobra.Command{
		Use: "list", Short: "List the keys and when they hold; no secret is shown", Args: noArgs,
		Example: "  hotline keys list",
		RunE:    func(*cobra.Command, []string) error { return app.ListKeys(c.cfg.Value, c.out) },
	}
	root.AddCommand(init, list, c.keysRotate(), c.keysRetire())
	return root
}

func (c *command) keysRotate() *cobra.Command {
	var from string
	overlap := keys.DefaultOverlap
	cmd := &cobra.Command{
		Use: "rotate", Short: "Add a key that takes over, with an overlap in which both recognise a caller", Args: noArgs,
		Long: `rotate adds a key. Calls that arrive from --from on carry its pseudonym, and during the overlap that of
the key before as well: repeat callers stay recognised across the change. Running programs read the
file again within a minute. The old key goes on opening what was sealed for it until it is retired.`,
		Example: "  hotline keys rotate --from 2026-07-01T00:00:00+08:00",
		RunE: func(*cobra.Command, []string) error {
			var at time.Time
			if from != "" {
				var err error
				if at, err = time.Parse(time.RFC3339, from); err != nil {
					return usageError{fmt.Errorf("--from %q: write it as 2026-07-01T00:00:00+08:00", from)}
				}
			}
			return app.RotateKeys(c.cfg.Value, c.out, at, overlap)
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "`TIME` from which on calls carry the new pseudonym (default ten minutes from now)")
	cmd.Flags().DurationVar(&overlap, "overlap", overlap, "how long calls carry both; at least 48h")
	return cmd
}

func (c *command) keysRetire() *cobra.Command {
	yes := false
	cmd := &cobra.Command{
		Use: "retire KEY", Short: "Remove an old key for good", Args: needArgs("the name of a key, from keys list"),
		Long: `retire removes a key from the file. Its pseudonyms cannot be made again, and rejected records that
were sealed for it can never be opened: replay them first (hotline rejected replay).`,
		Example: "  hotline keys retire 1f3a77c2 --yes",
		RunE: func(_ *cobra.Command, args []string) error {
			if !yes {
				return usageError{errors.New("retiring a key cannot be undone: rejected records sealed for it are lost. Say --yes")}
			}
			return app.RetireKey(c.cfg.Value, c.out, args[0])
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "yes, remove it")
	return cmd
}
