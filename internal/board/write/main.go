// Command write writes the dashboards to the folder dashboards. It is run by go generate
// and is no part of the product.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"hotline12333/internal/board"
	"hotline12333/internal/ruleset"
	"hotline12333/pipelines"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "write:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return errors.New("usage: write DIR")
	}
	rules, err := ruleset.Load(pipelines.Rules, ruleset.DefaultConfig(), time.UTC)
	if err != nil {
		return err
	}
	all, err := board.All(rules)
	if err != nil {
		return err
	}
	for i := range all {
		text, err := all[i].JSON()
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(args[0], all[i].File), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
