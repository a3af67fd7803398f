package simulate

import (
	"bufio"
	"fmt"
	"io"
	"iter"

	"hotline12333/internal/wire"
)

// WriteNDJSON writes the calls as lines of canonical JSON and returns how many.
func WriteNDJSON(w io.Writer, events iter.Seq2[Event, error]) (int, error) {
	out := bufio.NewWriterSize(w, 1<<16)
	var line []byte
	n := 0
	for e, err := range events {
		if err != nil {
			return n, fmt.Errorf("simulating: %w", err)
		}
		line = append(wire.AppendCall(line[:0], e.Call), '\n')
		if _, err := out.Write(line); err != nil {
			return n, fmt.Errorf("writing call %d: %w", n+1, err)
		}
		n++
	}
	if err := out.Flush(); err != nil {
		return n, fmt.Errorf("writing calls: %w", err)
	}
	return n, nil
}
