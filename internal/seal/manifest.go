package seal

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hotline12333/internal/refusal"
)

// Format is the version of the manifest. It rises when an older program could not read a
// newer one's.
const Format = 1

// Manifest says what was handed in.
type Manifest struct {
	Format   int    `json:"format"`
	Sequence uint64 `json:"sequence"` // in the chain, from 1
	Previous string `json:"previous"` // hash of the entry before; empty in the first
	ID       string `json:"id"`       // a ULID

	Centre   string    `json:"centre,omitempty"` // empty: the whole system
	Period   string    `json:"period"`           // as kpi.ParsePeriod reads it
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Zone     string    `json:"zone"`
	Revision int       `json:"revision"`           // 0: as first handed in; from 1 on 更正版
	Replaces string    `json:"replaces,omitempty"` // ID of the one before it
	Reason   string    `json:"reason,omitempty"`   // of a revision

	Preparer string `json:"preparer"` // 填报人
	Reviewer string `json:"reviewer"` // 复核人, another person
	Head     string `json:"head"`     // 负责人
	Actor    string `json:"actor"`    // who ran the command, and where: the audit log there has a line

	ClosedAt time.Time  `json:"closed_at"` // to the second
	AsOf     time.Time  `json:"as_of"`     // versions registered before it, by the store's clock, were counted
	DataTo   *time.Time `json:"data_to"`   // the latest instant any counted call tells of
	Draft    bool       `json:"draft"`     // definitions were not confirmed
	Program  string     `json:"program"`
	Answers  []Answer   `json:"answers"` // to the check list (关账清单)
	Parts    []Part     `json:"parts"`
}

// Answer is an item of the check list that was found, with why the period was closed all
// the same.
type Answer struct {
	Code   string `json:"code"`
	ZH     string `json:"zh"` // what was found
	EN     string `json:"en"`
	Reason string `json:"reason"`
}

// Part is some bytes by name: report.zh.xlsx, calls.tsv.gz.
type Part struct {
	Name   string `json:"name"`
	Length int64  `json:"length"`
	SHA256 string `json:"sha256"` // in hex
	Chunks uint32 `json:"chunks"` // they are kept in
}

// Entry is a manifest in the chain, with its bytes as they are kept.
type Entry struct {
	Manifest

	Text []byte // the manifest
	Hash string // SHA-256 of Text, in hex
}

// Validate names the first thing that keeps a period from being closed.
func (m *Manifest) Validate() error {
	for _, p := range []struct{ name, title, who string }{{"preparer", "填报人", m.Preparer}, {"reviewer", "复核人", m.Reviewer}, {"head", "负责人", m.Head}} {
		if strings.TrimSpace(p.who) == "" {
			return refusal.Errorf("没有%[1]s的姓名", "%[2]s: a name is needed", p.title, p.name)
		}
	}
	switch {
	case sameName(m.Preparer, m.Reviewer):
		return refusal.Errorf("填报人与复核人须为两人:本期由 %s 提交", "reviewer: %s has prepared the report: another person must review it", m.Reviewer)
	case m.Period == "" || !m.From.Before(m.To):
		return errors.New("period: it is missing")
	case m.Revision > 0 && strings.TrimSpace(m.Reason) == "":
		return refusal.Errorf("更正版须写明更正原因", "reason: a revision needs one")
	case (m.Revision > 0) != (m.Replaces != ""):
		return errors.New("replaces: a revision names what it replaces, and nothing else does")
	}
	for i, a := range m.Answers {
		if strings.TrimSpace(a.Reason) == "" {
			return refusal.Errorf("关账清单“%[3]s”没有说明", "answers[%[1]d]: %[2]s has no reason", i, a.Code, a.ZH)
		}
	}
	return nil
}

// sameName takes names for one person's whatever the spaces and the case.
func sameName(a, b string) bool {
	fold := func(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), "")) }
	return fold(a) == fold(b)
}

// Close makes the entry that follows the last one of the chain; nil begins it.
func Close(m Manifest, last *Entry) (*Entry, error) {
	m.Format, m.Sequence, m.Previous = Format, 1, ""
	if last != nil {
		m.Sequence, m.Previous = last.Sequence+1, last.Hash
	}
	if err := m.Validate(); err != nil {
		return nil, err
	}
	slices.SortFunc(m.Parts, func(a, b Part) int { return strings.Compare(a.Name, b.Name) })
	text, err := json.Marshal(&m)
	if err != nil {
		return nil, fmt.Errorf("writing the manifest: %w", err)
	}
	return Read(text)
}

// Read reads a manifest as it is kept.
func Read(text []byte) (*Entry, error) {
	e := &Entry{Text: text, Hash: hashOf(text)}
	if err := json.Unmarshal(text, &e.Manifest); err != nil {
		return nil, fmt.Errorf("the manifest cannot be read: %w", err)
	}
	if e.Format > Format {
		return nil, fmt.Errorf("the report of %s was closed by a newer hotline (format %d, this program knows %d): use the newer program", e.Period, e.Format, Format)
	}
	return e, nil
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Part finds a part by its name.
func (m *Manifest) Part(name string) (Part, bool) {
	i := slices.IndexFunc(m.Parts, func(p Part) bool { return p.Name == name })
	if i < 0 {
		return Part{}, false
	}
	return m.Parts[i], true
}

// Title is what an entry is called: 2026Q1, 2026Q1 更正版2 (revision 2).
func (m *Manifest) Title() string {
	title := m.Period
	if m.Centre != "" {
		title += " " + m.Centre
	}
	if m.Revision > 0 {
		title += fmt.Sprintf(" 更正版%d (revision %d)", m.Revision, m.Revision)
	}
	return title
}
