package write

import (
	"bufio"
	"io"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/simulate"
	"hotline12333/internal/wire"
)

// record is the call record itself as lines of JSON.
func record() *Format {
	return &Format{
		Name: Record, Title: "the call record, one JSON object a line", File: "calls.ndjson",
		Cannot: []string{
			"Callers: the record has pseudonyms, and those need the keys of an intake. Repeat callers are not to be told.",
		},
		Can:      []kpi.Capability{kpi.CanRequests, kpi.CanIVR, kpi.CanQueueWait, kpi.CanRing, kpi.CanRatings, kpi.CanCallers},
		Versions: true,
		callers:  func(*simulate.Event) bool { return false },
		carry: func(e *simulate.Event) *hotline.Call {
			c := *e.Call
			return &c
		},
		open: func(w io.Writer, _ Options) Writer { return &recordWriter{out: bufio.NewWriterSize(w, 1<<16)} },
	}
}

type recordWriter struct {
	out  *bufio.Writer
	line []byte
}

func (w *recordWriter) Write(e *simulate.Event) error {
	if e.Call == nil {
		return nil
	}
	w.line = append(wire.AppendCall(w.line[:0], e.Call), '\n')
	_, err := w.out.Write(w.line)
	return err
}

func (w *recordWriter) Close() error { return w.out.Flush() }
