package store

import (
	"context"
	"fmt"
	"math"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// TopicEpoch returns the ordinal of the topic's incarnation, registering a new one. Ids
// get their epochs in the order in which they are first seen, from 0.
func (s *Store) TopicEpoch(ctx context.Context, topic, topicID string) (uint16, error) {
	known, next, err := s.epochs(ctx, topic)
	if err != nil {
		return 0, err
	}
	if epoch, ok := known[topicID]; ok {
		return epoch, nil
	}
	if next > math.MaxUint16 {
		return 0, fmt.Errorf("topic %s has been made again %d times: no epoch is left", topic, next)
	}
	err = s.insert(ctx, "", insertion{
		table:   tableEpochs,
		columns: []columnDef{{"topic", "String"}, {"topic_id", "String"}, {"epoch", "UInt16"}},
		values:  []any{[]string{topic}, []string{topicID}, []uint16{uint16(next)}},
		rows:    1,
	})
	if err != nil {
		return 0, err
	}
	// Read again: another process may have registered the same id at the same moment.
	known, _, err = s.epochs(ctx, topic)
	if err != nil {
		return 0, err
	}
	epoch, ok := known[topicID]
	if !ok {
		return 0, &Error{Statement: "epochs", Class: ClassRetry, Err: fmt.Errorf("the epoch of topic %s was written and is not seen yet", topic)}
	}
	return epoch, nil
}

func (s *Store) epochs(ctx context.Context, topic string) (known map[string]uint16, next int, err error) {
	type line struct {
		id    string
		epoch uint16
	}
	// Not FINAL: of two rows for one id both count, and the smaller one holds.
	sql := fmt.Sprintf("SELECT topic_id, min(epoch) FROM %s WHERE topic = %s GROUP BY topic_id", s.table(tableEpochs), quote(topic))
	list, err := collect(ctx, s, "epochs", sql, func(rows driver.Rows, l *line) error { return rows.Scan(&l.id, &l.epoch) })
	if err != nil {
		return nil, 0, err
	}
	known = make(map[string]uint16, len(list))
	for _, l := range list {
		known[l.id] = l.epoch
		next = max(next, int(l.epoch)+1)
	}
	return known, next, nil
}
