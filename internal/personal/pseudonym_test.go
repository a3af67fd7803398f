package personal_test

import (
	"fmt"
	"testing"

	"hotline12333/internal/keys"
	"hotline12333/internal/personal"
)

// Digits of a pseudonym are chance: under some keys hundreds of ten thousand callers have
// seven in a row.
func TestPseudonymsAreNoNumbers(t *testing.T) {
	for range 8 {
		kit, err := keys.Ephemeral()
		if err != nil {
			t.Fatal(err)
		}
		for i := range 500 {
			if hash := kit.Pseudonym(fmt.Sprintf("138%08d", i)); !personal.Keyed(hash) {
				t.Fatalf("%q is not of the form of a pseudonym", hash)
			}
		}
	}
	for _, s := range []string{
		"", "13812345678", "12345678", "12345678.", "12345678.90123456", "138123456.AAAAAAAAAAAAAAAAAAAAAA",
		"12345678.AAAAAAAAAAAAAAAAAAAAA ", "0x345678.AAAAAAAAAAAAAAAAAAAAAA",
	} {
		if personal.Keyed(s) {
			t.Errorf("%q passes for a pseudonym", s)
		}
	}
}
