package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/strictyaml"
	"hotline12333/internal/wire"
)

// Pseudonyms turn what identifies a caller into what may leave the process.
type Pseudonyms interface {
	Pseudonym(number string) string // of a telephone number; empty when it holds no digits
	PseudonymOfID(id string) string // of an id that is no telephone number
	Mask(number string) string      // as 138****5678
}

// Options are the choices of one reading.
type Options struct {
	Zone     *time.Location // of local times; nil: the description's
	Revision uint64         // version of records whose source has none; 0 means 1
	Centre   string         // of records whose source names none; empty: the default centre
	Keys     Pseudonyms     // needed where the description maps a caller
	Name     string         // of the input, for messages
	From     wire.Position  // where to go on; the zero value is the start

	// Growing says that the input may be longer the next time: what is not complete at its
	// end (an open quote, a header of several rows, a leg whose other one may follow) is told
	// neither as a record nor as a fault, but left for the reading that goes on from here.
	Growing bool

	// What a Native is given beside them; callers leave them empty.
	Source   string            // the source's name
	Settings map[string]string // of the description

	trace func(*record) // told of each row before it becomes a record
}

// reading is one pass over one input.
type reading struct {
	src   *Source
	opts  Options
	clock clock
	index []int // by column: the number of its field, -1 where the input has none
}

// Read turns the input into items and hands each to fn, in order, in constant memory. It
// ends at the end of the input, with the first error of fn, or when ctx does. Rows that
// cannot be counted are items, not errors; an error is about the whole input.
//
// Title lines, the header, comments and blank lines are no rows. An input that goes on at
// Options.From is sought where it is an [io.Seeker], else read up to there.
func (s *Source) Read(ctx context.Context, in io.Reader, opts Options, fn func(*wire.Item) error) (err error) {
	if s.native != nil {
		return s.readNative(ctx, in, opts, fn)
	}
	r := &reading{src: s, opts: opts, clock: clock{zone: opts.Zone}}
	if err := r.prepare(); err != nil {
		return err
	}
	in2, err := openRows(ctx, in, s.form, opts.Growing)
	if err != nil {
		return fmt.Errorf("reading %s: %w", r.input(), err)
	}
	if c, ok := in2.(io.Closer); ok {
		defer func() { err = errors.Join(err, c.Close()) }()
	}
	if err := r.bind(in2.names()); err != nil {
		return err
	}
	if opts.From.Offset > 0 {
		if err := in2.jump(opts.From); err != nil {
			return fmt.Errorf("reading %s from line %d: %w", r.input(), opts.From.Line+1, err)
		}
	}
	return r.each(in2, fn)
}

// Row reads one row again that was rejected before: raw as it stood in an input whose
// header named the columns (nil where the format has no header). Options.From means
// nothing here.
func (s *Source) Row(ctx context.Context, raw []byte, columns []string, opts Options, fn func(*wire.Item) error) error {
	if s.native != nil {
		return s.rowOfNative(ctx, raw, columns, opts, fn)
	}
	r := &reading{src: s, opts: opts, clock: clock{zone: opts.Zone}}
	if err := r.prepare(); err != nil {
		return err
	}
	in, err := rowAgain(ctx, raw, columns, s.form)
	if err != nil {
		return err
	}
	if err := r.bind(in.names()); err != nil {
		return err
	}
	return r.each(in, fn)
}

func (r *reading) input() string { return inputName(r.opts) }

func (r *reading) prepare() error {
	if r.clock.zone == nil {
		r.clock.zone = r.src.zone
	}
	if r.clock.zone == nil {
		if c := r.src.needsZone(); c != nil {
			return fmt.Errorf("source %s has times without a time zone (column %s): give the zone, as --zone Asia/Shanghai", r.src.name, c.name)
		}
		r.clock.zone = time.UTC
	}
	if r.opts.Revision == 0 {
		r.opts.Revision = 1
	}
	if r.opts.Revision > hotline.MaxVersion {
		return fmt.Errorf("revision %d is above 2^53-1", r.opts.Revision)
	}
	if r.opts.Keys == nil && r.src.mapping.caller.column != nil {
		return fmt.Errorf("source %s maps callers: a key for their pseudonyms is needed", r.src.name)
	}
	return nil
}

// needsZone returns a column whose times can be local, nil when there is none.
func (s *Source) needsZone() *column {
	for _, c := range s.columns {
		if c.kind != typeDate && c.kind != typeDatetime {
			continue
		}
		for _, p := range c.patterns {
			if p.epoch == 0 && !slices.ContainsFunc(p.parts, func(e part) bool { return e.kind == 'X' }) {
				return c
			}
		}
	}
	return nil
}

// bind finds the columns in the header. An input without any line binds nothing.
func (r *reading) bind(names []string) error {
	r.index = make([]int, len(r.src.columns))
	var errs []error
	for i, c := range r.src.columns {
		switch {
		case !r.src.form.tabular():
			r.index[i] = i
			continue
		case c.position > 0:
			r.index[i] = c.position - 1
			continue
		case names == nil:
			r.index[i] = -1
			continue
		}
		var err error
		if r.index[i], err = r.locate(c, names); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (r *reading) locate(c *column, names []string) (int, error) {
	for _, h := range c.headers {
		i := slices.Index(names, h)
		if i < 0 {
			continue
		}
		if slices.Contains(names[i+1:], h) {
			return -1, fmt.Errorf("%s: %s: %s has two columns named %q", c.at.Where(), c.at.Path(), r.input(), h)
		}
		return i, nil
	}
	if c.optional {
		return -1, nil
	}
	// A wrong encoding or delimiter shows here first: print what was read, in bounds.
	shown := make([]string, 0, len(names))
	for _, n := range names {
		if n != "" {
			shown = append(shown, show(n))
		}
	}
	if len(shown) > 60 {
		shown = append(shown[:60], "…")
	}
	return -1, fmt.Errorf("%s: %s: %s has no column %s%s; its header has: %s",
		c.at.Where(), c.at.Path(), r.input(), quoteAll(c.headers), strictyaml.Meant(c.headers[0], names), strings.Join(shown, ", "))
}

func quoteAll(list []string) string {
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = fmt.Sprintf("%q", s)
	}
	return strings.Join(quoted, " or ")
}

func (r *reading) each(in rows, fn func(*wire.Item) error) error {
	rec := &record{reading: r}
	for {
		row, err := in.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading %s: %w", r.input(), err)
		}
		rec.row = row
		item := wire.Item{Line: row.line, Next: row.next, Length: row.length}
		if r.opts.trace != nil {
			r.opts.trace(rec)
		}
		r.fill(rec, &item)
		if item.Rejected != nil {
			if row.book != nil {
				if row.raw, err = row.kept(); err != nil {
					return fmt.Errorf("reading %s: keeping row %d: %w", r.input(), row.line, err)
				}
				item.Length = row.length
			}
			item.Raw, item.SHA256, item.Columns = row.raw, row.sum, in.names()
		}
		if err := fn(&item); err != nil {
			return err
		}
	}
}

// fill decides what the row is.
func (r *reading) fill(rec *record, item *wire.Item) {
	switch {
	case rec.row.err != nil:
		item.Rejected = rec.row.err
		return
	case rec.row.footer:
		item.Ignored = "footer"
		return
	}
	ignored, err := rec.fill(item)
	scrubItem(item, r.src.verbatim)
	if err == nil && ignored == "" {
		err = invalid(item)
	}
	if err != nil || ignored != "" {
		item.Call, item.Supplement, item.AgentState = nil, nil, nil
		item.Ignored, item.Rejected = ignored, err
	}
	if err != nil {
		item.Ignored = ""
		scrubItem(item, r.src.verbatim)
	}
}

// fill makes a record of the kind that the description says.
func (r *record) fill(item *wire.Item) (ignored string, err *hotline.RejectError) {
	switch r.reading.src.kind {
	case kindSupplement:
		return r.supplement(item)
	case kindAgentState:
		return r.agentState(item)
	}
	item.Call, ignored, err = r.call()
	return ignored, err
}

// invalid holds the record of an item against its contract.
func invalid(it *wire.Item) *hotline.RejectError {
	var err error
	switch {
	case it.Call != nil:
		err = it.Call.Validate()
	case it.Supplement != nil:
		err = it.Supplement.Validate()
	case it.AgentState != nil:
		err = it.AgentState.Validate()
	case it.Ticket != nil:
		err = it.Ticket.Validate()
	}
	var reject *hotline.RejectError
	if errors.As(err, &reject) {
		return reject
	}
	return nil
}
