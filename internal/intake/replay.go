package intake

import (
	"context"
	"fmt"

	"hotline12333/internal/broker"
	"hotline12333/internal/deadletter"
	"hotline12333/internal/wire"
)

// Row is a rejected row, opened, with what is needed to read it again.
type Row struct {
	Source  string
	Raw     []byte
	Columns []string          // of the header it stood below; nil where there was none
	Context map[string]string // of the import's [Job]
}

// Replay takes a rejected row through its source once more and writes the call to Kafka,
// under the run and origin it had. The error says why the row is still no call.
func (im *Importer) Replay(ctx context.Context, l deadletter.Letter, read func(ctx context.Context, row Row, each func(*wire.Item) error) error) error {
	row := Row{Source: l.Source, Raw: l.Bytes}
	var err error
	if row.Columns, err = columnsOf(&l); err != nil {
		return err
	}
	if row.Context, err = contextOf(&l); err != nil {
		return err
	}
	var recs []broker.Record
	err = read(ctx, row, func(it *wire.Item) error {
		switch {
		case it.Rejected != nil:
			return fmt.Errorf("rejected again: %w", it.Rejected)
		case it.Call != nil:
			recs = append(recs, broker.Record{
				Key: []byte(it.Call.ID), Value: wire.AppendCall(nil, it.Call),
				Headers: []broker.Header{{Key: "run", Value: []byte(l.Run)}, {Key: "origin", Value: []byte(l.Origin)}},
			})
		}
		return nil // what the description now ignores needs no record
	})
	if err != nil {
		return err
	}
	if len(recs) == 0 {
		return nil
	}
	return im.produce(ctx, im.topics.Calls, recs)
}
