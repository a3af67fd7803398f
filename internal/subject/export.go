package subject

import (
	"context"
	"time"

	"hotline12333/internal/store"
)

// Export is what is held about one caller.
type Export struct {
	At         time.Time         `json:"exported_at"`
	CallID     string            `json:"named_by_call,omitempty"`
	Pseudonyms []string          `json:"pseudonyms"`
	ClickHouse store.Held        `json:"clickhouse"` // by table; masked and sealed as they are held
	Rejected   []Rejected        `json:"rejected"`
	Unread     int               `json:"rejected_unreadable"` // that were sealed for keys which are retired
	Kafka      []Log             `json:"kafka"`
	KeptFor    map[string]string `json:"kept_for"` // how long, by kind of data
}

// Rejected is a dead letter that holds the caller; hotline rejected show opens it.
type Rejected struct {
	ID     string    `json:"id"`
	At     time.Time `json:"rejected_at"`
	Reason string    `json:"reason"`
	Origin string    `json:"origin,omitempty"`
}

// Export gathers what is held about a caller.
func (d *Desk) Export(ctx context.Context, c Caller, now time.Time) (Export, error) {
	out := Export{At: now.UTC(), CallID: c.CallID, Pseudonyms: c.Pseudonyms, Rejected: []Rejected{}}
	var err error
	if out.ClickHouse, err = d.deps.Store.Held(ctx, c.Pseudonyms); err != nil {
		return out, err
	}
	letters, unread, err := d.letters(ctx, &c, out.ClickHouse.CallIDs)
	if err != nil {
		return out, err
	}
	for _, e := range letters {
		out.Rejected = append(out.Rejected, Rejected{ID: e.ID, At: e.At, Reason: string(e.Letter.Reason), Origin: e.Letter.Origin})
	}
	out.Unread = unread
	out.Kafka, err = d.logs(ctx, &c, out.ClickHouse.CallIDs)
	return out, err
}
