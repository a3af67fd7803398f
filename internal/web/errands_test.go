package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/callback"
	"hotline12333/internal/journal"
	"hotline12333/internal/kpi"
	"hotline12333/internal/seal"
	"hotline12333/internal/web/people"
)

// awaitingDesk knows what waits.
type awaitingDesk struct {
	Desk
	shifts   map[string]*journal.SignedHandover
	closings []journal.History
	sealed   []*seal.Entry
	err      error
}

func (d *awaitingDesk) Zone() *time.Location                      { return time.UTC }
func (d *awaitingDesk) Centres(context.Context) ([]string, error) { return nil, d.err }
func (d *awaitingDesk) Owed(context.Context) (callback.Figures, error) {
	return callback.Figures{}, d.err
}
func (d *awaitingDesk) Span(p string) (kpi.Span, error) { return kpi.ParsePeriod(p, time.UTC) }

func (d *awaitingDesk) PendingShifts(context.Context) (map[string]*journal.SignedHandover, error) {
	return d.shifts, d.err
}

func (d *awaitingDesk) Sealed(context.Context) ([]*seal.Entry, []kpi.Wording, error) {
	return d.sealed, nil, d.err
}

func (d *awaitingDesk) Entries(context.Context, []journal.Kind, string) ([]journal.History, error) {
	return d.closings, d.err
}

func submitted(centre, period, by string, withdrawn bool) journal.History {
	slot := journal.Slot{Kind: journal.KindClosing, Centre: centre, Subject: journal.ClosingSubject, Period: period}
	return journal.History{Slot: slot, Entries: []journal.Entry{{Slot: slot, ID: "1", By: by, At: noon, Withdrawn: withdrawn, Body: []byte("{}")}}}
}

// What waits is told to who can do it, and to nobody who has done their own part of it.
func TestErrandsAreTheirs(t *testing.T) {
	desk := &awaitingDesk{
		shifts: map[string]*journal.SignedHandover{
			"":   {Handover: journal.Handover{Outgoing: "王芳", HandedAt: noon}},
			"xy": {Handover: journal.Handover{Outgoing: "周萍", HandedAt: noon}},
		},
		closings: []journal.History{
			submitted("", "2025Q3", "李强", false), // sealed since
			submitted("", "2025Q4", "赵敏", false), submitted("xy", "2025Q4", "李强", true),
		},
		sealed: []*seal.Entry{{Manifest: seal.Manifest{Period: "2025Q3", ClosedAt: noon.Add(time.Hour)}}},
	}
	s, _ := served(t, nil)
	s.deps.Desk = desk
	s.hub.errands = newErrands(s.deps)
	s.hub.errands.look(t.Context())
	for who, want := range map[*visitor]string{
		{Name: "大屏", Role: people.Viewer}:                        "",
		{Name: "陈静", Role: people.Supervisor}:                    "shift 2 /shift",
		{Name: "王芳", Role: people.Supervisor}:                    "shift 1 /shift?centre=xy",
		{Name: "周萍", Role: people.Supervisor, Centre: "xy"}:      "",
		{Name: "陈静", Role: people.Supervisor, Centre: "xy"}:      "shift 1 /shift?centre=xy",
		{Name: "孙丽", Role: people.Preparer}:                      "shift 2 /shift, closing 1 /closing?centre=xy&period=2025Q4",
		{Name: "吴军", Role: people.Reviewer}:                      "closing 1 /closing?period=2025Q4",
		{Name: "赵敏", Role: people.Reviewer}:                      "",
		{Name: "吴军", Role: people.Reviewer, Centre: "elsewhere"}: "",
	} {
		var got []string
		for _, e := range s.menu(who) {
			if e.Waits > 0 {
				got = append(got, fmt.Sprintf("%s %d %s", e.Name, e.Waits, e.Path))
			}
		}
		if diff := cmp.Diff(want, strings.Join(got, ", ")); diff != "" {
			t.Errorf("%s %s %s (-want +got):\n%s", who.Name, who.Role, who.Centre, diff)
		}
	}
	// What cannot be read is no reason to forget it.
	desk.err = errors.New("no answer")
	s.hub.errands.look(t.Context())
	if got := s.hub.errands.of(&visitor{Name: "陈静", Role: people.Supervisor}); len(got) != 2 {
		t.Errorf("%d errands when the store does not answer, want those known before", len(got))
	}
}

// The menu tells it on every page, with words for who listens, and alone for a page that
// stays open; asking for that keeps no session going.
func TestMenuTellsErrands(t *testing.T) {
	s, file := served(t, func(c *Config) { c.LoopbackRole = "" })
	s.deps.Desk = &awaitingDesk{shifts: map[string]*journal.SignedHandover{"": {Handover: journal.Handover{Outgoing: "王芳", HandedAt: noon}}}}
	s.deps.Log = slog.New(slog.DiscardHandler)
	s.hub.errands = newErrands(s.deps)
	s.hub.errands.look(t.Context())
	_, p, err := people.Add(t.Context(), file, people.Person{Name: "陈静", Role: people.Supervisor}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	session, _ := people.Session(&p, time.Now().Add(-11*time.Hour), 12*time.Hour) // more than half over
	for lang, words := range map[string]string{"zh": "项等您处理", "en": "waiting for you"} {
		for _, path := range []string{"/api/menu?here=board&lang=" + lang, "/nothing?lang=" + lang} {
			w := asks(s, page0(path), "10.0.0.5", "Cookie", sessionCookie+"="+session)
			if body := w.Body.String(); !strings.Contains(body, `<b class="waits">1</b><span class="unseen"> `+words+`</span>`) {
				t.Errorf("%s: %d %s", path, w.Code, body)
			}
			renewed := strings.Contains(strings.Join(w.Header().Values("Set-Cookie"), ";"), sessionCookie)
			if renewed != !strings.HasPrefix(path, "/api/menu") {
				t.Errorf("%s: session renewed: %t", path, renewed)
			}
		}
	}
	if w := asks(s, page0("/api/menu"), "10.0.0.5"); w.Code != http.StatusUnauthorized {
		t.Errorf("the menu of nobody: %d", w.Code)
	}
}
