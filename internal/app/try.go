package app

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/mattn/go-runewidth"

	"github.com/go-json-experiment/json/jsontext"

	"hotline12333/internal/config"
	"hotline12333/internal/keys"
	"hotline12333/internal/source"
	"hotline12333/internal/wire"
)

// TryOptions say what to try.
type TryOptions struct {
	File   string // "-" is standard input
	Stdin  io.Reader
	Source string
	Zone   string // of local times; empty: the source's
	Rows   int    // that are shown
}

// tryMost bounds what is read for the summary.
const tryMost = 200_000

// TrySource shows what becomes of the first rows of a file, and why others would be
// rejected or ignored. Nothing is written anywhere, and no caller's number is shown.
func TrySource(ctx context.Context, cfg config.Root, out io.Writer, opts TryOptions) (err error) {
	src, err := sourceOf(cfg, opts.Source)
	if err != nil {
		return err
	}
	kit, err := keys.Ephemeral()
	if err != nil {
		return err
	}
	how := source.Options{Keys: kit, Name: opts.File}
	if opts.Zone != "" {
		if how.Zone, err = source.ParseZone(opts.Zone); err != nil {
			return err
		}
	}
	in, closeIn, err := openPlain(opts)
	if err != nil {
		return err
	}
	defer func() { err = errJoin(err, closeIn()) }()
	t := &trial{w: &printer{out: out}, src: src, rows: opts.Rows, zone: how.Zone, ignored: map[string]*met{}, rejected: map[string]*met{}}
	if t.zone == nil {
		t.zone = src.Zone()
	}
	if t.zone == nil {
		t.zone = time.UTC
	}
	err = src.Try(ctx, in, how, t.add)
	if errors.Is(err, errEnough) {
		err = nil
	}
	if err != nil {
		return err
	}
	t.summary()
	return t.w.err
}

// openPlain opens the file, decompressed.
func openPlain(opts TryOptions) (in io.Reader, closeIn func() error, err error) {
	closeIn = func() error { return nil }
	var raw io.Reader = opts.Stdin
	if opts.File != "-" {
		f, err := os.Open(opts.File)
		if err != nil {
			return nil, nil, fmt.Errorf("opening the file: %w", err)
		}
		raw, closeIn = f, f.Close
	}
	b := bufio.NewReaderSize(raw, 64<<10)
	head, err := b.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, errJoin(fmt.Errorf("reading %s: %w", opts.File, err), closeIn())
	}
	if !bytes.Equal(head, []byte{0x1f, 0x8b}) {
		return b, closeIn, nil
	}
	z, err := gzip.NewReader(b)
	if err != nil {
		return nil, nil, errJoin(fmt.Errorf("decompressing %s: %w", opts.File, err), closeIn())
	}
	return z, closeIn, nil
}

var errEnough = errors.New("enough rows")

// trial prints rows and counts what becomes of all.
type trial struct {
	w        *printer
	src      *source.Source
	zone     *time.Location
	rows     int // still to be shown
	read     int
	accepted int
	ignored  map[string]*met
	rejected map[string]*met
}

// met is how often something was met, and where first.
type met struct {
	count int
	first int64
	said  string // the first time
}

func count(in map[string]*met, key string, line int64, said string) {
	m := in[key]
	if m == nil {
		m = &met{first: line, said: said}
		in[key] = m
	}
	m.count++
}

func (t *trial) add(one *source.Trial) error {
	if t.read == tryMost {
		return errEnough
	}
	t.read++
	it := one.Item
	what := "a record"
	switch {
	case it.Rejected != nil:
		what = "REJECTED: " + printable([]byte(it.Rejected.Error()))
		count(t.rejected, string(it.Rejected.Reason)+" "+it.Rejected.Field, it.Line, printable([]byte(it.Rejected.Error())))
	case it.Ignored != "":
		what = "ignored: " + it.Ignored
		count(t.ignored, it.Ignored, it.Line, it.Ignored)
	default:
		t.accepted++
		what = recordName(it)
	}
	if t.rows <= 0 {
		return t.w.err
	}
	t.rows--
	t.w.line("line %d: %s", it.Line, what)
	t.show(one)
	t.w.line("")
	return t.w.err
}

func recordName(it *wire.Item) string {
	switch {
	case it.Supplement != nil:
		return "facts about a call"
	case it.AgentState != nil:
		return "a state of an agent"
	case it.Ticket != nil:
		return "a ticket"
	}
	return "a call"
}

// show prints the fields of the record, each with the columns it came from.
func (t *trial) show(one *source.Trial) {
	it := one.Item
	var raw []byte
	switch {
	case it.Call != nil:
		raw = wire.AppendCall(nil, it.Call)
	case it.Supplement != nil:
		raw = wire.AppendSupplement(nil, it.Supplement)
	case it.AgentState != nil:
		raw = wire.AppendAgentState(nil, it.AgentState)
	case it.Ticket != nil:
		raw = wire.AppendTicket(nil, it.Ticket)
	}
	used := make(map[string]bool)
	for _, f := range fieldsOf(raw) {
		from := t.from(f.name, one.Cells, used)
		if from != "" {
			from = "<- " + from
		}
		t.w.line("  %s", strings.TrimRight(pad(f.name, 16)+" "+pad(t.value(f), 32)+" "+from, " "))
	}
	var rest []string
	for _, c := range one.Cells {
		if !used[c.Column] {
			rest = append(rest, c.Label+" "+quoted(c.Value))
		}
	}
	if len(rest) > 0 {
		word := "not used"
		if raw == nil {
			word = "read"
		}
		t.w.line("  %s %s", pad(word, 16), strings.Join(rest, ", "))
	}
}

type field struct{ name, value string }

// fieldsOf takes a record apart, its attributes one by one.
func fieldsOf(raw []byte) (out []field) {
	if raw == nil {
		return nil
	}
	dec := jsontext.NewDecoder(bytes.NewReader(raw))
	if _, err := dec.ReadToken(); err != nil {
		return nil
	}
	for dec.PeekKind() == '"' {
		name, err := dec.ReadToken()
		if err != nil {
			return out
		}
		key := name.String()
		value, err := dec.ReadValue()
		if err != nil {
			return out
		}
		if key == "attributes" {
			for _, a := range fieldsOf(value) {
				out = append(out, field{"attributes." + a.name, a.value})
			}
			continue
		}
		out = append(out, field{key, string(value)})
	}
	return out
}

// value shows times in the zone of the files and leaves out what only this process could
// make.
func (t *trial) value(f field) string {
	text := f.value
	if s, err := jsontext.AppendUnquote(nil, f.value); err == nil {
		text = string(s)
	}
	switch {
	case f.name == "caller_hash" || f.name == "caller_sealed" || f.name == "attributes.caller_hash_previous":
		return "(kept, under the centre's key)"
	case strings.HasSuffix(f.name, "_at") || f.name == "since":
		if at, err := time.Parse(time.RFC3339, text); err == nil {
			return at.In(t.zone).Format("2006-01-02 15:04:05.999 Z07:00")
		}
	}
	return printable([]byte(text))
}

// from is the columns that a field came from, with their values.
func (t *trial) from(name string, cells []source.Cell, used map[string]bool) string {
	want := strings.TrimSuffix(name, "_seconds")
	switch name {
	case "call_id":
		want = "identity"
	case "caller_hash", "caller_masked", "caller_sealed":
		want = "caller"
	case "excluded":
		want = "outcome"
	}
	var parts []string
	for _, m := range t.src.Mapping() {
		if m.Field != want && m.Field != name {
			continue
		}
		for _, c := range cells {
			if slices.Contains(m.Columns, c.Column) {
				used[c.Column] = true
				if part := c.Label + " " + quoted(c.Value); !slices.Contains(parts, part) {
					parts = append(parts, part)
				}
			}
		}
	}
	return strings.Join(parts, ", ")
}

func quoted(s string) string { return "\"" + printable([]byte(s)) + "\"" }

// pad fills up to a width as a terminal shows it: Chinese takes two places.
func pad(s string, width int) string { return runewidth.FillRight(s, width) }

func (t *trial) summary() {
	more := ""
	if t.read == tryMost {
		more = ", the first ones of the file"
	}
	t.w.line("%d rows%s: %d accepted, %d ignored, %d rejected", t.read, more, t.accepted, sum(t.ignored), sum(t.rejected))
	for _, part := range []struct {
		word string
		met  map[string]*met
	}{{"ignored", t.ignored}, {"rejected", t.rejected}} {
		names := slices.SortedFunc(maps.Keys(part.met), func(a, b string) int {
			if n := part.met[b].count - part.met[a].count; n != 0 {
				return n
			}
			return strings.Compare(a, b)
		})
		for i, name := range names {
			if i == 20 {
				t.w.line("  %s for %d more reasons", part.word, len(names)-i)
				break
			}
			t.w.line("  %-8s %7d  %s (first in line %d)", part.word, part.met[name].count, part.met[name].said, part.met[name].first)
		}
	}
	if t.read == 0 {
		t.w.line("The file has no rows below its header.")
	}
}

func sum(m map[string]*met) int {
	n := 0
	for _, one := range m {
		n += one.count
	}
	return n
}
