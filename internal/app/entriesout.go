package app

import (
	"fmt"
	"io"

	"hotline12333/internal/journal"
)

// PrintEntered says what was written into the journal.
func PrintEntered(out io.Writer, e journal.Entry) error {
	did := "entered"
	switch {
	case e.Withdrawn:
		did = "withdrawn"
	case e.Replaces != "":
		did = "entered in place of " + e.Replaces
	}
	_, err := fmt.Fprintf(out, "%s %s %s by %s at %s\n%s\nentry %s\n", e.Subject, e.Period, did, e.By, e.At.Format("2006-01-02 15:04:05"), e.Body, e.ID)
	return err
}

// PrintEntries lists entries for people, those about one thing together.
func PrintEntries(out io.Writer, list []EntryLine) error {
	w := &printer{out: out}
	subject := ""
	for i := range list {
		e := &list[i]
		if e.Subject != subject {
			subject = e.Subject
			w.line("%s", subject)
		}
		printEntry(w, e)
	}
	if len(list) == 0 {
		w.line("nothing was entered")
	}
	return w.err
}
