package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"hotline12333/internal/app"
	"hotline12333/internal/report"
)

// definitionFlags asks for versions of definitions, and for their texts.
func definitionFlags(cmd *cobra.Command, asked *[]string, texts *bool) {
	cmd.Flags().StringSliceVar(asked, "definitions", nil, "`NAME=VERSION` of a definition to go by, whatever is in force; also several with commas (hotline definitions list)")
	if texts != nil {
		cmd.Flags().BoolVar(texts, "texts", false, "in JSON, add what the definitions say (口径)")
	}
}

// versions reads NAME=VERSION; app says which names there are.
func versions(asked []string) (map[string]int, error) {
	if len(asked) == 0 {
		return nil, nil
	}
	out := make(map[string]int)
	for _, a := range asked {
		name, version, ok := strings.Cut(a, "=")
		n, err := strconv.Atoi(version)
		if !ok || err != nil || n < 1 {
			return nil, usageError{fmt.Errorf("--definitions %q: write it as answer_rate=2 (hotline definitions list shows the versions)", a)}
		}
		if other, twice := out[name]; twice && other != n {
			return nil, usageError{fmt.Errorf("--definitions asks for both version %d and %d of %s", other, n, name)}
		}
		out[name] = n
	}
	return out, nil
}

func (c *command) definitions() *cobra.Command {
	root := &cobra.Command{
		Use:   "definitions",
		Short: "List what each figure means, and make a version official",
		Long: `Each figure has a definition (口径), in numbered versions. None is official until a named person
confirms it, with a reason and a document; until then it is marked as not confirmed (口径待确认),
the agent rate leads, and reports are drafts. A confirmation holds for the whole system, for each of
its centres: parts that are counted differently do not add up. Another version can be asked for with
--definitions, of one centre too, and is marked.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			return usageError{errSubcommand("definitions", "list or confirm", args)}
		},
	}
	root.AddCommand(c.definitionsList(), c.definitionsConfirm())
	return root
}

func (c *command) definitionsList() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use: "list [NAME]", Short: "Show which definitions are in force, their versions, texts and history",
		Example: `  hotline definitions list
  hotline definitions list answer_rate --format json`,
		Args: atMostOne("the name of a definition"),
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := report.ParseFormat(format, report.Table, report.JSON)
			if err != nil {
				return usageError{err}
			}
			list, err := app.Definitions(cmd.Context(), c.cfg.Value, c.log, strings.Join(args, ""))
			if err != nil {
				return err
			}
			if f == report.JSON {
				return c.json(list)
			}
			return app.PrintDefinitions(c.out, list, len(args) > 0)
		},
	}
	cmd.Flags().StringVar(&format, "format", "table", "table or json")
	return cmd
}

func (c *command) definitionsConfirm() *cobra.Command {
	var k app.Confirmation
	cmd := &cobra.Command{
		Use: "confirm NAME", Short: "Make a version of a definition the official one, from a day on",
		Long: `confirm writes into the journal who makes which version of a definition official, from which day on,
why, and by which document. It holds until the day of the next confirmation. Boards and metrics follow
within seconds. Nothing is ever removed: a confirmation for the same day takes the place of the one that
--replaces names, and --withdraw leaves the day without one.`,
		Example: `  hotline definitions confirm answer_rate --version 2 --from 2026-03-01 --by 王芳 --document 咸人社函〔2026〕8号 --reason 按市局统一口径
  hotline definitions confirm answer_rate --withdraw --from 2026-03-01 --replaces 01KN5ZAJWVMN8239MZ5EW3H4SE --by 王芳 --document 咸人社函〔2026〕9号 --reason 文件撤销`,
		Args: one("the name of a definition, from definitions list"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if k.Name = args[0]; k.Version == 0 && !k.Withdraw {
				return usageError{fmt.Errorf("--version is needed: hotline definitions list %s shows them", k.Name)}
			}
			done, err := app.ConfirmDefinition(cmd.Context(), c.cfg.Value, c.log, k)
			if err != nil {
				return err
			}
			return app.PrintConfirmed(c.out, c.err, done)
		},
	}
	cmd.Flags().IntVar(&k.Version, "version", 0, "the `VERSION` that becomes official")
	cmd.Flags().StringVar(&k.From, "from", "", "the first `DAY` it holds for (default: today)")
	authorFlags(cmd, &k.By, &k.Reason)
	replacesFlag(cmd, &k.Replaces)
	cmd.Flags().StringVar(&k.Document, "document", "", "the number of the `DOCUMENT` it stands in")
	cmd.Flags().BoolVar(&k.Withdraw, "withdraw", false, "withdraw what was confirmed for the day")
	return cmd
}

// authorFlags are those of everything that goes into the journal.
func authorFlags(cmd *cobra.Command, by, reason *string) {
	cmd.Flags().StringVar(by, "by", "", "`NAME` of the person who answers for it")
	cmd.Flags().StringVar(reason, "reason", "", "`WHY`")
}

// replacesFlag is that of entries which may take the place of others.
func replacesFlag(cmd *cobra.Command, replaces *string) {
	cmd.Flags().StringVar(replaces, "replaces", "", "`ID` of the entry it takes the place of, as it was shown")
}

// one is the check of a command that takes just one argument.
func one(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usageError{fmt.Errorf("%s needs %s, got %d arguments (see %s --help)", cmd.CommandPath(), what, len(args), cmd.CommandPath())}
		}
		return nil
	}
}

func atMostOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > 1 {
			return usageError{fmt.Errorf("%s takes %s, got %d arguments (see %s --help)", cmd.CommandPath(), what, len(args), cmd.CommandPath())}
		}
		return nil
	}
}

// json prints for programs.
func (c *command) json(v any) error {
	e := json.NewEncoder(c.out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
