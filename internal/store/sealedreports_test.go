package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/seal"
	"hotline12333/internal/store"
	"hotline12333/internal/testkit"
)

func sealedEntry(t *testing.T, period, id string, last *seal.Entry, parts ...seal.Part) *seal.Entry {
	t.Helper()
	e, err := seal.Close(seal.Manifest{
		ID: id, Period: period, Preparer: "王", Reviewer: "李", Head: "赵", Parts: parts,
		From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC),
	}, last)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestSealedPartsKeepTheirBytes(t *testing.T) {
	s, cfg := newStore(t)
	r := rand.NewChaCha8([32]byte{7})
	big := make([]byte, 9<<20+17) // more chunks than are read at a time
	if _, err := r.Read(big); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"big": big, "empty": nil, "whole": big[:1<<20], "text": []byte("it's \\ \x00 电话\r\n")} {
		w := s.SealPart(t.Context(), "id", name)
		for rest := content; len(rest) > 0; {
			n := min(len(rest), 700_001)
			if _, err := w.Write(rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		part, err := w.Close()
		if err != nil || part.Length != int64(len(content)) || part.Chunks != uint32((len(content)+1<<20-1)>>20) {
			t.Fatalf("%s: %+v, %v", name, part, err)
		}
		read := func() ([]byte, error) {
			var got []byte
			err := s.OpenSealed(t.Context(), "id", part, func(b []byte) error {
				got = append(got, b...)
				return nil
			})
			return got, err
		}
		if got, err := read(); err != nil || !bytes.Equal(got, content) {
			t.Fatalf("%s reads back as %d bytes, %v", name, len(got), err)
		}
		query(t, cfg, fmt.Sprintf("INSERT INTO {db}.sealed_parts VALUES ('id', '%s', %d, 'more')", name, part.Chunks))
		if _, err := read(); err == nil || !strings.Contains(err.Error(), "was changed") {
			t.Errorf("%s with something added: %v", name, err)
		}
	}
}

// Of those who close at the same time one is told that the report is sealed, and it is the
// one that stands in the chain.
func TestAppendSealedOnce(t *testing.T) {
	s := testkit.Store(t)
	var last *seal.Entry
	for round := range 3 {
		const writers = 8
		results := make([]error, writers)
		entries := make([]*seal.Entry, writers)
		var wg sync.WaitGroup
		for i := range writers {
			entries[i] = sealedEntry(t, fmt.Sprintf("2026Q%d", round+1), fmt.Sprint("writer-", round, "-", i), last)
			wg.Go(func() { results[i] = s.AppendSealed(t.Context(), entries[i]) })
		}
		wg.Wait()
		var won []*seal.Entry
		for i, err := range results {
			switch {
			case err == nil:
				won = append(won, entries[i])
			case !errors.Is(err, store.ErrSealed):
				t.Fatal(err)
			}
		}
		rows, err := s.SealedReports(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(won) != 1 || len(rows) != round+1 {
			t.Fatalf("round %d: %d have won, %d are kept", round, len(won), len(rows))
		}
		if diff := cmp.Diff(won[0].Row(), rows[round]); diff != "" {
			t.Fatal(diff)
		}
		if err := s.AppendSealed(t.Context(), won[0]); err != nil {
			t.Errorf("told again: %v", err)
		}
		last = won[0]
		if _, faults := seal.Chain(rows); len(faults) != 0 {
			t.Error(faults)
		}
	}
}
