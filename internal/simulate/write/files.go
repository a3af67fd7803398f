package write

import (
	"bufio"
	"fmt"
	"io"
	"iter"

	"hotline12333/internal/simulate"
	"hotline12333/internal/wire"
)

// Names of the files beside that of the calls. Their lines are records of JSON.
const (
	TicketsFile     = "tickets.ndjson"
	AgentsFile      = "agents.ndjson"
	SupplementsFile = "supplements.ndjson"
	TruthFile       = "truth.json"
)

// Outputs are where the files go. Those that are nil are not written.
type Outputs struct {
	Calls, Tickets, Agents, Supplements io.Writer
}

// Copy writes events, with their stories, and returns how many calls' records.
func (f *Format) Copy(out Outputs, o Options, events iter.Seq2[simulate.Event, error]) (int, error) {
	main := f.Open(out.Calls, o)
	tickets, agents, supplements := newLines(out.Tickets), newLines(out.Agents), newLines(out.Supplements)
	n := 0
	for e, err := range events {
		if err != nil {
			return n, fmt.Errorf("simulating: %w", err)
		}
		switch {
		case e.Call != nil:
			n++
		case e.Ticket != nil:
			tickets.line(wire.AppendTicket(tickets.b[:0], e.Ticket))
		case e.Agent != nil:
			agents.line(wire.AppendAgentState(agents.b[:0], e.Agent))
		case e.Rating != nil:
			supplements.line(wire.AppendSupplement(supplements.b[:0], e.Rating))
		}
		if err := main.Write(&e); err != nil {
			return n, fmt.Errorf("writing %s, call %d: %w", f.Name, n, err)
		}
	}
	if err := main.Close(); err != nil {
		return n, fmt.Errorf("writing %s: %w", f.Name, err)
	}
	for _, l := range []*lines{tickets, agents, supplements} {
		if err := l.flush(); err != nil {
			return n, fmt.Errorf("writing the records beside the calls: %w", err)
		}
	}
	return n, nil
}

// lines writes to a file, or nowhere. The first error is kept by the buffer until flush.
type lines struct {
	out *bufio.Writer
	b   []byte
}

func newLines(w io.Writer) *lines {
	if w == nil {
		return &lines{}
	}
	return &lines{out: bufio.NewWriterSize(w, 1<<16)}
}

func (l *lines) line(b []byte) {
	l.b = append(b, '\n')
	if l.out != nil {
		_, _ = l.out.Write(l.b) // flush tells
	}
}

func (l *lines) flush() error {
	if l.out == nil {
		return nil
	}
	return l.out.Flush()
}
