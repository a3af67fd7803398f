package people_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hotline12333/internal/credential"
	"hotline12333/internal/web/people"
)

var now = time.Date(2026, 4, 1, 8, 0, 0, 0, time.UTC)

func added(t *testing.T, path string, p people.Person) (token string, made people.Person) {
	t.Helper()
	token, made, err := people.Add(t.Context(), path, p, now)
	if err != nil {
		t.Fatal(err)
	}
	return token, made
}

func TestSessions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "people.json")
	w := people.Watch(path)
	token, wang := added(t, path, people.Person{Name: "王芳", Role: people.Preparer, Expires: now.Add(30 * time.Hour)})
	_, wall := added(t, path, people.Person{Name: "大屏", Role: people.Viewer})
	if p, err := w.Find(token, now); err != nil || p.Name != "王芳" {
		t.Fatalf("%+v %v", p, err)
	}
	text, until := people.Session(&wang, now, 12*time.Hour)
	if strings.Contains(text, token) || strings.Contains(text, wang.SHA256) {
		t.Errorf("the session tells a secret: %s", text)
	}
	p, end, err := w.BySession(text, now.Add(11*time.Hour))
	if err != nil || p.ID != wang.ID || !end.Equal(until) {
		t.Errorf("%+v %v %v", p, end, err)
	}
	if _, _, err := w.BySession(text, now.Add(12*time.Hour)); !errors.Is(err, credential.ErrExpired) {
		t.Errorf("after its time: %v", err)
	}
	if _, _, err := w.BySession(text, now.Add(30*time.Hour)); !errors.Is(err, credential.ErrExpired) {
		t.Errorf("after the token's time: %v", err)
	}
	onWall, _ := people.Session(&wall, now, 12*time.Hour)
	if p, end, err := w.BySession(onWall, now.AddDate(1, 0, 0)); err != nil || p.ID != wall.ID || !end.IsZero() {
		t.Errorf("a viewer's: %v %v", end, err)
	}
	id, rest, _ := strings.Cut(text, ".")
	seconds, sum, _ := strings.Cut(rest, ".")
	_, wallSum, _ := strings.Cut(strings.TrimPrefix(onWall, wall.ID+"."), ".")
	for what, forged := range map[string]string{
		"longer": id + ".9999999999." + sum, "for ever": id + ".0." + sum, "another's": wall.ID + "." + seconds + "." + sum,
		"another's sum": id + ".0." + wallSum, "without a sum": id + "." + seconds + ".", "cut": id, "empty": "", "no id": ".0.x",
	} {
		if p, _, err := w.BySession(forged, now); !errors.Is(err, credential.ErrUnknown) || p != nil {
			t.Errorf("%s: %+v %v", what, p, err)
		}
	}
	if _, err := people.Revoke(t.Context(), path, "王芳", now); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.BySession(text, now); !errors.Is(err, credential.ErrRevoked) {
		t.Errorf("after the token was revoked: %v", err)
	}
}

func TestLogins(t *testing.T) {
	path := filepath.Join(t.TempDir(), "people.json")
	w := people.Watch(path)
	token, li := added(t, path, people.Person{Name: "李强", Role: people.Reviewer, Login: "liqiang"})
	if token != "" || li.SHA256 != "" {
		t.Errorf("who has a login has a token as well: %q", token)
	}
	if p, err := w.ByLogin("liqiang", now); err != nil || p.Name != "李强" {
		t.Errorf("%+v %v", p, err)
	}
	for _, login := range []string{"", "wang"} {
		if _, err := w.ByLogin(login, now); !errors.Is(err, credential.ErrUnknown) {
			t.Errorf("%q: %v", login, err)
		}
	}
	text, _ := people.Session(&li, now, time.Hour)
	if _, _, err := w.BySession(text, now); !errors.Is(err, credential.ErrUnknown) {
		t.Errorf("a session without a token to sign it: %v", err)
	}
	if _, _, err := people.Add(t.Context(), path, people.Person{Name: "李", Role: people.Viewer, Login: "liqiang"}, now); err == nil {
		t.Error("one login for two")
	}
}

func TestRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "people.json")
	for what, p := range map[string]people.Person{
		"no name": {Role: people.Viewer}, "spaces around": {Name: " 王 ", Role: people.Viewer}, "no role": {Name: "王"},
		"a role that is none": {Name: "王", Role: "boss"}, "a line break": {Name: "王\n芳", Role: people.Viewer},
		"a long name": {Name: strings.Repeat("王", 65), Role: people.Viewer}, "a login with a tab": {Name: "王", Role: people.Viewer, Login: "a\tb"},
	} {
		if _, _, err := people.Add(t.Context(), path, p, now); err == nil {
			t.Errorf("%s is taken", what)
		}
	}
}

// Nobody can prepare and review by their role alone, but for the administrator, who is held
// by the rule about names.
func TestRoles(t *testing.T) {
	for _, r := range people.Roles() {
		if r != people.Administrator && r.May(people.Enter) && r.May(people.Review) {
			t.Errorf("%s prepares and reviews", r)
		}
		if !r.May(people.See) {
			t.Errorf("%s sees nothing", r)
		}
	}
	if people.Role("").May(people.See) || people.Viewer.May(people.Trace) || len(people.Who(people.Enter)) != 2 {
		t.Error("a role may too much")
	}
}
