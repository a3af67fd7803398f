package app

import (
	"strings"
	"testing"
	"time"

	"hotline12333/internal/config"
)

// What is said of a calendar that ends depends on how near that is.
func TestCalendarsAreLookedAt(t *testing.T) {
	for now, want := range map[string]struct {
		says       string
		fault      bool // of doctor
		notes, err bool // of config --check
	}{
		"2025-06-01T00:00:00+08:00": {"cn-2026: days of 2025, 2026", false, false, false},
		"2026-06-01T00:00:00+08:00": {"has no days of 2027", false, true, false},
		"2026-11-30T23:59:59+08:00": {"has no days of 2027", false, true, false},
		"2026-12-01T00:00:00+08:00": {"has no days of 2027", true, true, false},
		"2026-12-31T23:59:59+08:00": {"has no days of 2027", true, true, false},
		"2027-01-01T00:00:00+08:00": {"has no days of 2027", true, false, true},
		"2031-01-01T00:00:00+08:00": {"has no days of 2031", true, false, true},
	} {
		at, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		cfg := config.DefaultRoot()
		cfg.Rules.Calendar = "cn-2026"
		found := lookCalendars(cfg, at)
		if len(found) != 1 {
			t.Fatalf("%s: %d findings", now, len(found))
		}
		text := found[0].say
		if found[0].err != nil {
			text = found[0].err.Error()
		}
		if !strings.Contains(text, want.says) || (found[0].err != nil && !found[0].note) != want.fault {
			t.Errorf("%s: doctor says %q, a fault %v", now, text, !found[0].note)
		}
		if notes, err := CheckFiles(cfg, at); (len(notes) > 0) != want.notes || (err != nil) != want.err {
			t.Errorf("%s: config --check notes %q, fails with %v", now, notes, err)
		}
	}
	// The default knows any year.
	if notes, err := CheckFiles(config.DefaultRoot(), time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)); len(notes) > 0 || err != nil {
		t.Errorf("the default: %q, %v", notes, err)
	}
}
