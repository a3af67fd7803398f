package app

import (
	"context"
	"log/slog"
	"maps"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"hotline12333/deploy"
	"hotline12333/internal/alarm"
	"hotline12333/internal/config"
	"hotline12333/internal/notify"
	"hotline12333/internal/publish"
	"hotline12333/internal/web"
)

// alarmFiles are the rules and routes of alerts, of the centre or built in.
type alarmFiles struct {
	rules  *alarm.Rules
	routes *alarm.Routes
}

// openAlarmFiles reads them. An error names file and line.
func openAlarmFiles(cfg config.Root) (f alarmFiles, err error) {
	rules, err := alarm.LoadRules(deploy.Rules, cfg.Alarm.Rules)
	if err != nil {
		return f, err
	}
	routes, err := alarm.LoadRoutes(deploy.Routes, cfg.Alarm.Routes)
	return alarmFiles{rules, routes}, err
}

// evaluatesAlarms says whether hotline up evaluates the rules itself. Where something of
// the configuration speaks of a Prometheus or an Alertmanager it does not: two that evaluate
// would tell everything twice.
func evaluatesAlarms(cfg config.Root) bool {
	switch cfg.Alarm.Evaluate {
	case alarm.Always:
		return true
	case alarm.Never:
		return false
	}
	return cfg.Alarm.Prometheus == "" && cfg.Alarm.Alertmanager == "" && cfg.Notify.Alertmanager == "" && cfg.Notify.Listen == ""
}

// alarmSource is who knows which alerts are in force.
type alarmSource interface {
	State() alarm.State
	Subscribe() (changes <-chan struct{}, end func())
	Run(ctx context.Context) error
}

var (
	_ alarmSource = (*alarm.Evaluator)(nil)
	_ alarmSource = (*alarm.Elsewhere)(nil)
)

// evaluator evaluates the rules and tells people over their channels.
func (s *system) evaluator(files alarmFiles, people *notify.Server) (*alarm.Evaluator, error) {
	return alarm.New(s.cfg.Alarm, alarm.Deps{
		Log: s.log.With("part", "alarm"), Registerer: s.reg, Gatherer: s.reg, Instance: instanceOf(s.cfg.Web.Listen),
		Dir: filepath.Join(s.cfg.Data.Dir, "alarm"), Rules: files.rules, Routes: files.routes, Channels: people.Channels(),
		Tell: func(ctx context.Context, channel string, g *alarm.Group) (bool, error) {
			return people.TellOne(ctx, channel, webhookOf(g))
		},
	})
}

// alarms are those of hotline up: evaluated here, or elsewhere.
func (s *system) alarms(files alarmFiles, people *notify.Server) (*alarms, error) {
	sayAlarms(s.log, s.cfg, people)
	if !evaluatesAlarms(s.cfg) {
		return s.alarmsElsewhere(files)
	}
	e, err := s.evaluator(files, people)
	if err != nil {
		return nil, err
	}
	return newAlarms(e), nil
}

func (s *system) alarmsElsewhere(files alarmFiles) (*alarms, error) {
	source, err := s.elsewhere(files)
	if err != nil {
		return nil, err
	}
	return newAlarms(source), nil
}

// elsewhere asks the Prometheus or Alertmanager that the configuration names; nil where it
// names none.
func (s *system) elsewhere(files alarmFiles) (alarmSource, error) {
	cfg := s.cfg.Alarm
	if cfg.Prometheus == "" && cfg.Alertmanager == "" {
		cfg.Alertmanager = s.cfg.Notify.Alertmanager
	}
	if cfg.Prometheus == "" && cfg.Alertmanager == "" {
		return nil, nil
	}
	return alarm.NewElsewhere(cfg, files.rules, s.log.With("part", "alarm"), s.reg)
}

// instanceOf is how Prometheus on another machine would name what listens there.
func instanceOf(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		if name, err := os.Hostname(); err == nil {
			host = name
		}
	}
	return net.JoinHostPort(host, port)
}

// webhookOf is a group in the form that Alertmanager would post.
func webhookOf(g *alarm.Group) *notify.Webhook {
	w := &notify.Webhook{Version: "4", GroupKey: g.Key, Status: "resolved", Receiver: g.Receiver, GroupLabels: g.Labels, Repeat: g.Repeat}
	for i, t := range g.Alerts {
		a := notify.Alert{
			Status: "firing", Labels: t.Labels, Annotations: t.Annotations, StartsAt: t.StartsAt, EndsAt: t.EndsAt, Fingerprint: t.Fingerprint,
		}
		if t.EndsAt.IsZero() {
			w.Status = "firing"
		} else {
			a.Status = "resolved"
		}
		w.Alerts = append(w.Alerts, a)
		if i == 0 {
			w.CommonLabels, w.CommonAnnotations = maps.Clone(t.Labels), maps.Clone(t.Annotations)
			continue
		}
		keepCommon(w.CommonLabels, t.Labels)
		keepCommon(w.CommonAnnotations, t.Annotations)
	}
	return w
}

func keepCommon(common, other map[string]string) {
	maps.DeleteFunc(common, func(k, v string) bool { return other[k] != v })
}

// alarms is what the board is told: which alerts are in force, and planned maintenance.
type alarms struct {
	alarm.Subscribers
	source  alarmSource // nil: nobody evaluates the rules
	planned *publish.Maintenance

	mu          sync.Mutex
	maintenance *web.Maintenance
}

var _ web.Alarms = (*alarms)(nil)

func newAlarms(source alarmSource) *alarms { return &alarms{source: source} }

// State implements web.Alarms.
func (a *alarms) State() web.AlarmState {
	a.mu.Lock()
	s := web.AlarmState{Maintenance: a.maintenance}
	a.mu.Unlock()
	if a.source == nil {
		return s
	}
	known := a.source.State()
	s.At = known.At
	for i := range known.Firing {
		f := &known.Firing[i]
		s.Firing = append(s.Firing, web.Alarm{
			Name: f.Name, Severity: f.Severity, Centre: about(f, "centre"), Queue: about(f, "queue"), Source: about(f, "source"),
			Summary: f.Summary, Since: f.Since, Runbook: f.Runbook,
		})
	}
	return s
}

// about is what an alert says of itself, "" for all of them.
func about(a *alarm.Alarm, label string) string {
	if v := a.Labels[label]; v != "all" {
		return v
	}
	return ""
}

// maintenanceSeen is how soon the board shows that maintenance begins or ends.
const maintenanceSeen = 5 * time.Second

// Run follows both until ctx ends.
func (a *alarms) Run(ctx context.Context) error {
	var (
		changes <-chan struct{}
		running sync.WaitGroup
	)
	if a.source != nil {
		var end func()
		changes, end = a.source.Subscribe()
		defer end()
		running.Go(func() { _ = a.source.Run(ctx) }) // neither kind gives one: they log
	}
	defer running.Wait()
	tick := time.NewTicker(maintenanceSeen)
	defer tick.Stop()
	for {
		a.look(time.Now())
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-changes:
			a.Tell()
		}
	}
}

// look asks for maintenance; the journal is not waited for by whoever draws the board.
func (a *alarms) look(now time.Time) {
	var found *web.Maintenance
	if p, on := a.planned.Holding(now); on {
		found = &web.Maintenance{From: p.From, To: p.To, Reason: p.Cause, By: p.By}
	}
	a.mu.Lock()
	changed := (found == nil) != (a.maintenance == nil) || found != nil && *found != *a.maintenance
	a.maintenance = found
	a.mu.Unlock()
	if changed {
		a.Tell()
	}
}

// sayAlarms says at the start who evaluates the rules and who is told.
func sayAlarms(log *slog.Logger, cfg config.Root, people *notify.Server) {
	switch {
	case !evaluatesAlarms(cfg):
		log.Info("alerts are evaluated elsewhere, or not at all", "alarm.evaluate", cfg.Alarm.Evaluate)
	case len(people.Channels()) == 0:
		log.Info("alerts are evaluated, and shown on the board; nobody is told: name a robot or a gateway in notify")
	default:
		log.Info("alerts are evaluated", "channels", people.Channels())
	}
}

// AlarmRules and AlarmRoutes are the texts of the files of alerts that hold.
func AlarmRules(cfg config.Root) ([]byte, error) {
	f, err := openAlarmFiles(cfg)
	if err != nil {
		return nil, err
	}
	return f.rules.Text(), nil
}

// AlarmRoutes is said at AlarmRules.
func AlarmRoutes(cfg config.Root) ([]byte, error) {
	f, err := openAlarmFiles(cfg)
	if err != nil {
		return nil, err
	}
	return f.routes.Text(), nil
}
