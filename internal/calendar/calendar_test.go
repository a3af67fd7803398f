package calendar

import (
	"strings"
	"testing"
	"time"
)

func TestAlwaysIsInService(t *testing.T) {
	for _, name := range []string{"", Always} {
		c, err := ByName(name)
		if err != nil || c.Name() != Always {
			t.Fatalf("%q: %v, %v", name, c, err)
		}
		// Any year, any hour: nobody has to add a file for it.
		for _, at := range []string{"1999-02-01T03:00:00Z", "2026-02-16T12:00:00Z", "2099-12-31T23:45:00Z"} {
			when, err := time.Parse(time.RFC3339, at)
			if err != nil {
				t.Fatal(err)
			}
			if !c.InService(when) {
				t.Errorf("%s is outside service hours", at)
			}
		}
	}
}

func TestUnknownCalendarIsNamed(t *testing.T) {
	_, err := ByName("cn-1999")
	if err == nil || !strings.Contains(err.Error(), "cn-1999") || !strings.Contains(err.Error(), Always) {
		t.Errorf("error %v, want the name and the known ones", err)
	}
}
