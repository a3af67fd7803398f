package testkit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Prometheus is a real one that scrapes for a test.
type Prometheus struct{ url string }

// PrometheusConfig is what a test sets.
type PrometheusConfig struct {
	Targets []string // host:port of the roles to scrape each second, as job hotline
	Rules   string   // a file of rules, evaluated each second; may be empty

	Alertmanager string // host:port that is told of alerts; may be empty
}

// RealPrometheus starts Debian's Prometheus on a free port. It ends with the test. Where it
// is not installed the test is skipped, or fails when HOTLINE_REQUIRE contains prometheus.
func RealPrometheus(t testing.TB, cfg PrometheusConfig) *Prometheus {
	t.Helper()
	binary, err := exec.LookPath("prometheus")
	if err != nil {
		Missing(t, "prometheus", "install it (Debian: apt-get install prometheus)")
	}
	dir := t.TempDir()
	config := "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\n" +
		"scrape_configs:\n  - job_name: hotline\n    static_configs:\n      - labels: {role: up}\n        targets: [" + strings.Join(cfg.Targets, ", ") + "]\n"
	if cfg.Rules != "" {
		rules := filepath.Join(dir, "rules.yml")
		if err := os.WriteFile(rules, []byte(cfg.Rules), 0o600); err != nil {
			t.Fatal(err)
		}
		config += "rule_files: [" + rules + "]\n"
	}
	if cfg.Alertmanager != "" {
		config += "alerting: {alertmanagers: [{static_configs: [{targets: [" + cfg.Alertmanager + "]}]}]}\n"
	}
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	address := FreeAddress(t)
	cmd := exec.Command(binary, "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address, "--log.level=warn")
	cmd.Dir = dir
	startServer(t, "prometheus", cmd, saysReady(address))
	return &Prometheus{url: "http://" + address}
}

// RealAlertmanager starts Debian's Alertmanager with a configuration on a free port, which
// it gives as host:port. It ends with the test. Where it is not installed the test is
// skipped, or fails when HOTLINE_REQUIRE contains prometheus.
func RealAlertmanager(t testing.TB, config string) string {
	t.Helper()
	binary, err := exec.LookPath("prometheus-alertmanager")
	if err != nil {
		if binary, err = exec.LookPath("alertmanager"); err != nil {
			Missing(t, "prometheus", "install Alertmanager (Debian: apt-get install prometheus-alertmanager)")
		}
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "alertmanager.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	address := FreeAddress(t)
	cmd := exec.Command(binary, "--config.file="+file, "--storage.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+address, "--cluster.listen-address=", "--log.level=warn")
	cmd.Dir = dir
	startServer(t, "alertmanager", cmd, saysReady(address))
	return address
}

// startServer starts a server and waits until it is ready. It ends with the test, which
// tells what the server said when it fails.
func startServer(t testing.TB, name string, cmd *exec.Cmd, ready func(context.Context) error) {
	t.Helper()
	var out lockedBuffer
	cmd.Stdout, cmd.Stderr = &out, &out
	dieWithParent(cmd)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // killed below: its exit status says nothing
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended already
		<-ended
		if t.Failed() {
			t.Logf("%s said:\n%s", name, out.String())
		}
	})
	Eventually(t, Patience, func() error {
		select {
		case <-ended:
			t.Fatalf("%s ended at once:\n%s", name, out.String())
		default:
		}
		return ready(t.Context())
	})
}

// saysReady asks a server of Prometheus's family whether it is ready.
func saysReady(address string) func(context.Context) error {
	return func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/-/ready", nil)
		if err != nil {
			return err
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		defer func() { _ = res.Body.Close() }() // only its status counts
		if res.StatusCode != http.StatusOK {
			return errors.New(res.Status)
		}
		return nil
	}
}

// Series is one series of an answer: its labels and the values, the last one at the end of
// the time asked about.
type Series struct {
	Labels map[string]string
	Values []float64
}

// URL is its address.
func (p *Prometheus) URL() string { return p.url }

// Query asks for the values at an instant.
func (p *Prometheus) Query(ctx context.Context, expr string, at time.Time) ([]Series, error) {
	return p.ask(ctx, "/api/v1/query", url.Values{"query": {expr}, "time": {stamp(at)}})
}

// Range asks for the values over a time.
func (p *Prometheus) Range(ctx context.Context, expr string, from, to time.Time, step time.Duration) ([]Series, error) {
	return p.ask(ctx, "/api/v1/query_range", url.Values{
		"query": {expr}, "start": {stamp(from)}, "end": {stamp(to)}, "step": {strconv.FormatFloat(step.Seconds(), 'f', -1, 64)},
	})
}

// LabelValues lists the values a label has, of the series that a selector picks; of all
// when it is empty.
func (p *Prometheus) LabelValues(ctx context.Context, label, selector string) ([]string, error) {
	q := url.Values{}
	if selector != "" {
		q.Set("match[]", selector)
	}
	var values []string
	_, err := p.call(ctx, "/api/v1/label/"+url.PathEscape(label)+"/values", q, &values)
	return values, err
}

func stamp(at time.Time) string {
	return strconv.FormatFloat(float64(at.UnixMilli())/1000, 'f', 3, 64)
}

func (p *Prometheus) ask(ctx context.Context, path string, q url.Values) ([]Series, error) {
	var data struct {
		Result []struct {
			Metric map[string]string `json:"metric"`
			Value  []any             `json:"value"`
			Values [][]any           `json:"values"`
		} `json:"result"`
	}
	warnings, err := p.call(ctx, path, q, &data)
	if err == nil && len(warnings) > 0 {
		err = fmt.Errorf("%s: prometheus warns: %s", q.Get("query"), strings.Join(warnings, "; "))
	}
	if err != nil {
		return nil, err
	}
	var out []Series
	for _, r := range data.Result {
		if r.Value != nil {
			r.Values = [][]any{r.Value}
		}
		s := Series{Labels: r.Metric}
		for _, point := range r.Values {
			v, err := strconv.ParseFloat(fmt.Sprint(point[1]), 64)
			if err != nil {
				return nil, err
			}
			s.Values = append(s.Values, v)
		}
		out = append(out, s)
	}
	return out, nil
}

func (p *Prometheus) call(ctx context.Context, path string, q url.Values, data any) (warnings []string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+path+"?"+q.Encode(), nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }() // read to its end
	answer := struct {
		Error    string   `json:"error"`
		Warnings []string `json:"warnings"`
		Data     any      `json:"data"`
	}{Data: data}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s: %s", q.Get("query"), res.Status, answer.Error)
	}
	return answer.Warnings, nil
}
