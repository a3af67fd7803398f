package app

import (
	"context"
	"fmt"
	"time"

	"hotline12333/internal/kpi"
	"hotline12333/internal/report"
	"hotline12333/internal/seal"
)

// sealedBefore says what became of calls since the reports that the period has, or that lie
// in it, were closed.
func (g *gathering) sealedBefore(ctx context.Context) error {
	g.in.Quality.Sealed = []report.SealedSince{}
	rows, err := g.sys.store.SealedReports(ctx)
	if err != nil {
		return fmt.Errorf("reading the closed reports: %w", err)
	}
	entries, faults := seal.Chain(rows)
	if len(faults) > 0 {
		g.in.Notices = append(g.in.Notices, kpi.Wording{
			ZH: "已锁定报告的链条不完整（hotline report list --verify）。", EN: "The chain of closed reports was changed (hotline report list --verify).",
		})
	}
	for _, e := range sealedWithin(entries, g.q.Centre, g.span) {
		since := report.SealedSince{Title: e.Title(), At: e.ClosedAt.In(g.q.Zone), Changes: []report.ChangedKind{}}
		changes, err := g.sys.store.CorrectionsSince(ctx, e.AsOf, e.From, e.To, 1)
		if err != nil {
			return fmt.Errorf("asking what changed since %s was closed: %w", e.Title(), err)
		}
		byKind := map[seal.ChangeKind]int64{}
		for _, c := range changes {
			byKind[c.Kind] += c.Calls
		}
		for _, kind := range seal.ChangeKinds() {
			if n := byKind[kind]; n > 0 {
				zh, en := kind.Title()
				since.Changes = append(since.Changes, report.ChangedKind{Kind: string(kind), Name: kpi.Wording{ZH: zh, EN: en}, Calls: n})
			}
		}
		g.in.Quality.Sealed = append(g.in.Quality.Sealed, since)
	}
	return nil
}

// sealedWithin are the reports that hold of the period itself, else of those within it.
func sealedWithin(entries []*seal.Entry, centre string, span kpi.Span) []*seal.Entry {
	if own := seal.Of(entries, centre, span.Name); len(own) > 0 {
		return own[:1]
	}
	type stretch struct{ from, to time.Time }
	newest := map[stretch]int{}
	var list []*seal.Entry
	for _, e := range entries { // in order: a revision follows what it replaces
		if e.Centre != centre || e.From.Before(span.From) || e.To.After(span.To) {
			continue
		}
		at := stretch{e.From.UTC(), e.To.UTC()}
		if i, ok := newest[at]; ok {
			list[i] = e
			continue
		}
		newest[at] = len(list)
		list = append(list, e)
	}
	return list
}
