package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"hotline12333/internal/hotline"
)

// CallerOf returns the pseudonyms that a call's newest version carries, and its sealed
// number where it has one. Found says whether the call is there, and not deleted.
func (s *Store) CallerOf(ctx context.Context, callID string) (pseudonyms []string, sealed string, found bool, err error) {
	type line struct{ hash, before, sealed string }
	sql := fmt.Sprintf("SELECT caller_hash, caller_before, caller_sealed FROM %s FINAL WHERE call_id = %s", s.table(tableCalls), quote(callID))
	list, err := collect(ctx, s, "caller_of", sql, func(rows driver.Rows, l *line) error { return rows.Scan(&l.hash, &l.before, &l.sealed) })
	for _, l := range list {
		found = true
		for _, p := range []string{l.hash, barePseudonym(l.before)} {
			if p != "" && !slices.Contains(pseudonyms, p) {
				pseudonyms = append(pseudonyms, p)
			}
		}
		sealed = l.sealed
	}
	return pseudonyms, sealed, found, err
}

func barePseudonym(caller string) string { return caller[strings.LastIndexByte(caller, '/')+1:] }

// SamePerson adds to pseudonyms those that calls carry beside them: in the overlap after a
// change of keys a call has two.
func (s *Store) SamePerson(ctx context.Context, pseudonyms []string) ([]string, error) {
	all := slices.Clone(pseudonyms)
	for n := 0; n < len(all); {
		n = len(all)
		in := quotedList(all)
		const before = "arrayElement(splitByChar('/', caller_before), -1)"
		sql := fmt.Sprintf("SELECT DISTINCT arrayJoin([caller_hash, %[2]s]) FROM %[1]s WHERE caller_before != '' AND (caller_hash IN (%[3]s) OR %[2]s IN (%[3]s))",
			s.table(tableCalls), before, in)
		more, err := collect(ctx, s, "same_person", sql, func(rows driver.Rows, p *string) error { return rows.Scan(p) })
		if err != nil {
			return nil, err
		}
		for _, p := range more {
			if !slices.Contains(all, p) && !hotline.IsErased(p) {
				all = append(all, p)
			}
		}
	}
	return all, nil
}

func quotedList(texts []string) string {
	quoted := make([]string, len(texts))
	for i, t := range texts {
		quoted[i] = quote(t)
	}
	return strings.Join(quoted, ", ")
}

// Held is what the store holds of one caller, each row as a JSON object of its columns.
type Held struct {
	Calls       []json.RawMessage `json:"calls"`
	Versions    []json.RawMessage `json:"versions"`
	CallerCalls []json.RawMessage `json:"caller_calls"`
	Supplements []json.RawMessage `json:"supplements"`
	Tickets     []json.RawMessage `json:"tickets"`
	Entered     []json.RawMessage `json:"entered"` // by people, about the calls
	CallIDs     []string          `json:"-"`       // of the calls
}

// Held returns all rows of the callers of the pseudonyms, as they are stored.
func (s *Store) Held(ctx context.Context, pseudonyms []string) (h Held, err error) {
	if len(pseudonyms) == 0 {
		return h, nil
	}
	in := quotedList(pseudonyms)
	bare := func(column string) string {
		return "arrayElement(splitByChar('/', " + column + "), -1) IN (" + in + ")"
	}
	whose := fmt.Sprintf("caller_hash IN (%s) OR %s", in, bare("caller_before"))
	sql := fmt.Sprintf("SELECT DISTINCT call_id FROM %s WHERE %s ORDER BY call_id", s.table(tableCalls), whose)
	h.CallIDs, err = collect(ctx, s, "held_calls", sql, func(rows driver.Rows, id *string) error { return rows.Scan(id) })
	if err != nil {
		return h, err
	}
	ids := quotedList(append(h.CallIDs, ""))
	ofCalls := "call_id IN (" + ids + ") AND call_id != ''"
	for _, part := range []struct {
		into                *[]json.RawMessage
		table, where, order string
	}{
		{&h.Calls, tableCalls, whose, "bucket, call_id"},
		{&h.Versions, tableVersions, bare("caller") + " OR " + bare("caller_before"), "call_id, version"},
		{&h.CallerCalls, tableCallers, bare("caller"), "bucket, call_id"},
		{&h.Supplements, tableSupplements, ofCalls, "call_id, kind, version"},
		{&h.Tickets, tableTickets, ofCalls, "bucket, ticket_id"},
		{&h.Entered, tableJournal, fmt.Sprintf("subject != '' AND subject IN (%[1]s) OR arrayExists(s -> s != '' AND s IN (%[1]s), extractAll(body, '\"([^\"]*)\"'))", ids), "at, id"},
	} {
		sql := fmt.Sprintf("SELECT formatRowNoNewline('JSONEachRow', *) FROM %s FINAL WHERE %s ORDER BY %s", s.table(part.table), part.where, part.order)
		rows, err := collect(ctx, s, "held_"+part.table, sql, func(rows driver.Rows, row *string) error { return rows.Scan(row) })
		if err != nil {
			return h, err
		}
		for _, r := range rows {
			*part.into = append(*part.into, json.RawMessage(r))
		}
	}
	return h, nil
}

// ForgetReplacements blanks what the erased are called instead, in the rows that were not
// merged yet too, and returns when it is nowhere in the list.
func (s *Store) ForgetReplacements(ctx context.Context, list []Erasure) error {
	blank := slices.Clone(list)
	var which []string
	for i := range blank {
		blank[i].Replacement = ""
		which = append(which, fmt.Sprintf("(%s, %d)", quote(blank[i].Caller), bound(blank[i].Until)))
	}
	if len(blank) == 0 {
		return nil
	}
	if err := s.AddErasures(ctx, blank); err != nil {
		return err
	}
	_, err := s.remove(ctx, tableErased, fmt.Sprintf("replacement != '' AND (toString(caller), toUnixTimestamp(until)) IN (%s)", strings.Join(which, ", ")))
	return err
}
