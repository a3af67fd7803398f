package main

import (
	"strings"
	"testing"
)

// A day is one of the hotline's, wherever the machine stands: what was given is what is listed.
func TestExpiryIsADayOfTheHotline(t *testing.T) {
	w := newWorld(t) // whose machine is in UTC
	w.must("people", "add", "王芳", "--role", "viewer", "--expires", "2099-01-01")
	w.must("tokens", "add", "pbx", "--expires", "2099-01-01")
	for _, command := range []string{"people", "tokens"} {
		if out := w.must(command, "list"); !strings.Contains(out, " 2099-01-01 ") {
			t.Errorf("hotline %s list:\n%s", command, out)
		}
	}
	if out := w.with("publish.zone=Asia/Tokyo").must("people", "list"); !strings.Contains(out, " 2099-01-01 ") {
		t.Errorf("an hour east:\n%s", out)
	}
	if out := w.with("publish.zone=UTC").must("people", "list"); !strings.Contains(out, " 2098-12-31 ") {
		t.Errorf("it ends at midnight in Beijing, which in UTC is the day before:\n%s", out)
	}
}
