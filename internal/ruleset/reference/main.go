// Command reference writes the versions and texts of pipelines/definitions.yaml into
// docs/definitions.md, between its two marks. It is run by go generate and is no part of
// the product.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"time"

	"hotline12333/internal/ruleset"
	"hotline12333/pipelines"
)

const (
	begin = "<!-- generated from pipelines/definitions.yaml by go generate: begin -->\n"
	end   = "<!-- generated: end -->\n"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "reference:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return errors.New("usage: reference FILE")
	}
	rules, err := ruleset.Load(pipelines.Rules, ruleset.DefaultConfig(), time.UTC)
	if err != nil {
		return err
	}
	page, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	head, rest, found := bytes.Cut(page, []byte(begin))
	_, tail, ends := bytes.Cut(rest, []byte(end))
	if !found || !ends {
		return fmt.Errorf("%s has not the two marks of the generated part", args[0])
	}
	var out bytes.Buffer
	out.Write(head)
	out.WriteString(begin)
	for i := range rules.Definitions.List {
		d := &rules.Definitions.List[i]
		fmt.Fprintf(&out, "\n### `%s` %s\n%s\n\n| version | form | formula | 口径 |\n| --- | --- | --- | --- |\n", d.Name, d.Title.ZH, d.Title.EN)
		for _, v := range d.Versions {
			leads := ""
			for _, p := range d.Provisional {
				if p.Version != v.Number {
					continue
				}
				if leads = ", leads until one is confirmed"; p.Tickets {
					leads += " where tickets are connected"
				}
			}
			form := v.Form
			if form != "" {
				form = "`" + form + "`"
			}
			fmt.Fprintf(&out, "| %d%s | %s | %s | %s<br>%s |\n", v.Number, leads, form, v.Formula, v.Text.ZH, v.Text.EN)
		}
	}
	out.WriteString("\n" + end)
	out.Write(tail)
	return os.WriteFile(args[0], out.Bytes(), 0o644)
}
