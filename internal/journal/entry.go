package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hotline12333/internal/refusal"
)

// Kind says what an entry is, and so what its body holds.
type Kind string

// The kinds.
const (
	KindValue        Kind = "value"         // [Value], by the code of an indicator and a period
	KindDeviation    Kind = "deviation"     // [Deviation], by the code of an indicator and a period
	KindDefinition   Kind = "definition"    // [Confirmation], by the name of a definition and the day it holds from
	KindControlTotal Kind = "control_total" // [ControlTotal], by who counted and a day
	KindOutage       Kind = "outage"        // [Outage], by an id
	KindMaintenance  Kind = "maintenance"   // [Maintenance], by an id
	KindShiftNote    Kind = "shift_note"    // [Handover], by [ShiftSubject] and a month
	KindLostCall     Kind = "lost_call"     // [CallBack], by a call
	KindClosing      Kind = "closing"       // [Closing], by [ClosingSubject] and a period
)

// Kinds lists all of them.
func Kinds() []Kind {
	return []Kind{
		KindValue, KindDeviation, KindDefinition, KindControlTotal, KindOutage,
		KindMaintenance, KindShiftNote, KindLostCall, KindClosing,
	}
}

// Slot is what entries take each other's place in: of one slot the newest holds.
type Slot struct {
	Kind    Kind
	Centre  string // empty: of the whole system
	Subject string
	Period  string // a name as kpi.ParsePeriod reads it; empty where time plays no part
}

func (s Slot) String() string {
	parts := []string{string(s.Kind), s.Subject}
	for _, p := range []string{s.Period, s.Centre} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, " ")
}

// Entry is what a person has entered.
type Entry struct {
	Slot

	ID        string    // a ULID
	Replaces  string    // ID of the slot's newest entry that the author had seen; empty: none
	At        time.Time // when it was entered, to the millisecond
	By        string    // who entered it
	Reason    string
	Evidence  string // a file, a document's number: where it can be looked up
	Withdrawn bool   // nothing holds in the slot from now on
	Body      json.RawMessage
}

// The longest texts, in bytes.
const (
	mostName = 200
	mostText = 64 << 10
)

// Validate names the first field that cannot be kept.
func (e *Entry) Validate() error {
	switch {
	case !slices.Contains(Kinds(), e.Kind):
		return fmt.Errorf("kind: %q is none of %v", e.Kind, Kinds())
	case e.Subject == "":
		return errors.New("subject: what the entry is about is missing")
	case strings.TrimSpace(e.By) == "":
		return refusal.Errorf("没有填报人", "by: who makes the entry is missing")
	case e.At.IsZero():
		return errors.New("at: when it was made is missing")
	case !json.Valid(e.Body):
		return errors.New("body: it is no JSON")
	}
	for _, f := range []struct {
		name, title, text string
		most              int
	}{
		{"centre", "中心", e.Centre, mostName},
		{"subject", "项目", e.Subject, mostName},
		{"period", "期间", e.Period, mostName},
		{"by", "填报人", e.By, mostName},
		{"reason", "理由或原因", e.Reason, mostText},
		{"evidence", "佐证材料", e.Evidence, mostText},
		{"body", "填报内容", string(e.Body), mostText},
	} {
		if len(f.text) > f.most {
			return refusal.Errorf("%[1]s过长:最多约 %[5]d 字", "%[2]s: it has %[3]d bytes, more than %[4]d", f.title, f.name, len(f.text), f.most, f.most/bytesPerHan)
		}
	}
	return nil
}

// Encode makes a body. The types of this package can always be encoded.
func Encode(body any) json.RawMessage {
	b, err := json.Marshal(body)
	if err != nil {
		return nil // which Validate refuses
	}
	return b
}

// Decode reads the body of an entry. Fields of a newer program are ignored.
func Decode[T any](e *Entry) (T, error) {
	var body T
	if err := json.Unmarshal(e.Body, &body); err != nil {
		return body, fmt.Errorf("entry %s (%s): %w", e.ID, e.Slot, err)
	}
	return body, nil
}

// Conflict says that an entry does not replace what holds: somebody was faster.
type Conflict struct {
	Slot     Slot
	Newest   *Entry // what holds; nil: nothing does, and never did
	Replaces string // what the refused entry was to replace
}

func (c *Conflict) Error() string { return c.refusal().Error() }

// Words say the same in both languages.
func (c *Conflict) Words() (zh, en string) { return c.refusal().Words() }

func (c *Conflict) refusal() *refusal.Error {
	if c.Newest == nil {
		return refusal.Errorf("此项已有变化:没有可替换的条目 %[2]s", "%[1]s: there is no entry %[2]s to replace", c.Slot, c.Replaces)
	}
	zh, en := "填报", "was entered"
	if c.Newest.Replaces != "" {
		zh, en = "更改", "was changed"
	}
	if c.Newest.Withdrawn {
		zh, en = "撤回", "was withdrawn"
	}
	return refusal.Errorf("未保存:此项已由 %[4]s 于 %[5]s %[3]s,请看最新内容后再决定",
		"%[1]s %[2]s by %[4]s at %[5]s (entry %[6]s): nothing was written; look at it, and name it as what yours replaces if it still should",
		c.Slot, en, zh, c.Newest.By, c.Newest.At.Format("2006-01-02 15:04:05 -07:00"), c.Newest.ID)
}
