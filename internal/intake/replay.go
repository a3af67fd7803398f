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

// Replay takes a rejected row through its source once more and writes the record to Kafka,
// under the run and origin it had. The error says why the row is still no record.
func (im *Importer) Replay(ctx context.Context, l deadletter.Letter, read func(ctx context.Context, row Row, each func(*wire.Item) error) error) error {
	row := Row{Source: l.Source, Raw: l.Bytes}
	var err error
	if row.Columns, err = columnsOf(&l); err != nil {
		return err
	}
	if row.Context, err = contextOf(&l); err != nil {
		return err
	}
	all := make(map[Kind][]broker.Record)
	err = read(ctx, row, func(it *wire.Item) error {
		if it.Rejected != nil {
			return fmt.Errorf("rejected again: %w", it.Rejected)
		}
		if k := kindOf(it); k != "" { // what the description now ignores needs no record
			all[k] = append(all[k], broker.Record{
				Key: appendKey(nil, it), Value: appendValue(nil, it),
				Headers: []broker.Header{{Key: "run", Value: []byte(l.Run)}, {Key: "origin", Value: []byte(l.Origin)}},
			})
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, k := range Kinds() {
		if len(all[k]) == 0 {
			continue
		}
		if err := im.produce(ctx, im.topics.of(k), all[k]); err != nil {
			return err
		}
	}
	return nil
}
