package app

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/alarm"
	"hotline12333/internal/config"
	"hotline12333/internal/journal"
	"hotline12333/internal/kpi"
	"hotline12333/internal/publish"
	"hotline12333/internal/web"
)

// rigged is a source that a test sets.
type rigged struct {
	state   alarm.State
	changes chan struct{}
}

func (k *rigged) State() alarm.State                   { return k.state }
func (k *rigged) Subscribe() (<-chan struct{}, func()) { return k.changes, func() {} }
func (k *rigged) Run(ctx context.Context) error        { <-ctx.Done(); return nil }
func (k *rigged) becomes(at time.Time, firing ...alarm.Alarm) {
	k.state = alarm.State{At: at, Firing: firing}
	k.changes <- struct{}{}
}

// What the board is told: alerts with what they are about, and maintenance as it begins and
// ends, both at once and to all who listen.
func TestBoardIsToldOfAlarms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		source := &rigged{changes: make(chan struct{})}
		a := newAlarms(source)
		began := time.Now()
		planned := publish.Planned{Maintenance: journal.Maintenance{From: began.Add(time.Minute), To: began.Add(2 * time.Minute), Cause: "交换机升级"}, By: "王芳"}
		var away atomic.Bool
		a.planned = publish.NewMaintenance(func(context.Context) ([]publish.Planned, error) {
			if away.Load() {
				return nil, errors.New("away")
			}
			return []publish.Planned{planned}, nil
		}, time.Now, nil)
		first, leave := a.Subscribe()
		defer leave()
		second, leaveToo := a.Subscribe()
		defer leaveToo()
		ended := make(chan error, 1)
		go func() { ended <- a.Run(ctx) }()
		if s := a.State(); !s.At.IsZero() || s.Firing != nil || s.Maintenance != nil {
			t.Errorf("at the beginning it is %+v", s)
		}
		fired := alarm.Alarm{
			Name: "AnswerRateDropped", Severity: "page", Labels: map[string]string{"centre": "all", "queue": "综合", "source": "pbx"},
			Summary: kpi.Wording{ZH: "骤降", EN: "dropped"}, Since: began, Runbook: "docs/runbooks/AnswerRateDropped.md",
		}
		source.becomes(began, fired)
		<-first
		<-second
		want := web.AlarmState{At: began, Firing: []web.Alarm{{
			Name: "AnswerRateDropped", Severity: "page", Queue: "综合", Source: "pbx",
			Summary: kpi.Wording{ZH: "骤降", EN: "dropped"}, Since: began, Runbook: "docs/runbooks/AnswerRateDropped.md",
		}}}
		if diff := cmp.Diff(want, a.State()); diff != "" {
			t.Error(diff)
		}
		<-first
		if m := a.State().Maintenance; m == nil || m.Reason != "交换机升级" || m.By != "王芳" || time.Since(began) > time.Minute+maintenanceSeen {
			t.Errorf("after %v the maintenance is %+v", time.Since(began), m)
		}
		away.Store(true) // what was read last holds
		<-first
		if m := a.State().Maintenance; m != nil || time.Since(began) > 2*time.Minute+maintenanceSeen {
			t.Errorf("after %v the maintenance is %+v", time.Since(began), m)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// Who evaluates: the program, unless something says that somebody else does.
func TestWhoEvaluates(t *testing.T) {
	for _, tt := range []struct {
		set  func(*config.Root)
		want bool
	}{
		{func(*config.Root) {}, true},
		{func(c *config.Root) { c.Alarm.Prometheus = "http://a:9090" }, false},
		{func(c *config.Root) { c.Alarm.Alertmanager = "http://a:9093" }, false},
		{func(c *config.Root) { c.Notify.Alertmanager = "http://a:9093" }, false},
		{func(c *config.Root) { c.Notify.Listen = "127.0.0.1:8335" }, false},
		{func(c *config.Root) { c.Notify.Listen, c.Alarm.Evaluate = "127.0.0.1:8335", alarm.Always }, true},
		{func(c *config.Root) { c.Alarm.Evaluate = alarm.Never }, false},
	} {
		cfg := config.DefaultRoot()
		tt.set(&cfg)
		if got := evaluatesAlarms(cfg); got != tt.want {
			t.Errorf("%+v: %v", cfg.Alarm, got)
		}
	}
}

func TestWebhookOfAGroup(t *testing.T) {
	at := time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)
	told := func(queue string, ended time.Time) alarm.Told {
		return alarm.Told{
			Labels: map[string]string{"alertname": "A", "queue": queue}, Annotations: map[string]string{"summary": queue},
			Fingerprint: queue, StartsAt: at, EndsAt: ended,
		}
	}
	g := &alarm.Group{Key: "k", Receiver: "page", Labels: map[string]string{"alertname": "A"}, Alerts: []alarm.Told{told("1", at.Add(time.Hour)), told("2", time.Time{})}}
	w := webhookOf(g)
	if w.Status != "firing" || w.Alerts[0].Status != "resolved" || w.Alerts[1].Status != "firing" {
		t.Errorf("%+v", w)
	}
	if diff := cmp.Diff([]map[string]string{{"alertname": "A"}, {}}, []map[string]string{w.CommonLabels, w.CommonAnnotations}); diff != "" {
		t.Error(diff)
	}
	g.Alerts[1].EndsAt = at
	if webhookOf(g).Status != "resolved" {
		t.Error("all have ended and the group fires")
	}
}
