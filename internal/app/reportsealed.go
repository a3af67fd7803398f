package app

import (
	"context"
	"fmt"
	"maps"
	"slices"
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
		byKind, err := g.correctionsSince(ctx, e)
		if err != nil {
			return fmt.Errorf("asking what changed since %s was closed: %w", e.Title(), err)
		}
		for _, kind := range seal.ChangeKinds() {
			if n := byKind[kind]; n > 0 {
				zh, en := kind.Title()
				if e.Centre != "" {
					zh, en = movedCentres(kind, zh, en)
				}
				since.Changes = append(since.Changes, report.ChangedKind{Kind: string(kind), Name: kpi.Wording{ZH: zh, EN: en}, Calls: n})
			}
		}
		g.in.Quality.Sealed = append(g.in.Quality.Sealed, since)
	}
	return nil
}

// correctionsSince counts the calls of a closed report's period that have another version
// since. The registry does not know whose a call is, and a version that deletes it no longer
// says so: of one centre those count that its sealed list had, or that it has now.
func (g *gathering) correctionsSince(ctx context.Context, e *seal.Entry) (map[seal.ChangeKind]int64, error) {
	byKind := map[seal.ChangeKind]int64{}
	changes, err := g.sys.store.CorrectionsSince(ctx, e.AsOf, e.From, e.To, 1)
	if err != nil {
		return nil, err
	}
	all := int64(0)
	for _, c := range changes {
		byKind[c.Kind] += c.Calls
		all += c.Calls
	}
	if e.Centre == "" || all == 0 {
		return byKind, nil
	}
	if changes, err = g.sys.store.CorrectionsSince(ctx, e.AsOf, e.From, e.To, int(all)); err != nil {
		return nil, err
	}
	kinds := map[string]seal.ChangeKind{}
	for _, c := range changes {
		for _, one := range c.Some {
			kinds[one.CallID] = one.Kind
		}
	}
	had := map[string]bool{}
	err = g.sys.sealedList(ctx, e, func(list *sealedLines) error {
		for list.next != nil {
			if _, changed := kinds[list.next.ID]; changed {
				had[list.next.ID] = true
			}
			if err := list.advance(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	has, err := g.sys.store.CallsOf(ctx, e.Centre, e.From, e.To, slices.Collect(maps.Keys(kinds)))
	if err != nil {
		return nil, err
	}
	byKind = map[seal.ChangeKind]int64{}
	for id, kind := range kinds {
		_, is := has[id]
		if kind, counts := kindOf(kind, had[id], is); counts {
			byKind[kind]++
		}
	}
	return byKind, nil
}

// movedCentres says of a call that moved that it may have moved between centres.
func movedCentres(kind seal.ChangeKind, zh, en string) (string, string) {
	switch kind {
	case seal.MovedOut:
		return "移出本期或转给其他中心", "moved out of the period, or to another centre"
	case seal.MovedIn:
		return "移入本期或由其他中心转来", "moved into the period, or from another centre"
	}
	return zh, en
}

// kindOf is how a call changed for the centre that had it, or has it now: one that was given
// to another centre has left it, and one that came from another has come.
func kindOf(kind seal.ChangeKind, had, has bool) (seal.ChangeKind, bool) {
	switch {
	case had && has:
		return seal.Corrected, true
	case had && kind != seal.Deleted:
		return seal.MovedOut, true
	case has && kind != seal.Late:
		return seal.MovedIn, true
	}
	return kind, had || has
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
