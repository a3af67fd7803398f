package seal

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func manifest(period string, revision int) Manifest {
	m := Manifest{
		ID: period + "-" + strings.Repeat("r", revision), Period: period, Zone: "Asia/Shanghai", Revision: revision,
		From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC),
		Preparer: "王", Reviewer: "李", Head: "赵", Program: "v1",
		Answers: []Answer{{Code: "open_calls", ZH: "未办结1通", EN: "1 open call", Reason: "system fault"}},
		Parts:   []Part{{Name: "report.xlsx", Length: 3, SHA256: "ab", Chunks: 1}, {Name: "calls.tsv.gz"}},
	}
	if revision > 0 {
		m.Replaces, m.Reason = "x", "late records"
	}
	return m
}

func chain(t *testing.T, manifests ...Manifest) (rows []Row) {
	t.Helper()
	var last *Entry
	for _, m := range manifests {
		e, err := Close(m, last)
		if err != nil {
			t.Fatal(err)
		}
		rows, last = append(rows, e.Row()), e
	}
	return rows
}

func TestClose(t *testing.T) {
	rows := chain(t, manifest("2026Q1", 0), manifest("2026-04", 0), manifest("2026Q1", 1), manifest("2026Q1", 2))
	entries, faults := Chain([]Row{rows[2], rows[0], rows[3], rows[1]})
	if len(faults) != 0 || len(entries) != 4 {
		t.Fatalf("%d entries, %v", len(entries), faults)
	}
	sum := sha256.Sum256(rows[1].Text)
	if rows[1].Hash != hex.EncodeToString(sum[:]) || entries[2].Previous != rows[1].Hash || entries[0].Previous != "" || entries[3].Sequence != 4 {
		t.Errorf("the chain is %+v", entries)
	}
	if e := entries[0]; e.Parts[0].Name != "calls.tsv.gz" || e.Title() != "2026Q1" || entries[3].Title() != "2026Q1 更正版2 (revision 2)" {
		t.Errorf("%+v", e)
	}
	if p, ok := entries[0].Part("report.xlsx"); !ok || p.Length != 3 {
		t.Errorf("part %+v", p)
	}
	list := Of(entries, "", "2026Q1")
	if len(list) != 3 || list[0].Revision != 2 || list[2].Revision != 0 || len(Of(entries, "xianyang", "2026Q1")) != 0 || len(Of(entries, "", "2026")) != 0 {
		t.Errorf("of the quarter: %v", list)
	}
}

func TestCloseNeedsTwoPersons(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*Manifest)
		wants  string
	}{
		"no preparer":             {func(m *Manifest) { m.Preparer = " " }, "preparer"},
		"no reviewer":             {func(m *Manifest) { m.Reviewer = "" }, "reviewer"},
		"no head":                 {func(m *Manifest) { m.Head = "" }, "head"},
		"one person":              {func(m *Manifest) { m.Preparer, m.Reviewer = "Wang  Li", "wang li " }, "another person"},
		"no period":               {func(m *Manifest) { m.Period = "" }, "period"},
		"a period that ends":      {func(m *Manifest) { m.To = m.From }, "period"},
		"an answer without words": {func(m *Manifest) { m.Answers[0].Reason = " " }, "open_calls has no reason"},
		"a revision without":      {func(m *Manifest) { m.Revision, m.Replaces = 1, "x" }, "revision needs"},
		"a revision of nothing":   {func(m *Manifest) { m.Revision, m.Reason = 1, "late" }, "replaces"},
		"no revision of a thing":  {func(m *Manifest) { m.Replaces = "x" }, "replaces"},
	} {
		m := manifest("2026Q1", 0)
		tt.change(&m)
		if _, err := Close(m, nil); err == nil || !strings.Contains(err.Error(), tt.wants) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever is changed in any row, the chain tells where.
func TestChainTellsWhatWasChanged(t *testing.T) {
	rows := chain(t, manifest("2026Q1", 0), manifest("2026Q2", 0), manifest("2026Q3", 0))
	forged := func(r Row, m func(*Manifest)) Row {
		e, err := Read(r.Text)
		if err != nil {
			t.Fatal(err)
		}
		last := &Entry{Manifest: Manifest{Sequence: e.Sequence - 1}, Hash: e.Previous}
		if m(&e.Manifest); e.Sequence == 1 {
			last = nil
		}
		again, err := Close(e.Manifest, last)
		if err != nil {
			t.Fatal(err)
		}
		return again.Row() // with a hash that fits
	}
	for name, tt := range map[string]struct {
		change func([]Row) []Row
		at     []uint64
	}{
		"a letter of a manifest": {func(r []Row) []Row {
			r[1].Text = []byte(strings.Replace(string(r[1].Text), "system fault", "system fautl", 1))
			return r
		}, []uint64{2}},
		"a hash":                   {func(r []Row) []Row { r[1].Hash = r[0].Hash; return r }, []uint64{2, 3}},
		"the period beside it":     {func(r []Row) []Row { r[0].Period = "2025Q1"; return r }, []uint64{1}},
		"the revision beside it":   {func(r []Row) []Row { r[0].Revision++; return r }, []uint64{1}},
		"the centre beside it":     {func(r []Row) []Row { r[2].Centre = "x"; return r }, []uint64{3}},
		"a manifest with its hash": {func(r []Row) []Row { r[1] = forged(r[1], func(m *Manifest) { m.Preparer = "Zhou" }); return r }, []uint64{3}},
		"the first taken out":      {func(r []Row) []Row { return r[1:] }, []uint64{2, 2}},
		"one taken out":            {func(r []Row) []Row { return slices.Delete(r, 1, 2) }, []uint64{3, 3}},
		"one twice":                {func(r []Row) []Row { return append(r, r[1]) }, []uint64{2, 2}},
		"no manifest":              {func(r []Row) []Row { r[1].Text = nil; return r }, []uint64{2}},
	} {
		_, faults := Chain(tt.change(slices.Clone(rows)))
		var at []uint64
		for _, f := range faults {
			at = append(at, f.Sequence)
		}
		if diff := cmp.Diff(tt.at, at); diff != "" {
			t.Errorf("%s: %v %s", name, faults, diff)
		}
	}
	if entries, faults := Chain(nil); len(entries)+len(faults) != 0 {
		t.Error("an empty chain has faults")
	}
	newer := rows[0]
	newer.Text = []byte(strings.Replace(string(newer.Text), `"format":1`, `"format":2`, 1))
	if _, err := Read(newer.Text); err == nil || !strings.Contains(err.Error(), "newer") {
		t.Errorf("of a newer program: %v", err)
	}
}
