package app

import (
	"io"

	"hotline12333/internal/config"
)

// ListSources prints what can be read, one source a line.
func ListSources(cfg config.Root, out io.Writer) error {
	sources, err := openSources(cfg)
	if err != nil {
		return err
	}
	w := &printer{out: out}
	for _, name := range sources.Names() {
		s, err := sources.Lookup(name)
		if err != nil {
			return err
		}
		w.line("%-22s %s", name, s.Title())
	}
	return w.err
}
