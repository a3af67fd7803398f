package board

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync"
	"testing"
	"time"
)

const testToken = "glsa_test_0123456789"

// grafana answers as Grafana's API does, as far as dashboards are concerned: statuses,
// messages and the checks of versions, names and folders are those of its source.
type grafana struct {
	*httptest.Server

	mu         sync.Mutex
	version    string
	role       string // of the token: Viewer, Editor or Admin
	numbers    bool   // it still gives folders and data sources numbers
	folders    map[string]string
	dashboards map[string]*held
	sources    []map[string]any
	writes     int

	before  func(w http.ResponseWriter, r *http.Request) bool // answers itself, when it returns true
	storing func(content object)                              // changes what is stored
}

type held struct {
	content     object
	version     int
	folder      string
	provisioned bool
}

func newGrafana(t *testing.T) *grafana {
	t.Helper()
	g := &grafana{
		version: "9.3.2", role: "Editor", numbers: true, folders: map[string]string{}, dashboards: map[string]*held{},
		sources: []map[string]any{
			{"id": 1, "uid": PrometheusUID, "type": PrometheusType, "name": "Prometheus (hotline)"},
			{"id": 2, "uid": ClickHouseUID, "type": ClickHouseType, "name": "ClickHouse (hotline)"},
		},
	}
	g.Server = httptest.NewServer(http.HandlerFunc(g.serve))
	t.Cleanup(g.Close)
	return g
}

// client is one that has the token.
func (g *grafana) client(t *testing.T, change ...func(*Config)) *Client {
	t.Helper()
	t.Setenv("HOTLINE_GRAFANA_TOKEN", testToken)
	cfg := DefaultConfig()
	cfg.URL, cfg.Timeout = g.URL, 5*time.Second
	for _, f := range change {
		f(&cfg)
	}
	c, err := NewClient(cfg, "test")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func answer(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v) // the client is in this process
}

func (g *grafana) serve(w http.ResponseWriter, r *http.Request) {
	if g.before != nil && g.before(w, r) {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case r.URL.Path == "/api/health":
		health := object{"commit": "", "database": "ok"}
		if g.version != "" {
			health["version"] = g.version
		}
		answer(w, 200, health)
	case r.Header.Get("Authorization") != "Bearer "+testToken:
		answer(w, 401, object{"message": "Invalid API key"})
	case r.URL.Path == "/api/datasources":
		if g.role != "Admin" {
			answer(w, 403, object{"accessErrorId": "ACE1", "message": "You'll need additional permissions to perform this action.", "title": "Access denied"})
			return
		}
		answer(w, 200, g.sources)
	case r.URL.Path == "/api/search":
		g.search(w, r)
	case strings.HasPrefix(r.URL.Path, "/api/folders"):
		g.folder(w, r)
	case r.URL.Path == "/api/dashboards/db" && r.Method == http.MethodPost:
		g.save(w, r)
	case strings.HasPrefix(r.URL.Path, "/api/dashboards/uid/"):
		g.get(w, path.Base(r.URL.Path))
	default:
		answer(w, 404, object{"message": "Not found"})
	}
}

func (g *grafana) folderJSON(uid string) object {
	f := object{"uid": uid, "title": g.folders[uid], "url": "/dashboards/f/" + uid + "/slug"}
	if g.numbers {
		f["id"] = 7
	}
	return f
}

func (g *grafana) folder(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		uid := path.Base(r.URL.Path)
		if _, ok := g.folders[uid]; !ok {
			g.absent(w, "folder not found")
			return
		}
		answer(w, 200, g.folderJSON(uid))
		return
	}
	var f struct{ UID, Title string }
	if err := json.NewDecoder(r.Body).Decode(&f); err != nil {
		answer(w, 400, object{"message": "bad request data"})
		return
	}
	for uid, title := range g.folders {
		if uid == f.UID || title == f.Title {
			answer(w, 409, object{"message": "a folder or dashboard in the general folder with the same name already exists"})
			return
		}
	}
	if g.role == "Viewer" {
		answer(w, 403, object{"message": "You'll need additional permissions to perform this action."})
		return
	}
	g.folders[f.UID] = f.Title
	answer(w, 200, g.folderJSON(f.UID))
}

// absent answers for what is not there: only those who may read everything are told so.
func (g *grafana) absent(w http.ResponseWriter, message string) {
	if g.role == "Admin" {
		answer(w, 404, object{"message": message, "status": "not-found"})
		return
	}
	answer(w, 403, object{"accessErrorId": "ACE2", "message": "You'll need additional permissions to perform this action. Permissions needed: dashboards:read", "title": "Access denied"})
}

// search lists what the token may see, which is everything but what is hidden.
func (g *grafana) search(w http.ResponseWriter, r *http.Request) {
	found := []object{}
	q := r.URL.Query()
	if q.Get("type") == "dash-folder" {
		for uid := range g.folders {
			found = append(found, object{"uid": uid, "type": "dash-folder"})
		}
	} else if uid := q.Get("dashboardUIDs"); g.dashboards[uid] != nil {
		found = append(found, object{"uid": uid, "type": "dash-db"})
	}
	answer(w, 200, found)
}

func (g *grafana) get(w http.ResponseWriter, uid string) {
	d := g.dashboards[uid]
	if d == nil {
		g.absent(w, "Dashboard not found")
		return
	}
	content := maps.Clone(d.content)
	content["id"], content["version"] = 42, d.version
	meta := object{
		"version": d.version, "slug": "slug", "folderTitle": "General", "folderUrl": "", "provisioned": d.provisioned,
		"created": "2026-01-02T03:04:05Z", "updated": "2026-01-02T03:04:05Z", "updatedBy": "liqiang", "createdBy": "sa-hotline",
	}
	if d.folder != "" {
		meta["folderUid"], meta["folderTitle"], meta["folderUrl"] = d.folder, g.folders[d.folder], "/dashboards/f/"+d.folder+"/slug"
	}
	answer(w, 200, object{"meta": meta, "dashboard": content})
}

func (g *grafana) save(w http.ResponseWriter, r *http.Request) {
	var cmd struct {
		Dashboard object `json:"dashboard"`
		FolderUID string `json:"folderUid"`
		Message   string `json:"message"`
		Overwrite bool   `json:"overwrite"`
	}
	if err := json.NewDecoder(r.Body).Decode(&cmd); err != nil {
		answer(w, 400, object{"message": "bad request data"})
		return
	}
	uid := fmt.Sprint(cmd.Dashboard["uid"])
	version, _ := cmd.Dashboard["version"].(float64)
	there := g.dashboards[uid]
	for other, d := range g.dashboards {
		if other != uid && d.folder == cmd.FolderUID && d.content["title"] == cmd.Dashboard["title"] && !cmd.Overwrite {
			answer(w, 412, object{"status": "name-exists", "message": "A dashboard with the same name in the folder already exists"})
			return
		}
	}
	switch {
	case g.role == "Viewer":
		answer(w, 403, object{"message": "Access denied to save dashboard"})
	case g.folders[cmd.FolderUID] == "":
		answer(w, 400, object{"message": "Folder not found"})
	case there != nil && there.provisioned:
		answer(w, 400, object{"message": "Cannot save provisioned dashboard"})
	case there != nil && there.version != int(version) && !cmd.Overwrite:
		answer(w, 412, object{"status": "version-mismatch", "message": "The dashboard has been changed by someone else"})
	default:
		if there == nil {
			there = &held{}
			g.dashboards[uid] = there
		}
		if g.storing != nil {
			g.storing(cmd.Dashboard)
		}
		there.content, there.folder, there.version = cmd.Dashboard, cmd.FolderUID, there.version+1
		g.writes++
		saved := object{"status": "success", "slug": "slug", "version": there.version, "uid": uid, "url": "/d/" + uid}
		if g.numbers {
			saved["id"] = 42
		}
		answer(w, 200, saved)
	}
}

// edit changes a dashboard as somebody does who saves it on Grafana's own page: fields that
// the page does not know go, it notes its version at every panel, and adds empty fields.
func (g *grafana) edit(t *testing.T, uid string, change func(content object)) {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	d := g.dashboards[uid]
	if d == nil {
		t.Fatalf("there is no dashboard %s", uid)
	}
	text, err := json.Marshal(d.content)
	if err != nil {
		t.Fatal(err)
	}
	var content object
	if err := json.Unmarshal(text, &content); err != nil {
		t.Fatal(err)
	}
	for _, p := range content["panels"].([]any) {
		panel := p.(object)
		panel["pluginVersion"] = "9.3.2"
		panel["hiddenSeries"], panel["libraryPanel"], panel["tags"] = false, nil, []any{}
	}
	content["schemaVersion"], content["version"], content["gnetId"] = 41, d.version+1, nil
	if change != nil {
		change(content)
	}
	d.content, d.version = content, d.version+1
}
