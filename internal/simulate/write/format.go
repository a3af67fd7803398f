package write

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/simulate"
)

// Format is one format of the sources, from the writing side.
type Format struct {
	Name  string // also that of the source that reads it
	Title string
	File  string // the name such a file usually has

	// Cannot says, a sentence each, what a file of this format cannot tell of the hotline.
	Cannot []string
	// Can are the capabilities of the source: figures that need another are not connected.
	Can []kpi.Capability
	// Versions says that a record may stand in the file in several versions, in any order
	// and several times. Other files are logs: what happened stands in them once.
	Versions bool
	// States says that the log has lines about agents: let the simulation tell of them.
	States bool

	callers func(*simulate.Event) bool // whether the file names the caller; nil: of every call
	carry   func(*simulate.Event) *hotline.Call
	settle  func(map[string]*hotline.Call) // nil: nothing that only the whole file shows
	open    func(io.Writer, Options) Writer
}

// Record is the name of the format that is the call record itself.
const Record = "hotline-record"

// Options say how a file is written.
type Options struct {
	Zone *time.Location // of local times
}

// Writer writes one file. Close writes what is still held back, not the underlying file.
type Writer interface {
	Write(*simulate.Event) error
	Close() error
}

// Formats are all of them, in the order of their names.
func Formats() []*Format {
	list := []*Format{
		record(), genericCSV(), workbook(), queueLog(), cdr(), cel(), freeSwitchJSON(), freeSwitchCSV(), connect(),
	}
	slices.SortFunc(list, func(a, b *Format) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// Named finds a format.
func Named(name string) (*Format, error) {
	for _, f := range Formats() {
		if f.Name == name {
			return f, nil
		}
	}
	return nil, fmt.Errorf("format %q is not known; known: %s", name, strings.Join(Names(), ", "))
}

// Names of all formats.
func Names() []string {
	var names []string
	for _, f := range Formats() {
		names = append(names, f.Name)
	}
	return names
}

// Open begins a file.
func (f *Format) Open(w io.Writer, o Options) Writer {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	return f.open(w, o)
}

// capabilities are Can, never nil.
func (f *Format) capabilities() []kpi.Capability { return append([]kpi.Capability{}, f.Can...) }

// Carry is the call as a reader of the format knows it at best, or nil where the format
// has no trace of it. Counting what Carry gives is the truth of the format.
func (f *Format) Carry(e *simulate.Event) *hotline.Call {
	if e.Call == nil {
		return nil
	}
	c := f.carry(e)
	if c != nil {
		c.Source = f.Name
	}
	return c
}

// second cuts a time to the second, as logs that know no parts of seconds do.
func second(t time.Time) time.Time { return t.Truncate(time.Second) }

// between is the time from one to another as a clock of whole seconds measures it.
func between(from, to time.Time) hotline.Span {
	return hotline.Millis(second(to).Sub(second(from)).Milliseconds())
}

// whole is between as a number of seconds.
func whole(from, to time.Time) int64 { return between(from, to).Millis / 1000 }
