package app

import (
	"bufio"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"hotline12333/internal/kpi"
	"hotline12333/internal/source"
	"hotline12333/internal/store"
)

// callsPart is the list of the calls that a closed report has counted.
const callsPart = "calls.tsv.gz"

// listedFigures are those of which the list says where each call stands; those of the rows
// first.
func listedFigures() []string {
	return []string{
		kpi.DefAnswerRate, "answer_rate_agent", "answer_rate_composite", "response_timeliness_wait",
		"calls", "offered", "requested", "answered", "self_service", "open", "excluded",
	}
}

// callList says of every call of a period where it stands in the listed figures.
type callList struct {
	sys     *system
	sources *source.Registry
	build   *kpi.Build
	span    kpi.Span
	centre  string
	each    []*kpi.Explainer
	sums    []kpi.Ratio // of each figure, over all calls
}

func (g *gathering) callList() (*callList, error) {
	l := &callList{sys: g.sys, sources: g.sources, build: &g.in.Count, span: g.span, centre: g.q.Centre}
	for _, name := range listedFigures() {
		f, err := kpi.LookupExplained(name, g.in.Count.Definitions)
		if err != nil {
			return nil, err
		}
		l.each = append(l.each, kpi.NewExplainer(f))
	}
	l.sums = make([]kpi.Ratio, len(l.each))
	return l, nil
}

// listedCall is a line of the list.
type listedCall struct {
	ID      string
	Version uint64
	Bucket  int64  // quarter hour of the arrival, in Unix seconds
	Outcome string // or why it is excluded
	Rule    string // of the answer rate
	Letters string // a letter per figure: N numerator, D denominator alone, - left out
}

func (c *listedCall) line() string {
	return strings.Join([]string{c.ID, strconv.FormatUint(c.Version, 10), strconv.FormatInt(c.Bucket, 10), c.Outcome, c.Rule, c.Letters}, "\t")
}

func parseListed(line string) (c listedCall, err error) {
	f := strings.Split(line, "\t") // no id holds a tab
	if len(f) != 6 {
		return c, fmt.Errorf("%q is no line of a list of calls", line)
	}
	c.ID, c.Outcome, c.Rule, c.Letters = f[0], f[3], f[4], f[5]
	if c.Version, err = strconv.ParseUint(f[1], 10, 64); err == nil {
		c.Bucket, err = strconv.ParseInt(f[2], 10, 64)
	}
	return c, err
}

// stand says where a call stands, and adds it to the sums.
func (l *callList) stand(c *store.SeenCall) listedCall {
	c.Seen.OutsideService = !l.build.InService(c.Source, c.Bucket)
	line := listedCall{ID: c.CallID, Version: c.Rank.Version, Bucket: c.Bucket.Unix(), Outcome: string(c.Seen.Outcome)}
	if c.Seen.Excluded != "" {
		line.Outcome = "excluded_" + string(c.Seen.Excluded)
	}
	letters := make([]byte, len(l.each))
	for i, e := range l.each {
		at := e.Stand(c.Seen)
		l.sums[i].Num += at.Num
		l.sums[i].Den += at.Den
		switch at.Role {
		case kpi.Numerator:
			letters[i] = 'N'
		case kpi.Denominator:
			letters[i] = 'D'
		default:
			letters[i] = '-'
		}
		if i == 0 {
			line.Rule = at.Rule.Code
		}
	}
	line.Letters = string(letters)
	return line
}

// piece is how much of a period is listed at a time: it bounds the memory that the calls take,
// and the time of a query.
const piece = 7 * 24 * time.Hour

// pieces calls each for the pieces of the period with their calls by id. Memory is bounded
// by the calls of a piece.
func (l *callList) pieces(ctx context.Context, each func(to time.Time, calls []listedCall) error) error {
	for at := l.span.From; at.Before(l.span.To); at = at.Add(piece) {
		to := minTime(at.Add(piece), l.span.To)
		var calls []listedCall
		before := append([]kpi.Ratio(nil), l.sums...)
		begin := func() {
			calls = calls[:0]
			copy(l.sums, before)
		}
		begin()
		err := l.sys.store.SeenCalls(ctx, store.SeenQuery{From: at, To: to, Centre: l.centre}, begin, func(c *store.SeenCall) error {
			calls = append(calls, l.stand(c))
			return nil
		})
		if err != nil {
			return fmt.Errorf("reading the calls: %w", err)
		}
		if err := each(to, calls); err != nil {
			return err
		}
	}
	return nil
}

// write writes the list, compressed.
func (l *callList) write(ctx context.Context, to io.Writer) error {
	z := gzip.NewWriter(to) // without a time of its own
	w := bufio.NewWriterSize(z, 64<<10)
	if _, err := w.WriteString("call_id\tversion\tquarter_hour\toutcome\trule\t" + strings.Join(listedFigures(), ",") + "\n"); err != nil {
		return err
	}
	err := l.pieces(ctx, func(_ time.Time, calls []listedCall) error {
		for i := range calls {
			if _, err := w.WriteString(calls[i].line() + "\n"); err != nil {
				return err
			}
		}
		return nil
	})
	return errJoin(err, w.Flush(), z.Close())
}

// agree is an error where the calls listed are not those that the tallies have counted.
func (l *callList) agree(entries []kpi.Entry) error {
	var own []kpi.Entry
	for i := range entries {
		if b := entries[i].Key.Bucket; entries[i].Key.Dimension == kpi.ByQueue && !b.Before(l.span.From) && b.Before(l.span.To) {
			own = append(own, entries[i])
		}
	}
	t, _ := l.build.Sum(own)
	for i, e := range l.each {
		want := e.Figure.Of(&t, nil)
		if got := l.sums[i]; got.Num != want.Num || got.Den != want.Den {
			return fmt.Errorf("%s: the calls give %d / %d, the tallies %d / %d", e.Figure.Name, got.Num, got.Den, want.Num, want.Den)
		}
	}
	return nil
}
