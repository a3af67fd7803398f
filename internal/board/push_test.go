package board

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
)

func push(t *testing.T, c *Client, force bool) []Status {
	t.Helper()
	all, err := c.Push(t.Context(), force)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 4 {
		t.Fatalf("%d dashboards", len(all))
	}
	return all
}

func diff(t *testing.T, c *Client) map[string]Status {
	t.Helper()
	all, err := c.Diff(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]Status)
	for _, s := range all {
		out[s.UID] = s
	}
	return out
}

// firstPanel is the first one that is no heading.
func firstPanel(content object) object { return content["panels"].([]any)[1].(object) }

func TestPushTwiceChangesNothing(t *testing.T) {
	for _, version := range []string{"9.3.2", "13.2.3+security-01", ""} {
		g := newGrafana(t)
		g.version, g.numbers = version, version == "9.3.2"
		c := g.client(t)
		for _, s := range push(t, c, false) {
			if s.State != Missing || !s.Pushed {
				t.Errorf("%s: %s was %s, pushed: %v", version, s.UID, s.State, s.Pushed)
			}
		}
		if g.writes != 4 || g.folders[folderUID] != c.cfg.Folder {
			t.Errorf("%s: %d writes, folders %v", version, g.writes, g.folders)
		}
		for _, s := range push(t, c, false) {
			if s.State != Same || s.Pushed || len(s.Differences) > 0 {
				t.Errorf("%s: again: %s is %s, pushed: %v, %v", version, s.UID, s.State, s.Pushed, s.Differences)
			}
		}
		if g.writes != 4 {
			t.Errorf("%s: pushing again wrote %d times", version, g.writes-4)
		}
	}
}

func TestSavedWithoutChangeIsTheSame(t *testing.T) {
	g := newGrafana(t)
	c := g.client(t)
	push(t, c, false)
	g.edit(t, "hotline-supervisor", nil)
	for uid, s := range diff(t, c) {
		if s.State != Same {
			t.Errorf("%s: %s, %v", uid, s.State, s.Differences)
		}
	}
}

func TestEditedIsShownAndKept(t *testing.T) {
	for name, change := range map[string]struct {
		edit  func(content object)
		where string
	}{
		"threshold": {func(d object) {
			for _, p := range d["panels"].([]any) {
				if p.(object)["type"] == "gauge" {
					steps := p.(object)["fieldConfig"].(object)["defaults"].(object)["thresholds"].(object)["steps"].([]any)
					steps[1].(object)["value"] = 0.5
					return
				}
			}
		}, "answer rate].fieldConfig.defaults.thresholds.steps[1].value: in Grafana 0.5, here 0.83"},
		"title": {func(d object) { firstPanel(d)["title"] = "x" }, `panels[数据截至 data to].title: in Grafana "x"`},
		"panel added": {func(d object) {
			d["panels"] = slices.Insert(d["panels"].([]any), 1, any(object{"id": 999.0, "type": "text", "title": "note"}))
		}, "panels[note]: only in Grafana"},
		"panel removed":   {func(d object) { d["panels"] = d["panels"].([]any)[:3] }, "missing in Grafana"},
		"field added":     {func(d object) { firstPanel(d)["transparent"] = true }, "transparent: only in Grafana: true"},
		"time of the day": {func(d object) { d["time"].(object)["from"] = "now-2d" }, "time.from"},
		"mark removed": {func(d object) {
			list := d["templating"].(object)["list"].([]any)
			d["templating"].(object)["list"] = slices.DeleteFunc(list, isMark)
			d["refresh"] = "1h"
		}, "refresh"},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGrafana(t)
			c := g.client(t)
			push(t, c, false)
			g.edit(t, "hotline-supervisor", change.edit)
			delete(g.dashboards, "hotline-history") // something to do besides
			s := diff(t, c)["hotline-supervisor"]
			if s.State != Edited || !slices.ContainsFunc(s.Differences, func(d Difference) bool { return strings.Contains(d.String(), change.where) }) {
				t.Errorf("%s, want %q in %v", s.State, change.where, s.Differences)
			}
			if !strings.Contains(s.Changed, "liqiang") {
				t.Errorf("changed by %q", s.Changed)
			}
			writes := g.writes
			all, err := c.Push(t.Context(), false)
			if !errors.Is(err, ErrEdited) || !strings.Contains(err.Error(), "--force") || len(all) != 4 {
				t.Errorf("pushing over it: %v", err)
			}
			if g.writes != writes {
				t.Error("something was stored")
			}
			push(t, c, true)
			for uid, s := range diff(t, c) {
				if s.State != Same {
					t.Errorf("after --force: %s is %s: %v", uid, s.State, s.Differences)
				}
			}
		})
	}
}

func TestOfAnotherVersionIsUpdated(t *testing.T) {
	g := newGrafana(t)
	c := g.client(t)
	push(t, c, false)
	g.edit(t, "hotline-pipeline", func(d object) {
		d["panels"] = d["panels"].([]any)[:5]
		if err := sign(d); err != nil { // as an older hotline would have
			t.Error(err)
		}
	})
	if s := diff(t, c)["hotline-pipeline"]; s.State != Outdated || len(s.Differences) == 0 {
		t.Errorf("%s, %v", s.State, s.Differences)
	}
	push(t, c, false)
	if s := diff(t, c)["hotline-pipeline"]; s.State != Same {
		t.Errorf("%s after the push", s.State)
	}
	// Another address of the board makes other dashboards, and no edited ones.
	c = g.client(t, func(cfg *Config) { cfg.BoardURL = "https://board.example.cn/12333/" })
	if s := diff(t, c)["hotline-pipeline"]; s.State != Outdated {
		t.Errorf("with another board_url: %s", s.State)
	}
	push(t, c, false)
	text, err := json.Marshal(g.dashboards["hotline-pipeline"].content)
	if err != nil || !strings.Contains(string(text), `"https://board.example.cn/12333"`) || strings.Contains(string(text), boardURL) {
		t.Errorf("the links lead elsewhere, %v", err)
	}
}

func TestMovedByHandIsKept(t *testing.T) {
	g := newGrafana(t)
	c := g.client(t)
	push(t, c, false)
	g.folders["mine"] = "Mine"
	g.dashboards["hotline-history"].folder = "mine"
	s := diff(t, c)["hotline-history"]
	if s.State != Edited || len(s.Differences) != 1 || s.Differences[0].String() != "folder: in Grafana mine, here hotline" {
		t.Errorf("%s %v", s.State, s.Differences)
	}
	if _, err := c.Push(t.Context(), false); !errors.Is(err, ErrEdited) {
		t.Errorf("pushing: %v", err)
	}
	push(t, c, true)
	if got := g.dashboards["hotline-history"].folder; got != folderUID {
		t.Errorf("in folder %s", got)
	}
}

// Somebody saves between the look and the push.
func TestEditedAtTheSameMoment(t *testing.T) {
	g := newGrafana(t)
	c := g.client(t)
	push(t, c, false)
	g.edit(t, "hotline-history", func(d object) {
		d["refresh"] = "5m"
		if err := sign(d); err != nil {
			t.Error(err)
		}
	})
	g.before = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPost {
			g.before = nil
			g.edit(t, "hotline-history", func(d object) { d["refresh"] = "10m" })
		}
		return false
	}
	_, err := c.Push(t.Context(), false)
	if err == nil || !strings.Contains(err.Error(), "somebody has changed it at this moment") {
		t.Errorf("pushing: %v", err)
	}
	if got := g.dashboards["hotline-history"].content["refresh"]; got != "10m" {
		t.Errorf("refresh is %v", got)
	}
}

func TestWhatGrafanaStoresIsReadBack(t *testing.T) {
	g := newGrafana(t)
	g.storing = func(content object) { delete(content, "annotations") }
	_, err := g.client(t).Push(t.Context(), false)
	if err == nil || !strings.Contains(err.Error(), "in another form than it was sent (annotations.list") && !strings.Contains(err.Error(), "annotations: missing") {
		t.Errorf("pushing: %v", err)
	}
}

// TestNotAllowedAndNotThere tells the two apart, for which Grafana has one answer.
func TestNotAllowedAndNotThere(t *testing.T) {
	g := newGrafana(t)
	c := g.client(t)
	push(t, c, false)
	for uid, d := range g.dashboards { // they can be found, and not be read
		g.before = func(w http.ResponseWriter, r *http.Request) bool {
			hidden := r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/"+uid)
			if hidden {
				g.absent(w, "")
			}
			return hidden
		}
		_, err := c.Diff(t.Context())
		if err == nil || !strings.Contains(err.Error(), "reading the dashboard "+uid+": the token may not do this") {
			t.Errorf("%s cannot be read: %v", uid, err)
		}
		before := d.version
		g.before = func(w http.ResponseWriter, r *http.Request) bool { // they can be neither found nor read
			switch {
			case r.URL.Query().Get("dashboardUIDs") == uid:
				answer(w, 200, []object{})
			case r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/"+uid):
				g.absent(w, "")
			default:
				return false
			}
			return true
		}
		if _, err := c.Push(t.Context(), false); err == nil || d.version != before {
			t.Errorf("%s, which is hidden, was overwritten: version %d after %d, %v", uid, d.version, before, err)
		}
	}
}

func TestCheck(t *testing.T) {
	g := newGrafana(t)
	c := g.client(t)
	found, err := c.Check(t.Context())
	if err != nil || found.Ready() || found.Folder != "" || found.Sources[0].State != SourceUnknown || found.Dashboards[0].State != Missing {
		t.Errorf("of an empty one: %+v, %v", found, err)
	}
	push(t, c, false)
	g.role = "Admin"
	if found, err = c.Check(t.Context()); err != nil || !found.Ready() || found.Version != "9.3.2" {
		t.Errorf("of a full one: %+v, %v", found, err)
	}
	g.sources[0]["type"], g.sources = "loki", g.sources[:1]
	found, err = c.Check(t.Context())
	if err != nil || found.Ready() || found.Sources[0].State != "of type loki" || found.Sources[1].State != SourceMissing {
		t.Errorf("with other sources: %+v, %v", found, err)
	}
}
