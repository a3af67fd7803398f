package app

import (
	"context"
	"io"
	"strings"

	"hotline12333/internal/board"
	"hotline12333/internal/config"
)

// PushDashboards brings the dashboards into Grafana. The result tells what became of each,
// also beside an error.
func PushDashboards(ctx context.Context, cfg config.Root, program string, force bool) ([]board.Status, error) {
	c, err := board.NewClient(cfg.Grafana, program)
	if err != nil {
		return nil, err
	}
	return c.Push(ctx, force)
}

// DiffDashboards says how the dashboards in Grafana stand to the program's own.
func DiffDashboards(ctx context.Context, cfg config.Root, program string) ([]board.Status, error) {
	c, err := board.NewClient(cfg.Grafana, program)
	if err != nil {
		return nil, err
	}
	return c.Diff(ctx)
}

// EditedDashboards is how many of them somebody has edited in Grafana.
func EditedDashboards(all []board.Status) (n int) {
	for i := range all {
		if all[i].State == board.Edited {
			n++
		}
	}
	return n
}

// CheckDashboards says what the dashboards lack in Grafana.
func CheckDashboards(ctx context.Context, cfg config.Root, program string) (*board.Check, error) {
	c, err := board.NewClient(cfg.Grafana, program)
	if err != nil {
		return nil, err
	}
	return c.Check(ctx)
}

// PrintPushed says in one line each what a push has done.
func PrintPushed(w io.Writer, all []board.Status) error {
	p := &printer{out: w}
	for i := range all {
		s := &all[i]
		done := map[board.State]string{board.Missing: "created", board.Outdated: "updated", board.Edited: "overwritten"}[s.State]
		switch {
		case s.State == board.Same:
			done = "unchanged"
		case !s.Pushed:
			done = "not pushed, " + string(s.State)
		}
		p.line("%-20s %-12s %s", s.UID, done, s.Title)
	}
	return p.err
}

// PrintDashboards says how each dashboard stands, with at most so many differences.
func PrintDashboards(w io.Writer, all []board.Status, most int) error {
	p := &printer{out: w}
	for i := range all {
		s := &all[i]
		changed := ""
		if s.State == board.Edited && s.Changed != "" {
			changed = ", by " + s.Changed
		}
		p.line("%-20s %s%s", s.UID, s.State, changed)
		for n, d := range s.Differences {
			if n == most {
				p.line("    … and %d more", len(s.Differences)-most)
				break
			}
			p.line("    %s", d)
		}
	}
	return p.err
}

// PrintDashboardCheck says what is there and what to do about what is not.
func PrintDashboardCheck(w io.Writer, c *board.Check) error {
	p := &printer{out: w}
	version := c.Version
	if version == "" {
		version = "of a version it does not tell"
	}
	p.line("Grafana %s", version)
	for _, s := range c.Sources {
		advice := ""
		switch s.State {
		case board.SourceOK:
		case board.SourceUnknown:
			advice = ": the token may not list data sources; look in Grafana itself"
		default:
			advice = ": add it, with this uid, as in deploy/grafana/provisioning/datasources"
		}
		p.line("data source %-20s %s%s", s.UID, s.State, advice)
	}
	folder := c.Folder
	if folder == "" {
		folder = "missing: hotline dashboards push makes it"
	}
	p.line("folder      %s", folder)
	missing := map[board.State]int{}
	for i := range c.Dashboards {
		s := &c.Dashboards[i]
		missing[s.State]++
		p.line("dashboard   %-20s %s", s.UID, s.State)
	}
	var todo []string
	if missing[board.Missing]+missing[board.Outdated] > 0 {
		todo = append(todo, "hotline dashboards push brings what is missing or outdated")
	}
	if missing[board.Edited] > 0 {
		todo = append(todo, "hotline dashboards diff shows what was edited")
	}
	if len(todo) > 0 {
		p.line("%s", strings.Join(todo, "; "))
	}
	return p.err
}
