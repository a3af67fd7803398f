package deploy_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"

	"hotline12333/internal/board"
	"hotline12333/internal/config"
)

const root = ".."

// project loads docker-compose.yml with every profile on, as compose would with
// the given environment.
func project(t *testing.T, env map[string]string) (*types.Project, error) {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(root, "docker-compose.yml"))
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir:  filepath.Dir(path),
		ConfigFiles: []types.ConfigFile{{Filename: path, Content: content}},
		Environment: env,
	}, loader.WithProfiles([]string{"*"}))
}

func mustProject(t *testing.T) *types.Project {
	t.Helper()
	p, err := project(t, map[string]string{"HOTLINE_SECRETS": "./secrets"})
	if err != nil {
		t.Fatalf("docker-compose.yml does not load: %v", err)
	}
	return p
}

// roles are the services that run our program, with the command of each.
func roles() map[string]string {
	return map[string]string{"migrate": "migrate", "intake": "intake", "load": "load", "aggregate": "aggregate", "web": "web"}
}

func TestComposeHasTheServices(t *testing.T) {
	p := mustProject(t)
	for _, name := range []string{"kafka", "clickhouse", "prometheus", "alertmanager", "grafana", "alert", "migrate", "intake", "load", "aggregate", "web"} {
		if _, ok := p.Services[name]; !ok {
			t.Errorf("service %s is missing", name)
		}
	}
	for name, command := range roles() {
		if got := p.Services[name].Command; len(got) != 1 || got[0] != command {
			t.Errorf("service %s runs %q, want %q", name, got, command)
		}
	}
}

func TestComposeImagesArePinned(t *testing.T) {
	version := regexp.MustCompile(`:v?\d+\.\d+\.\d+(\.\d+)*(-[\w.]+)?(@sha256:[0-9a-f]{64})?$`)
	for name, s := range mustProject(t).Services {
		if s.Build != nil {
			continue // built here, from a Dockerfile that pins its own
		}
		if !version.MatchString(s.Image) {
			t.Errorf("service %s: image %q is not pinned to a full version", name, s.Image)
		}
	}
	file, err := os.ReadFile("Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(file)) {
		from, ok := strings.CutPrefix(line, "FROM ")
		if !ok || strings.HasPrefix(from, "scratch") {
			continue
		}
		if image, _, _ := strings.Cut(from, " "); !version.MatchString(image) {
			t.Errorf("Dockerfile: image %q is not pinned to a full version", image)
		}
	}
}

func TestComposeServicesAreWatchedAndRestarted(t *testing.T) {
	for name, s := range mustProject(t).Services {
		if name == "migrate" { // ends by itself
			continue
		}
		if s.HealthCheck == nil || s.HealthCheck.Disable || len(s.HealthCheck.Test) < 2 {
			t.Errorf("service %s has no health check", name)
		}
		if s.Restart != types.RestartPolicyUnlessStopped {
			t.Errorf("service %s restarts %q", name, s.Restart)
		}
		if s.Logging == nil || s.Logging.Options["max-size"] == "" {
			t.Errorf("service %s: its log grows without a bound", name)
		}
	}
}

func TestComposeRolesWaitForWhatTheyNeed(t *testing.T) {
	p := mustProject(t)
	for name := range roles() {
		needs := map[string]string{"kafka": types.ServiceConditionHealthy, "clickhouse": types.ServiceConditionHealthy}
		if name != "migrate" {
			needs["migrate"] = types.ServiceConditionCompletedSuccessfully
		}
		for on, condition := range needs {
			if got := p.Services[name].DependsOn[on].Condition; got != condition {
				t.Errorf("service %s waits for %s to be %q, want %q", name, on, got, condition)
			}
		}
	}
}

func TestComposePortsAreLoopbackAndDistinct(t *testing.T) {
	taken := map[string]string{}
	for name, s := range mustProject(t).Services {
		for _, port := range s.Ports {
			if port.HostIP != "127.0.0.1" {
				t.Errorf("service %s publishes %s on %q, want 127.0.0.1", name, port.Published, port.HostIP)
			}
			if other := taken[port.Published]; other != "" {
				t.Errorf("services %s and %s both publish %s", name, other, port.Published)
			}
			taken[port.Published] = name
		}
	}
	// The ports of the one-machine mode, so that the same commands work for both.
	for port, service := range map[string]string{"8333": "web", "8334": "intake", "19092": "kafka", "18123": "clickhouse"} {
		if taken[port] != service {
			t.Errorf("port %s is published by %q, want %s", port, taken[port], service)
		}
	}
}

func TestComposeHoldsNoSecret(t *testing.T) {
	p := mustProject(t)
	secretive := regexp.MustCompile(`(?i)(password|passwd|passphrase|secret|token|api_?key)`)
	for name, s := range p.Services {
		for key, value := range s.Environment {
			if !secretive.MatchString(key) {
				continue
			}
			if key == "HOTLINE_INTAKE_HTTP_TOKENS_FILE" {
				continue // it holds hashes, and beside the keys
			}
			if value == nil || !strings.HasPrefix(*value, "/run/secrets/") {
				t.Errorf("service %s: %s must name a file below /run/secrets", name, key)
				continue
			}
			if source := strings.TrimPrefix(*value, "/run/secrets/"); !mounts(s, source) {
				t.Errorf("service %s: %s names a secret that is not mounted", name, key)
			}
		}
	}
	for name, s := range p.Secrets {
		if s.Content != "" || s.File == "" {
			t.Errorf("secret %s does not come from a file", name)
		}
	}
	if _, err := project(t, nil); err == nil || !strings.Contains(err.Error(), "set HOTLINE_SECRETS to") {
		t.Errorf("without HOTLINE_SECRETS: %v, want a sentence that says what to set", err)
	}
}

func mounts(s types.ServiceConfig, secret string) bool {
	return slices.ContainsFunc(s.Secrets, func(c types.ServiceSecretConfig) bool { return c.Source == secret })
}

// fixedValues are settings of the roles that must fit other parts of the file.
// Each row: the variable, and the service and port its value has to point at.
func fixedValues() []struct{ variable, service, port string } {
	return []struct{ variable, service, port string }{
		{"HOTLINE_BROKER_ADDRESSES", "kafka", "9092"},
		{"HOTLINE_STORE_ADDRESS", "clickhouse", "9000"},
		{"HOTLINE_WEB_LISTEN", "0.0.0.0", "8333"},
		{"HOTLINE_INTAKE_HTTP_LISTEN", "0.0.0.0", "8334"},
	}
}

// The loader seals with the keys that the first start made: both must see the
// same file, and the loader must not be able to change it.
func TestComposeKeysAreShared(t *testing.T) {
	p := mustProject(t)
	for name, readOnly := range map[string]bool{"migrate": false, "intake": true, "load": true} {
		s := p.Services[name]
		file := s.Environment["HOTLINE_KEYS_FILE"]
		if file == nil {
			t.Errorf("service %s: HOTLINE_KEYS_FILE is not set", name)
			continue
		}
		if !slices.ContainsFunc(s.Volumes, func(v types.ServiceVolumeConfig) bool {
			return v.Source == "keys" && v.Target == filepath.Dir(*file) && v.ReadOnly == readOnly
		}) {
			t.Errorf("service %s does not mount the volume of %s with read_only=%v", name, *file, readOnly)
		}
	}
}

func TestComposeEnvironmentIsTheProgramsOwn(t *testing.T) {
	known, err := config.EnvNames[config.Root]()
	if err != nil {
		t.Fatal(err)
	}
	p := mustProject(t)
	for name := range roles() {
		s := p.Services[name]
		environ := make([]string, 0, len(s.Environment))
		for key, value := range s.Environment {
			if !slices.Contains(known, key) {
				t.Errorf("service %s sets %s, which is no setting of the program", name, key)
			}
			// The secret's file exists in the container only.
			if value != nil && !strings.HasPrefix(*value, "/run/secrets/") {
				environ = append(environ, key+"="+*value)
			}
		}
		loaded, err := config.Load(config.DefaultRoot(), config.Layers{Environ: environ})
		if err != nil {
			t.Errorf("service %s: %v", name, err)
			continue
		}
		if err := loaded.Check(); err != nil {
			t.Errorf("service %s: %v", name, err)
		}
		for _, f := range fixedValues() {
			if got := s.Environment[f.variable]; got == nil || *got != f.service+":"+f.port {
				t.Errorf("service %s: %s must be %s:%s", name, f.variable, f.service, f.port)
			}
		}
	}
}

// What tells of alerts needs nothing that may have failed, and is where Alertmanager's
// example posts.
func TestComposeTellsPeople(t *testing.T) {
	s := mustProject(t).Services["alert"]
	if got := strings.Join(s.Command, " "); got != "alert serve" {
		t.Errorf("alert runs %q", got)
	}
	if len(s.DependsOn) > 0 {
		t.Errorf("alert waits for %v, and must work without", s.DependsOn)
	}
	var environ []string
	for key, value := range s.Environment {
		if !strings.HasPrefix(*value, "/run/secrets/") {
			environ = append(environ, key+"="+*value)
		}
	}
	// In the container the secret's file has it.
	environ = append(environ, "HOTLINE_NOTIFY_DINGTALK_URL=https://robot.example.cn/send")
	loaded, err := config.Load(config.DefaultRoot(), config.Layers{Environ: environ})
	if err != nil {
		t.Fatal(err)
	}
	if err := loaded.Check(); err != nil {
		t.Error(err)
	}
	if warnings := loaded.Warnings(); len(warnings) > 0 {
		t.Errorf("%q", warnings)
	}
	if got := loaded.Value.Notify.Listen; got != "0.0.0.0:8335" {
		t.Errorf("the webhook is taken at %s, the example posts to port 8335", got)
	}
}

func TestComposeFilesExist(t *testing.T) {
	for name, s := range mustProject(t).Services {
		for _, v := range s.Volumes {
			if v.Type != types.VolumeTypeBind {
				continue
			}
			if _, err := os.Stat(v.Source); err != nil {
				t.Errorf("service %s mounts a file that is not there: %v", name, err)
			}
			if !v.ReadOnly {
				t.Errorf("service %s can write %s", name, v.Source)
			}
		}
		if s.Build != nil {
			if _, err := os.Stat(filepath.Join(s.Build.Context, s.Build.Dockerfile)); err != nil {
				t.Errorf("service %s: %v", name, err)
			}
		}
	}
}

func TestPrometheusScrapesTheRoles(t *testing.T) {
	text, err := os.ReadFile("prometheus/prometheus.yml")
	if err != nil {
		t.Fatal(err)
	}
	for name := range roles() {
		if name == "migrate" {
			continue
		}
		if target := fmt.Sprintf("%q", name+":8333"); !strings.Contains(string(text), target) {
			t.Errorf("prometheus.yml has no target %s", target)
		}
	}
}

func TestGrafanaDataSourcesHaveTheirUIDs(t *testing.T) {
	text, err := os.ReadFile("grafana/provisioning/datasources/hotline.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"uid: hotline-prometheus", "uid: hotline-clickhouse", "http://prometheus:9090", "host: clickhouse", "$__file{/run/secrets/clickhouse_grafana}"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the data sources lack %q", want)
		}
	}
}

// The dashboards are mounted where the provisioning looks for them, and go by the uids the
// data sources are given.
func TestGrafanaReadsTheDashboards(t *testing.T) {
	text, err := os.ReadFile("grafana/provisioning/dashboards/hotline.yml")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^ +path: (\S+)$`).FindStringSubmatch(string(text))
	if m == nil {
		t.Fatal("the provisioning names no path")
	}
	want, err := filepath.Abs(filepath.Join(root, "dashboards"))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(mustProject(t).Services["grafana"].Volumes, func(v types.ServiceVolumeConfig) bool {
		return v.Target == m[1] && v.Source == want && v.ReadOnly
	}) {
		t.Errorf("grafana does not mount %s at %s", want, m[1])
	}
	for _, expected := range []string{"folderUid: hotline", "folder: " + board.DefaultConfig().Folder} {
		if !strings.Contains(string(text), expected) {
			t.Errorf("the provisioning lacks %q", expected)
		}
	}
	sources, err := os.ReadFile("grafana/provisioning/datasources/hotline.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, uid := range []string{board.PrometheusUID, board.ClickHouseUID} {
		if !strings.Contains(string(sources), "uid: "+uid+"\n") {
			t.Errorf("no data source has the uid %s", uid)
		}
	}
}
