package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/oklog/ulid/v2"

	"hotline12333/internal/journal"
	"hotline12333/internal/kpi"
	"hotline12333/internal/personal"
)

// EntryQuery selects entries of the journal; what is empty does not matter.
type EntryQuery struct {
	Kind    journal.Kind
	Centre  string
	Subject string
	Period  string
	Since   time.Time // entered at or after
}

// Entries returns the entries, in no order that means anything: journal.Histories sorts
// them by what replaced what.
func (s *Store) Entries(ctx context.Context, q EntryQuery) ([]journal.Entry, error) {
	var where []string
	for _, f := range []struct{ column, value string }{
		{"kind", string(q.Kind)}, {"centre", q.Centre}, {"subject", q.Subject}, {"period", q.Period},
	} {
		if f.value != "" {
			where = append(where, f.column+" = "+quote(f.value))
		}
	}
	if !q.Since.IsZero() {
		where = append(where, fmt.Sprintf("at >= fromUnixTimestamp64Milli(%d, 'UTC')", q.Since.UnixMilli()))
	}
	return s.entries(ctx, where)
}

func (s *Store) slotEntries(ctx context.Context, slot journal.Slot) ([]journal.Entry, error) {
	return s.entries(ctx, []string{
		"kind = " + quote(string(slot.Kind)), "centre = " + quote(slot.Centre),
		"subject = " + quote(slot.Subject), "period = " + quote(slot.Period),
	})
}

func (s *Store) entries(ctx context.Context, where []string) ([]journal.Entry, error) {
	// FINAL: an insert that was repeated is one entry.
	sql := fmt.Sprintf("SELECT toString(kind), toString(centre), subject, period, id, replaces, toUnixTimestamp64Milli(at), `by`, reason, evidence, withdrawn, body\nFROM %s FINAL",
		s.table(tableJournal))
	if len(where) > 0 {
		sql += " WHERE " + strings.Join(where, " AND ")
	}
	sql += " ORDER BY kind, centre, subject, period, id"
	return collect(ctx, s, "journal", sql, func(rows driver.Rows, e *journal.Entry) error {
		var kind, body string
		var at int64
		err := rows.Scan(&kind, &e.Centre, &e.Subject, &e.Period, &e.ID, &e.Replaces, &at, &e.By, &e.Reason, &e.Evidence, &e.Withdrawn, &body)
		e.Kind, e.At, e.Body = journal.Kind(kind), fromMillis(at), json.RawMessage(body)
		return err
	})
}

// Confirmed returns the confirmations of definitions that hold, by definition and day.
func (s *Store) Confirmed(ctx context.Context) ([]kpi.Confirmed, error) {
	list, err := s.Entries(ctx, EntryQuery{Kind: journal.KindDefinition})
	if err != nil {
		return nil, err
	}
	var out []kpi.Confirmed
	for _, h := range journal.Histories(list) {
		e := h.Holds()
		if e == nil || e.Centre != "" { // definitions are the whole system's
			continue
		}
		c, err := journal.Decode[journal.Confirmation](e)
		if err != nil {
			return nil, err
		}
		out = append(out, kpi.Confirmed{
			Name: e.Subject, Version: c.Version, From: c.From, By: e.By, Reason: e.Reason, Document: e.Evidence, At: e.At,
		})
	}
	return out, nil
}

// tokensTried is how many tokens AppendEntry tries; each is lost only by a crash in the
// middle of an insert.
const tokensTried = 10

// AppendEntry writes an entry and returns it as it is kept: with its id, and without
// the numbers of persons that stood in its texts. Replaces must name the newest entry of
// the slot, or nothing where there is none; otherwise, and when somebody else is faster,
// the error is a *journal.Conflict and nothing is written. An entry that has been
// returned is durable.
//
// ClickHouse has no conditional insert, so two who write at the same time are told apart
// by the deduplication token: it is made of the slot and of what is replaced, and of the
// inserts with one token the server keeps the first. What was kept is read back. A crash
// of a single server in the middle of an insert may use a token up without its row; then
// nothing is read back, by anybody, and the next token decides.
func (s *Store) AppendEntry(ctx context.Context, e journal.Entry) (journal.Entry, error) {
	if err := prepareEntry(&e); err != nil {
		return journal.Entry{}, err
	}
	token := entryToken(&e)
	var conflict error
	try := 0
	err := s.repeat(ctx, "append_entry", func() error {
		for {
			list, err := s.slotEntries(ctx, e.Slot)
			if err != nil {
				return err
			}
			written, refused := placeOf(&e, list)
			if written || refused != nil {
				conflict = refused
				return nil
			}
			if try >= tokensTried {
				return &Error{Statement: "append_entry", Class: ClassSchema, Err: fmt.Errorf("%d inserts were acknowledged and none was kept", try)}
			}
			if err := s.insertEntry(ctx, token+"/"+strconv.Itoa(try), &e); err != nil {
				return err // its outcome is unknown: the same token again
			}
			try++
		}
	})
	if err != nil {
		return journal.Entry{}, err
	}
	if conflict != nil {
		return journal.Entry{}, conflict
	}
	return e, nil
}

// placeOf says whether the entry stands in its slot's history already, and otherwise what
// keeps it from being added.
func placeOf(e *journal.Entry, list []journal.Entry) (written bool, conflict error) {
	var newest *journal.Entry
	for _, h := range journal.Histories(list) { // of one slot there is one, or none
		if slices.ContainsFunc(h.Entries, func(o journal.Entry) bool { return o.ID == e.ID }) {
			return true, nil
		}
		newest = h.Newest()
	}
	if newest == nil && e.Replaces == "" || newest != nil && newest.ID == e.Replaces {
		return false, nil
	}
	return false, &journal.Conflict{Slot: e.Slot, Newest: newest, Replaces: e.Replaces}
}

func (s *Store) insertEntry(ctx context.Context, token string, e *journal.Entry) error {
	return s.insert(ctx, token, insertion{
		table: tableJournal, once: true, rows: 1,
		columns: []columnDef{
			{"kind", "String"},
			{"centre", "String"},
			{"subject", "String"},
			{"period", "String"},
			{"id", "String"},
			{"replaces", "String"},
			{"at", "DateTime64(3, 'UTC')"},
			{"by", "String"},
			{"reason", "String"},
			{"evidence", "String"},
			{"withdrawn", "Bool"},
			{"body", "String"},
		},
		values: []any{
			[]string{string(e.Kind)},
			[]string{e.Centre},
			[]string{e.Subject},
			[]string{e.Period},
			[]string{e.ID},
			[]string{e.Replaces},
			[]int64{millis(e.At)},
			[]string{e.By},
			[]string{e.Reason},
			[]string{e.Evidence},
			[]bool{e.Withdrawn},
			[]string{string(e.Body)},
		},
	})
}

// entryToken names the place that an entry wants: after what it replaces, in its slot.
func entryToken(e *journal.Entry) string {
	h := sha256.New()
	for _, part := range []string{string(e.Kind), e.Centre, e.Subject, e.Period, e.Replaces} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return tableJournal + ":" + hex.EncodeToString(h.Sum(nil)[:16])
}

// prepareEntry gives an entry its id and takes the numbers of persons out of its texts.
func prepareEntry(e *journal.Entry) error {
	if e.Body == nil {
		e.Body = json.RawMessage("{}")
	}
	e.At = fromMillis(millis(e.At)) // as it is read back
	if err := e.Validate(); err != nil {
		return fmt.Errorf("the entry cannot be kept: %w", err)
	}
	for _, text := range []*string{&e.By, &e.Reason, &e.Evidence} {
		*text = personal.Scrub(strings.TrimSpace(*text))
	}
	body, err := scrubJSON(e.Body)
	if err != nil {
		return fmt.Errorf("the entry cannot be kept: body: %w", err)
	}
	e.Body = body
	if e.ID == "" {
		id, err := ulid.New(ulid.Timestamp(e.At), ulid.DefaultEntropy())
		if err != nil {
			return fmt.Errorf("making the id of an entry: %w", err)
		}
		e.ID = id.String()
	}
	return nil
}

// scrubJSON scrubs the texts of a document, and leaves its keys and numbers.
func scrubJSON(body json.RawMessage) (json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		return nil, err
	}
	return json.Marshal(scrubTree(tree))
}

func scrubTree(v any) any {
	switch v := v.(type) {
	case string:
		return personal.Scrub(v)
	case []any:
		for i := range v {
			v[i] = scrubTree(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = scrubTree(v[k])
		}
	}
	return v
}
