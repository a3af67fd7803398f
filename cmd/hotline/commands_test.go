package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"hotline12333/internal/config"
)

// TestHelp walks all commands: whoever asks for help gets a sentence and an example.
func TestHelp(t *testing.T) {
	var out, errs bytes.Buffer
	c := &command{stdio: stdio{out: &out, err: &errs}}
	root := c.root()
	walk(root, func(cmd *cobra.Command) {
		path := cmd.CommandPath()
		if cmd.Short == "" {
			t.Errorf("%s does not say what it does", path)
		}
		if cmd.HasSubCommands() {
			return
		}
		switch {
		case cmd.Example == "":
			t.Errorf("%s has no example", path)
		case !strings.Contains(cmd.Example, path):
			t.Errorf("the example of %s does not show it: %s", path, cmd.Example)
		}
		for line := range strings.Lines(cmd.Example) {
			examplesParse(t, line)
		}
	})
}

func walk(cmd *cobra.Command, visit func(*cobra.Command)) {
	visit(cmd)
	for _, sub := range cmd.Commands() {
		walk(sub, visit)
	}
}

// examplesParse checks that the command and flags of an example exist.
func examplesParse(t *testing.T, line string) {
	t.Helper()
	begin := strings.Index(line, "hotline ") // what stands before is piped into it
	if begin < 0 {
		return
	}
	line, _, _ = strings.Cut(line[begin:], " > ")
	line, _, _ = strings.Cut(line, " | ")
	words := strings.Fields(line)
	var out, errs bytes.Buffer
	root := (&command{stdio: stdio{out: &out, err: &errs}}).root()
	cmd, rest, err := root.Find(words[1:])
	if err != nil {
		t.Errorf("%s: %v", line, err)
		return
	}
	if err := cmd.ParseFlags(rest); err != nil {
		t.Errorf("%s: %v", line, err)
		return
	}
	if cmd.Args != nil {
		if err := cmd.Args(cmd, cmd.Flags().Args()); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func runInside(args ...string) (code int, out, errs string) {
	var o, e bytes.Buffer
	code = run(context.Background(), args, stdio{in: strings.NewReader(""), out: &o, err: &e})
	return code, o.String(), e.String()
}

func TestHelpIsPrinted(t *testing.T) {
	for _, args := range [][]string{{}, {"help"}, {"--help"}, {"help", "import"}, {"import", "--help"}, {"help", "rejected", "show"}} {
		code, out, errs := runInside(args...)
		if code != 0 || errs != "" || !strings.Contains(out, "hotline") {
			t.Errorf("hotline %s: exit code %d, printed %q, said %q", strings.Join(args, " "), code, out, errs)
		}
		for line := range strings.Lines(out) {
			if len(line) > 160 {
				t.Errorf("hotline %s: a line of %d characters: %s", strings.Join(args, " "), len(line), line)
			}
		}
	}
	if code, out, _ := runInside("version"); code != 0 || !strings.HasPrefix(out, "hotline dev ") {
		t.Errorf("version: %d, %q", code, out)
	}
}

// Durations have their unit in the log, in both forms.
func TestLogSpellsDurations(t *testing.T) {
	for format, want := range map[string]string{"json": `"took":"9.383s"`, "text": "took=9.383s"} {
		var out bytes.Buffer
		newLog(&out, config.Log{Level: "info", Format: format}).Info("ready", "took", 9383*time.Millisecond)
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s: %s lacks %s", format, out.String(), want)
		}
	}
}
