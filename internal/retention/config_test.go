package retention

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestConfigNamesTheFieldAtFault(t *testing.T) {
	t.Parallel()
	if err := DefaultConfig().Validate(); err != nil {
		t.Fatal(err)
	}
	const day = 24 * time.Hour
	for want, change := range map[string]func(*Config){
		"calls":          func(c *Config) { c.Calls = LeastCalls - 1 },
		"sealed_numbers": func(c *Config) { c.SealedNumbers = -1 },
		"supplements":    func(c *Config) { c.Supplements = time.Minute },
		"agent_states":   func(c *Config) { c.AgentStates = -day },
		"rejected":       func(c *Config) { c.Rejected = time.Hour },
		"topics":         func(c *Config) { c.Topics = time.Hour },
		"every":          func(c *Config) { c.Every = time.Second },
		"wait":           func(c *Config) { c.Wait = 0 },
	} {
		c := DefaultConfig()
		change(&c)
		if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error(), want+":") {
			t.Errorf("%s: %v", want, err)
		}
	}
	for _, tc := range []struct {
		c    Config
		want string
	}{
		{Config{}, ""},
		{Config{Topics: day}, ""},
		{Config{Calls: 40 * day}, "retention.topics"},
		{Config{Calls: 40 * day, Topics: 41 * day}, "retention.topics"},
		{Config{Calls: 40 * day, Topics: 40 * day}, "retention.rejected"},
		{Config{Calls: 40 * day, Topics: 40 * day, Rejected: 7 * day}, ""},
	} {
		if got := tc.c.Gap(); !strings.HasPrefix(got, tc.want) || tc.want == "" && got != "" {
			t.Errorf("%+v: %q, want %q", tc.c, got, tc.want)
		}
	}
}

// TestNumbersBefore: the term of a number ends with its last working day; the working days
// here are Monday to Friday, in UTC, of 2026.
func TestNumbersBefore(t *testing.T) {
	t.Parallel()
	term := func(t time.Time, n int) (time.Time, error) {
		day := t.UTC().Truncate(24 * time.Hour)
		for n > 0 {
			day = day.AddDate(0, 0, 1)
			if day.Weekday() != time.Saturday && day.Weekday() != time.Sunday {
				n--
			}
		}
		return day.AddDate(0, 0, 1), nil
	}
	at := func(s string) time.Time {
		v, err := time.Parse(time.DateTime, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	w := &Worker{cfg: Config{SealedNumbers: 5}, deps: Deps{AddWorkingDays: term}}
	for now, want := range map[string]string{
		"2026-03-10 00:00:00": "2026-03-02 23:45:00", // Monday's calls, on the Tuesday after the next Monday
		"2026-03-09 23:59:59": "2026-03-01 23:45:00",
		"2026-03-14 12:00:00": "2026-03-08 23:45:00",
		"2026-03-16 12:00:00": "2026-03-08 23:45:00", // the weekend's calls with Friday's
	} {
		got, waits, err := w.numbersBefore(at(now))
		if err != nil || waits != "" || !got.Equal(at(want)) {
			t.Errorf("at %s: before %s, %q, %v; want %s", now, got.Format(time.DateTime), waits, err, want)
		}
	}

	// The calendar ends with March.
	lacks := errors.New("add the file of April")
	w.deps.AddWorkingDays = func(t time.Time, n int) (time.Time, error) {
		end, err := term(t, n)
		if end.After(at("2026-04-01 00:00:00")) {
			return time.Time{}, lacks
		}
		return end, err
	}
	for now, want := range map[string]string{
		"2026-03-16 12:00:00": "2026-03-08 23:45:00",
		"2026-03-31 12:00:00": "2026-03-23 23:45:00",       // later terms end after now, whenever that is
		"2026-04-08 12:00:00": "2026-03-24 23:45:00 waits", // of later ones it cannot be told
		"2030-01-01 12:00:00": "2026-03-24 23:45:00 waits",
	} {
		before, waiting := strings.CutSuffix(want, " waits")
		got, waits, err := w.numbersBefore(at(now))
		if err != nil || !got.Equal(at(before)) || strings.Contains(waits, lacks.Error()) != waiting || !waiting && waits != "" {
			t.Errorf("at %s: before %s, %q, %v; want %s", now, got.Format(time.DateTime), waits, err, want)
		}
	}
	w.deps.AddWorkingDays = func(time.Time, int) (time.Time, error) { return time.Time{}, lacks }
	if _, _, err := w.numbersBefore(at("2026-03-16 12:00:00")); !errors.Is(err, lacks) {
		t.Errorf("without any year: %v", err)
	}
	w.cfg.SealedNumbers = 0
	if got, _, err := w.numbersBefore(at("2026-03-16 12:00:00")); err != nil || !got.IsZero() {
		t.Errorf("for ever: before %s, %v", got, err)
	}
}
