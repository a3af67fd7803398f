package store_test

import (
	"testing"

	"hotline12333/internal/testkit"
)

func TestPing(t *testing.T) {
	s := testkit.Store(t)
	if err := s.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	have, want, err := s.SchemaVersion(t.Context())
	if err != nil || have != want || have == 0 {
		t.Fatal(have, want, err)
	}
}
