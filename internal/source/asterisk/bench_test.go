package asterisk_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"hotline12333/internal/source"
	"hotline12333/internal/wire"
)

// benchmark reads a log of many calls and encodes what it tells.
func benchmark(b *testing.B, name string) {
	in := inputs(b)[name]
	var data []byte
	for i := range 100 { // other calls, a hundred seconds later each time
		part := bytes.ReplaceAll(in.data, []byte("17000000"), fmt.Appendf(nil, "17%06d", i))
		data = append(append(data, bytes.ReplaceAll(part, []byte("17724420"), fmt.Appendf(nil, "17%06d", i))...), '\n')
	}
	lines := bytes.Count(data, []byte{'\n'})
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	n := 0
	var buf []byte
	for b.Loop() {
		s, err := in.o.Open(source.Options{Keys: fakeKeys{}, Zone: time.UTC, Source: "test"})
		if err != nil {
			b.Fatal(err)
		}
		err = s.Read(b.Context(), bytes.NewReader(data), source.Options{}, func(it *wire.Item) error {
			if it.Call != nil {
				buf = wire.AppendCall(buf[:0], it.Call)
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		n += lines
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "lines/s")
}

func BenchmarkQueueLog(b *testing.B) { benchmark(b, "asterisk-queue-log") }
func BenchmarkCDR(b *testing.B)      { benchmark(b, "asterisk-cdr") }
func BenchmarkCEL(b *testing.B)      { benchmark(b, "asterisk-cel") }
