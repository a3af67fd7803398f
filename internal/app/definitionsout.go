package app

import (
	"fmt"
	"io"

	"hotline12333/internal/kpi"
	"hotline12333/internal/report"
)

// differs is the warning that answered calls are counted in two ways.
const differs = "answered_calls and answer_rate do not count the same calls as answered (接听通数与接通率分子口径不一致): every report prints the reconciliation"

// PrintDefinitions prints definitions for people: one line each, or all there is about them.
func PrintDefinitions(out io.Writer, list *DefinitionList, whole bool) error {
	w := &printer{out: out}
	for i := range list.Definitions {
		d := &list.Definitions[i]
		if !whole {
			w.line("%s %s", pad(d.Name, 36), report.StateOf(d.State))
			continue
		}
		printDefinition(w, d)
	}
	if !whole {
		w.line("")
		w.line("hotline definitions list NAME shows versions, texts and history.")
	}
	if list.Differ {
		w.line("")
		w.line("warning: %s", differs)
	}
	return w.err
}

func printDefinition(w *printer, d *DefinitionLine) {
	w.line("%s  %s  %s", d.Name, d.Title.ZH, d.Title.EN)
	w.line("in force now: %s", report.StateOf(d.State))
	if d.Items != nil {
		w.line("where tickets are connected: %s", report.StateOf(*d.Items))
	}
	w.line("")
	w.line("Versions")
	for _, v := range d.Versions {
		from := ""
		if v.From != "" {
			from = ", from " + v.From + " at the earliest"
		}
		w.line("  v%d %s%s", v.Version, v.Form, from)
		w.line("     %s", v.Formula)
		w.line("     %s", v.Text.ZH)
		w.line("     %s", v.Text.EN)
	}
	w.line("")
	w.line("In force from")
	for _, s := range d.InForce {
		since := s.Since
		if since == "" {
			since = "the beginning"
		}
		w.line("  %s %s", pad(since, 14), stateShort(s))
	}
	if len(d.History) > 0 {
		w.line("")
		w.line("Entered")
	}
	for i := range d.History {
		printEntry(w, &d.History[i])
	}
}

// stateShort is what the list of days needs: the day stands beside it.
func stateShort(s kpi.DefinitionState) string {
	if s.Confirmed {
		return fmt.Sprintf("v%d %s, confirmed by %s, %s", s.Version, s.Leads, s.By, s.Document)
	}
	return fmt.Sprintf("v%d %s, not confirmed (口径待确认)", s.Version, s.Leads)
}

// PrintConfirmed says what a confirmation has done.
func PrintConfirmed(out, notes io.Writer, c *Confirmed) error {
	w := &printer{out: out}
	verb := "confirmed"
	if c.Entry.Withdrawn {
		verb = "withdrawn"
	}
	w.line("%s %s for %s on, by %s (entry %s)", c.Entry.Subject, verb, c.Entry.Period, c.Entry.By, c.Entry.ID)
	w.line("from that day on: %s", report.StateOf(c.State))
	if c.Differ {
		_, err := fmt.Fprintln(notes, "warning: "+differs)
		w.err = errJoin(w.err, err)
	}
	return w.err
}

// printEntry prints an entry of the journal on one line, and below it what goes with it.
func printEntry(w *printer, e *EntryLine) {
	state := ""
	switch {
	case e.Withdrawn:
		state = "  withdrawn"
	case !e.Holds:
		state = "  replaced"
	}
	w.line("  %s  %s  %s%s", e.At.Format("2006-01-02 15:04:05"), pad(e.Period, 24), e.By, state)
	w.line("    entry %s  %s", e.ID, string(e.Body))
	if e.Reason != "" {
		w.line("    reason: %s", e.Reason)
	}
	if e.Evidence != "" {
		w.line("    evidence: %s", e.Evidence)
	}
}
