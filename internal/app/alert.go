package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hotline12333/internal/config"
	"hotline12333/internal/notify"
	"hotline12333/internal/web"
)

// notifier takes Alertmanager's webhook, listening already; nil where notify.listen is
// empty.
func notifier(cfg config.Root, log *slog.Logger, reg prometheus.Registerer) (*notify.Server, error) {
	if cfg.Notify.Listen == "" {
		return nil, nil
	}
	s, err := newNotifier(cfg, log, reg)
	if err != nil {
		return nil, err
	}
	return s, takeAlerts(s, log)
}

// takeAlerts has it listen to an Alertmanager.
func takeAlerts(s *notify.Server, log *slog.Logger) error {
	if len(s.Channels()) == 0 {
		return fmt.Errorf("notify.listen is set, but %w", errNobody)
	}
	if err := s.Listen(); err != nil {
		return err
	}
	log.Info("alerts are taken", "address", s.Addr(), "channels", s.Channels())
	return nil
}

func newNotifier(cfg config.Root, log *slog.Logger, reg prometheus.Registerer) (*notify.Server, error) {
	zone, err := time.LoadLocation(cfg.Publish.Zone)
	if err != nil {
		return nil, fmt.Errorf("publish.zone: %w", err)
	}
	return notify.New(cfg.Notify, notify.Deps{Log: log.With("part", "notify"), Registerer: reg, Zone: zone})
}

// RunNotify is the role that takes Alertmanager's webhook and tells people, until ctx ends.
// It needs neither Kafka nor ClickHouse: it must work when they do not.
func RunNotify(ctx context.Context, cfg config.Root, log *slog.Logger) (err error) {
	down := &teardown{log: log}
	defer func() { err = errJoin(err, down.run()) }()
	reg := newRegistry()
	told, err := notifier(cfg, log, reg)
	if err != nil {
		return err
	}
	if told == nil {
		return errors.New("notify.listen is empty: there is nothing to take, set it to an address as 127.0.0.1:8335")
	}
	pages := web.New(cfg.Web, web.Deps{
		Log: log.With("part", "web"), Registry: reg, Now: time.Now, Ready: func(context.Context) error { return nil },
	})
	if err := pages.Listen(); err != nil {
		return err
	}
	parts := newCrew(ctx)
	down.add("parts", 5*time.Second, parts.stop)
	parts.start("notify", told.Run)
	parts.start("pages", pages.Run)
	return parts.wait()
}

// TestAlerts sends a test message over every route that is configured and says of each
// whether it was taken; the error names those that failed.
func TestAlerts(ctx context.Context, cfg config.Root, log *slog.Logger, out io.Writer) error {
	s, err := newNotifier(cfg, log, nil)
	if err != nil {
		return err
	}
	names := s.Channels()
	if cfg.Notify.Alertmanager != "" {
		names = append(names, "alertmanager")
	}
	own, err := testRoutes(ctx, cfg)
	if err != nil {
		return err
	}
	names = append(names, slices.Sorted(maps.Keys(own))...)
	if len(names) == 0 {
		return errors.New("no route is configured: set notify.alertmanager, or the address of a robot or a gateway, as notify.dingtalk.url_file")
	}
	now := time.Now()
	failed, _ := s.Tell(ctx, testGroup(now))
	maps.DeleteFunc(own, func(_ string, err error) bool { return err == nil })
	maps.Copy(failed, own)
	if cfg.Notify.Alertmanager != "" {
		if err := testAlertmanager(ctx, cfg, now); err != nil {
			failed["alertmanager"] = err
		}
	}
	return tellRoutes(out, names, failed)
}

// testRoutes sends the test by mail and what else the routes of hotline up name.
func testRoutes(ctx context.Context, cfg config.Root) (map[string]error, error) {
	if !evaluatesAlarms(cfg) {
		return nil, nil
	}
	files, err := openAlarmFiles(cfg)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, cfg.Notify.Timeout)
	defer cancel()
	return files.routes.Test(ctx, testLabels("page"), testAnnotations())
}

// tellRoutes prints what became of a message on each route; the error names those that
// failed.
func tellRoutes(out io.Writer, names []string, failed map[string]error) error {
	w := &printer{out: out}
	for _, name := range names {
		switch err := failed[name]; {
		case err != nil:
			w.line("%s FAILED: %v", pad(name, 14), err)
		case name == "alertmanager":
			w.line("%s taken; look whether each of its receivers has told you (HotlineTest, a page and a warning)", pad(name, 14))
		default:
			w.line("%s taken", pad(name, 14))
		}
	}
	if len(failed) > 0 {
		return errJoin(w.err, fmt.Errorf("%d of %d routes failed: %s", len(failed), len(names), strings.Join(slices.Sorted(maps.Keys(failed)), ", ")))
	}
	return w.err
}

// Message is one that somebody, or a service that has failed, sends by hand.
type Message struct {
	Name      string // of the alert
	Severity  string // page or warning
	Summary   string // in Chinese
	SummaryEN string
	Detail    string // put behind both in brackets; may be empty
	Runbook   string // path of the page that says what to do; may be empty
	Resolved  bool
}

// SendAlert tells people at once, over every channel, and says of each whether it was
// taken; the error names those that failed.
func SendAlert(ctx context.Context, cfg config.Root, log *slog.Logger, out io.Writer, m Message) error {
	s, err := newNotifier(cfg, log, nil)
	if err != nil {
		return err
	}
	if len(s.Channels()) == 0 {
		return errNobody
	}
	if detail := strings.TrimSpace(m.Detail); detail != "" {
		m.Summary += "(" + detail + ")"
		if m.SummaryEN != "" {
			m.SummaryEN += " (" + detail + ")"
		}
	}
	now := time.Now()
	a := notify.Alert{
		Status: "firing", StartsAt: now, Fingerprint: fmt.Sprint(now.UnixNano()),
		Labels:      map[string]string{"alertname": m.Name, "severity": m.Severity},
		Annotations: map[string]string{"summary": m.Summary, "summary_en": m.SummaryEN, "runbook_url": m.Runbook},
	}
	if m.Resolved {
		a.Status, a.EndsAt = "resolved", now
	}
	failed, _ := s.Tell(ctx, &notify.Webhook{Version: "4", GroupKey: m.Name, Status: a.Status, Alerts: []notify.Alert{a}})
	return tellRoutes(out, s.Channels(), failed)
}

// testGroup is a test for the channels; as a page, so that short messages go out too.
func testGroup(now time.Time) *notify.Webhook {
	return &notify.Webhook{
		Version: "4", GroupKey: "test", Status: "firing",
		Alerts: []notify.Alert{{
			Status: "firing", StartsAt: now, Labels: testLabels("page"), Annotations: testAnnotations(), Fingerprint: fmt.Sprint(now.UnixNano()),
		}},
	}
}

func testLabels(severity string) map[string]string {
	return map[string]string{"alertname": "HotlineTest", "severity": severity}
}

func testAnnotations() map[string]string {
	return map[string]string{
		"summary":     "这是 hotline alert test 发出的测试消息,无需处理",
		"summary_en":  "This is a test by hotline alert test; nothing is to be done",
		"runbook_url": "docs/alerts.md",
	}
}

// testAlertmanager posts a page and a warning that end after a minute.
func testAlertmanager(ctx context.Context, cfg config.Root, now time.Time) error {
	client, err := cfg.Alarm.Client()
	if err != nil {
		return err
	}
	var list []map[string]any
	for _, severity := range []string{"page", "warning"} {
		list = append(list, map[string]any{
			"labels": testLabels(severity), "annotations": testAnnotations(), "startsAt": now, "endsAt": now.Add(time.Minute),
		})
	}
	body, err := json.Marshal(list)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, cfg.Notify.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(cfg.Notify.Alertmanager, "/")+"/api/v2/alerts", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // only its status is wanted
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("it answers %s", resp.Status)
	}
	return nil
}
