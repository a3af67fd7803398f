package app

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"hotline12333/internal/config"
	"hotline12333/internal/kpi"
	"hotline12333/internal/report"
	"hotline12333/internal/ruleset"
	"hotline12333/internal/seal"
	"hotline12333/internal/store"
	"hotline12333/pipelines"
)

// Difference is what a closed report says against what would be reported now.
type Difference struct {
	Title   string                    `json:"title"`
	Rows    []DifferentRow            `json:"rows"` // those that are not the same
	Kinds   map[seal.ChangeKind]int64 `json:"calls_changed"`
	Calls   []seal.Change             `json:"calls"` // some of them
	Rules   []string                  `json:"rules_changed,omitempty"`
	Figures []string                  `json:"figures"` // what the letters of a call are about
}

// DifferentRow is a value that is not what was reported.
type DifferentRow struct {
	Table  string   `json:"table,omitempty"` // empty: of the period itself
	Form   string   `json:"form,omitempty"`
	Code   string   `json:"code"`
	Name   string   `json:"name"`
	Was    string   `json:"was"` // 上报值
	Is     string   `json:"is"`  // 现值
	Change string   `json:"change"`
	Why    []string `json:"why"`

	name, was, is kpi.Wording
	why           []kpi.Wording
	trace         report.Trace // of what it is now
}

// DiffReport holds a closed report against the present. most is how many changed calls are
// named.
func DiffReport(ctx context.Context, cfg config.Root, log *slog.Logger, q SealedQuery, most int) (d *Difference, err error) {
	span, err := q.span()
	if err != nil {
		return nil, err
	}
	err = withSealed(ctx, cfg, log, func(s *system) error {
		d, err = s.difference(ctx, &q, span, most)
		return err
	})
	return d, err
}

func (s *system) difference(ctx context.Context, q *SealedQuery, span kpi.Span, most int) (*Difference, error) {
	e, err := s.sealedReport(ctx, q)
	if err != nil {
		return nil, err
	}
	g, err := newGathering(s.cfg, q.ReportQuery, span)
	if err != nil {
		return nil, err
	}
	g.sys = s
	if _, err := g.pendingNow(ctx); err != nil {
		return nil, err
	}
	now, err := g.report(ctx)
	if err != nil {
		return nil, err
	}
	x := &differ{g: g, e: e, now: now, most: most, changed: map[string]map[seal.ChangeKind]int64{}}
	return x.compare(ctx)
}

// differ compares a closed report with the present.
type differ struct {
	g    *gathering
	e    *seal.Entry
	was  report.Report
	now  *report.Report
	most int

	d       *Difference
	changed map[string]map[seal.ChangeKind]int64 // by figure: the calls that stand otherwise in it
}

func (x *differ) compare(ctx context.Context) (*Difference, error) {
	x.d = &Difference{Title: x.e.Title(), Rows: []DifferentRow{}, Kinds: map[seal.ChangeKind]int64{}, Calls: []seal.Change{}, Figures: listedFigures()}
	data, err := x.g.sys.sealedPart(ctx, x.e, partOf(report.JSON, report.Chinese))
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, &x.was); err != nil {
		return nil, fmt.Errorf("reading what was reported: %w", err)
	}
	for _, step := range []func(context.Context) error{x.rules, x.calls} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	x.rows()
	return x.d, nil
}

// rules finds the files of rules that are not those of then.
func (x *differ) rules(context.Context) error {
	files, err := ruleset.Files(pipelines.Rules, x.g.sys.cfg.Rules)
	if err != nil {
		return err
	}
	have := map[string]string{}
	for i := range files {
		have[rulesPart+files[i].Name()] = files[i].SHA256
	}
	for _, p := range x.e.Parts {
		if now, ok := have[p.Name]; strings.HasPrefix(p.Name, rulesPart) && (!ok || now != p.SHA256) {
			x.d.Rules = append(x.d.Rules, strings.TrimPrefix(p.Name, rulesPart))
		}
		delete(have, p.Name)
	}
	for name := range have {
		x.d.Rules = append(x.d.Rules, strings.TrimPrefix(name, rulesPart))
	}
	slices.Sort(x.d.Rules)
	return nil
}

// sealedLines reads the list of calls that was sealed, line by line.
type sealedLines struct {
	lines *bufio.Scanner
	next  *listedCall
}

func (l *sealedLines) advance() error {
	l.next = nil
	if !l.lines.Scan() {
		return l.lines.Err()
	}
	c, err := parseListed(l.lines.Text())
	l.next = &c
	return err
}

// calls holds the list of calls against those there are, piece by piece: in memory are the
// calls of a piece, and those that changed.
func (x *differ) calls(ctx context.Context) error {
	return x.g.sys.sealedList(ctx, x.e, func(old *sealedLines) error { return x.against(ctx, old) })
}

// sealedList reads the list of calls of a closed report, which stands at its first line.
// One that was closed without a list is not read.
func (s *system) sealedList(ctx context.Context, e *seal.Entry, read func(*sealedLines) error) error {
	part, ok := e.Part(callsPart)
	if !ok {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r, w := io.Pipe()
	go func() {
		w.CloseWithError(s.store.OpenSealed(ctx, e.ID, part, func(b []byte) error {
			_, err := w.Write(b)
			return err
		}))
	}()
	defer func() { _ = r.Close() }() // so that the writer ends
	z, err := gzip.NewReader(r)
	if err != nil {
		return fmt.Errorf("reading the sealed calls: %w", err)
	}
	list := &sealedLines{lines: bufio.NewScanner(z)}
	list.lines.Buffer(nil, 1<<20)
	if !list.lines.Scan() { // the head
		return errJoin(errors.New("the list of sealed calls is empty"), list.lines.Err())
	}
	if err := list.advance(); err != nil {
		return err
	}
	return read(list)
}

func (x *differ) against(ctx context.Context, old *sealedLines) error {
	l, err := x.g.callList()
	if err != nil {
		return err
	}
	gone, come := map[string]listedCall{}, map[string]listedCall{}
	err = l.pieces(ctx, func(to time.Time, calls []listedCall) error {
		then := map[string]listedCall{}
		for old.next != nil && old.next.Bucket < to.Unix() {
			then[old.next.ID] = *old.next
			if err := old.advance(); err != nil {
				return err
			}
		}
		for _, c := range calls {
			was, ok := then[c.ID]
			if !ok {
				come[c.ID] = c
				continue
			}
			delete(then, c.ID)
			if was != c {
				x.changedCall(&was, &c)
			}
		}
		for id, c := range then {
			gone[id] = c
		}
		return nil
	})
	if err != nil {
		return err
	}
	return x.rest(ctx, gone, come)
}

// changedCall tells of a call that was listed and is in the period still.
func (x *differ) changedCall(was, is *listedCall) {
	kind := seal.Facts
	switch {
	case was.Version != is.Version:
		kind = seal.Corrected
	case len(x.d.Rules) > 0 || x.definitionsChanged():
		kind = seal.Rules
	}
	x.tell(kind, was, is)
}

func (x *differ) definitionsChanged() bool {
	return !slices.EqualFunc(x.was.Definitions, x.now.Definitions, func(a, b report.Definition) bool { return a.Code == b.Code && a.Version == b.Version })
}

func (x *differ) tell(kind seal.ChangeKind, was, is *listedCall) {
	change := seal.Change{Kind: kind}
	for _, c := range []*listedCall{was, is} {
		if c != nil {
			change.CallID = c.ID
		}
	}
	if was != nil {
		change.WasVersion, change.WasRule, change.Was = was.Version, was.Rule, was.Letters
	}
	if is != nil {
		change.IsVersion, change.IsRule, change.Is = is.Version, is.Rule, is.Letters
	}
	x.d.Kinds[kind]++
	if len(x.d.Calls) < x.most {
		x.d.Calls = append(x.d.Calls, change)
	}
	if kind == seal.Expired { // what was counted of it stays: it changes no figure
		return
	}
	for i, figure := range x.d.Figures {
		if letterAt(change.Was, i) != letterAt(change.Is, i) {
			if x.changed[figure] == nil {
				x.changed[figure] = map[seal.ChangeKind]int64{}
			}
			x.changed[figure][kind]++
		}
	}
}

func letterAt(letters string, i int) byte {
	if i < len(letters) {
		return letters[i]
	}
	return '-'
}

// rest tells of calls that are on one side only.
func (x *differ) rest(ctx context.Context, gone, come map[string]listedCall) error {
	for id, was := range gone { // moved within the period
		if is, ok := come[id]; ok {
			x.tell(seal.Corrected, &was, &is)
			delete(gone, id)
			delete(come, id)
		}
	}
	h, err := x.g.sys.store.Horizons(ctx, store.SealedCall)
	if err != nil {
		return fmt.Errorf("reading how long calls are kept: %w", err)
	}
	known := map[string]seal.ChangeKind{}
	if n := len(gone) + len(come); n > 0 {
		list, err := x.g.sys.store.CorrectionsSince(ctx, x.e.AsOf, x.e.From, x.e.To, n)
		if err != nil {
			return fmt.Errorf("asking what became of calls: %w", err)
		}
		for _, c := range list {
			for _, one := range c.Some {
				known[one.CallID] = one.Kind
			}
		}
	}
	for _, id := range slices.Sorted(keysOf(gone)) {
		was := gone[id]
		kind, ok := known[id]
		switch {
		case was.Bucket < h.Removed.Unix():
			kind = seal.Expired
		case !ok:
			kind = seal.Unlisted
		}
		x.tell(kind, &was, nil)
	}
	for _, id := range slices.Sorted(keysOf(come)) {
		is := come[id]
		kind, ok := known[id]
		if !ok {
			kind = seal.Unlisted
		}
		x.tell(kind, nil, &is)
	}
	return nil
}
