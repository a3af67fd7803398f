package alarm

import (
	"context"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/eventrecorder"
	"github.com/prometheus/alertmanager/featurecontrol"
	"github.com/prometheus/alertmanager/inhibit"
	"github.com/prometheus/alertmanager/marker"
	"github.com/prometheus/alertmanager/nflog/nflogpb"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/provider/mem"
	"github.com/prometheus/alertmanager/timeinterval"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
)

// Group is what people are told in one message.
type Group struct {
	Key, Receiver string
	Labels        map[string]string // what it is grouped by
	Alerts        []Told
	Repeat        time.Duration // how often it is told again
}

// Told is one alert of a group.
type Told struct {
	Labels, Annotations map[string]string
	Fingerprint         string
	StartsAt            time.Time
	EndsAt              time.Time // zero while it fires
}

// Tell reaches the people of a channel; again says that trying once more may help.
type Tell func(ctx context.Context, channel string, g *Group) (again bool, err error)

// How often Alertmanager's parts tidy up.
const tidyEvery = 15 * time.Minute

// dispatcher is Alertmanager without its servers: it groups, holds back, repeats and tries
// again as the routes say.
type dispatcher struct {
	log        *slog.Logger
	inst       *instruments
	alertsPath string
	resolve    time.Duration // after which an alert of which nobody speaks has ended
	alerts     *mem.Alerts
	inhibitor  *inhibit.Inhibitor
	dispatcher *dispatch.Dispatcher
	told       *toldLog

	mu      sync.Mutex
	current map[model.Fingerprint]*alert.Alert
	written map[model.Fingerprint]span // as the file says
	waiting map[string]map[string]bool // channel → groups
}

type dispatcherDeps struct {
	dir      string
	log      *slog.Logger
	inst     *instruments
	routes   *Routes
	channels []string
	tell     Tell
}

func newDispatcher(deps dispatcherDeps) (*dispatcher, error) {
	told, err := openTold(filepath.Join(deps.dir, toldFile), deps.log)
	if err != nil {
		return nil, err
	}
	private := prometheus.NewRegistry() // Alertmanager's own metrics are of no use here
	none, flags := eventrecorder.NopRecorder(), featurecontrol.NoopFlags{}
	alerts, err := mem.NewAlerts(context.Background(), tidyEvery, 0, nil, deps.log, none, private, flags)
	if err != nil {
		return nil, err
	}
	cfg, groups := deps.routes.cfg, marker.NewGroupMarker()
	d := &dispatcher{
		log: deps.log, inst: deps.inst, alertsPath: filepath.Join(deps.dir, alertsFile), resolve: time.Duration(cfg.Global.ResolveTimeout),
		alerts: alerts, told: told,
		inhibitor: inhibit.NewInhibitor(alerts, cfg.InhibitRules, deps.log, none),
		current:   make(map[model.Fingerprint]*alert.Alert), waiting: make(map[string]map[string]bool),
	}
	intervals := make(map[string][]timeinterval.TimeInterval)
	for _, t := range cfg.TimeIntervals {
		intervals[t.Name] = t.TimeIntervals
	}
	metrics, times := notify.NewMetrics(private, flags), timeinterval.NewIntervener(intervals)
	stages := make(notify.RoutingStage)
	for i := range cfg.Receivers {
		name := cfg.Receivers[i].Name
		ways, err := deps.routes.own(&cfg.Receivers[i], deps.log)
		if err != nil {
			return nil, err
		}
		if name != nobody {
			for _, channel := range deps.channels {
				ways = append(ways, integration{channel, 0, handed{channel, deps.tell}, always{}})
			}
		}
		var reached notify.FanoutStage
		for _, way := range ways {
			one := notify.NewIntegration(&reach{d, way.channel, way.notifier}, way.ended, way.channel, way.idx, name)
			at := &nflogpb.Receiver{GroupName: name, Integration: way.channel, Idx: uint32(way.idx)}
			reached = append(reached, settled{d, way.channel, notify.MultiStage{
				notify.NewDedupStage(way.ended, told, at), notify.NewRetryStage(one, name, metrics, none), notify.NewSetNotifiesStage(told, at),
			}})
			d.inst.waiting.WithLabelValues(way.channel)
			d.inst.refused.WithLabelValues(way.channel)
		}
		stages[name] = notify.MultiStage{
			notify.NewMuteStage(d.inhibitor, metrics), notify.NewTimeActiveStage(times, groups, metrics),
			notify.NewTimeMuteStage(times, groups, metrics), reached,
		}
	}
	d.dispatcher = dispatch.NewDispatcher(alerts, dispatch.NewRoute(cfg.Route, nil), stages, groups,
		func(t time.Duration) time.Duration { return max(t, notify.MinTimeout) }, tidyEvery, nil, deps.log, none, nil, nil)
	return d, nil
}

// start goes on with what there was when the program ended.
func (d *dispatcher) start() {
	now := time.Now()
	list, err := readAlerts(d.alertsPath, now, now.Add(d.resolve))
	if err != nil {
		d.log.Error("alerts begin anew: of those that have ended meanwhile nobody is told", "err", err)
	}
	d.put(list)
	go d.inhibitor.Run()
	d.inhibitor.WaitForLoading() // or it would tell what is held back
	go d.dispatcher.Run(time.Now())
	d.dispatcher.WaitForLoading()
}

// stop ends what start began. What is being told is broken off, and told after a restart.
func (d *dispatcher) stop() {
	d.dispatcher.Stop()
	d.inhibitor.Stop()
	d.alerts.Close()
	d.told.write()
}

// put takes alerts as the rules tell them.
func (d *dispatcher) put(list []*alert.Alert) {
	if len(list) == 0 {
		return
	}
	if err := d.alerts.Put(context.Background(), list...); err != nil {
		d.log.Error("an alert is lost", "err", err) // it keeps them in memory: there is nothing that fails
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, a := range list {
		fp := a.Fingerprint()
		if merged, err := d.alerts.Get(fp); err == nil { // else it has ended and was tidied away meanwhile
			d.current[fp] = merged
		}
	}
	d.write(time.Now())
}

// look writes down what has ended because nobody spoke of it any more.
func (d *dispatcher) look(now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.write(now)
}

// write puts the alerts on the disk when others are in force than the file says. d.mu is held.
func (d *dispatcher) write(now time.Time) {
	written := make(map[model.Fingerprint]span)
	for fp, a := range d.current {
		switch {
		case !a.ResolvedAt(now):
			written[fp] = span{from: a.StartsAt}
		case now.Sub(a.EndsAt) < endedFor:
			written[fp] = span{a.StartsAt, a.EndsAt}
		default:
			delete(d.current, fp)
		}
	}
	if maps.Equal(written, d.written) {
		return
	}
	if err := writeAlerts(d.alertsPath, slices.Collect(maps.Values(d.current)), now); err != nil {
		d.log.Error("which alerts are in force cannot be written down: after a restart nobody is told of their end", "err", err)
		return
	}
	d.written = written
}

// span is when an alert was in force; to is zero while it is.
type span struct{ from, to time.Time }

// firing are the alerts in force that none holds back.
func (d *dispatcher) firing(now time.Time) []Alarm {
	d.mu.Lock()
	list := slices.Collect(maps.Values(d.current))
	d.mu.Unlock()
	var firing []Alarm
	for _, a := range list {
		if !a.ResolvedAt(now) && !d.inhibitor.Mutes(context.Background(), a.Labels) {
			firing = append(firing, newAlarm(plain(a.Labels), plain(a.Annotations), a.StartsAt))
		}
	}
	sortAlarms(firing)
	return firing
}

// note keeps who waits for what; err says why.
func (d *dispatcher) note(channel, group string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.waiting[channel] == nil {
		d.waiting[channel] = make(map[string]bool)
	}
	switch waited := d.waiting[channel][group]; {
	case err != nil && !waited:
		d.log.Error("people could not be told of an alert; it is tried again", "channel", channel, "group", group, "err", err)
		d.waiting[channel][group] = true
	case err == nil && waited:
		d.log.Warn("people need no longer be told of an alert, or have been told at last", "channel", channel, "group", group)
		delete(d.waiting[channel], group)
	}
	d.inst.waiting.WithLabelValues(channel).Set(float64(len(d.waiting[channel])))
}

func plain(set model.LabelSet) map[string]string {
	m := make(map[string]string, len(set))
	for k, v := range set {
		m[string(k)] = string(v)
	}
	return m
}

// always sends what has ended too.
type always struct{}

func (always) SendResolved() bool { return true }

// reach notes what a way to people does not take.
type reach struct {
	d       *dispatcher
	channel string
	way     notify.Notifier
}

var _ notify.Notifier = (*reach)(nil)

// Notify implements notify.Notifier.
func (r *reach) Notify(ctx context.Context, alerts ...*alert.Alert) (again bool, err error) {
	again, err = r.way.Notify(ctx, alerts...)
	if err != nil && ctx.Err() == nil {
		key, _ := notify.GroupKey(ctx)
		r.d.inst.refused.WithLabelValues(r.channel).Inc()
		r.d.note(r.channel, key, err)
	}
	return again, err
}

// handed is a channel of whoever made the evaluator, as Alertmanager sees it.
type handed struct {
	channel string
	tell    Tell
}

var _ notify.Notifier = handed{}

// Notify implements notify.Notifier.
func (h handed) Notify(ctx context.Context, alerts ...*alert.Alert) (again bool, err error) {
	key, _ := notify.GroupKey(ctx)
	receiver, _ := notify.ReceiverName(ctx)
	labels, _ := notify.GroupLabels(ctx)
	repeat, _ := notify.RepeatInterval(ctx)
	g := &Group{Key: key, Receiver: receiver, Labels: plain(labels), Repeat: repeat}
	for _, a := range alerts {
		one := Told{Labels: plain(a.Labels), Annotations: plain(a.Annotations), Fingerprint: a.Fingerprint().String(), StartsAt: a.StartsAt}
		if a.Resolved() {
			one.EndsAt = a.EndsAt
		}
		g.Alerts = append(g.Alerts, one)
	}
	return h.tell(ctx, h.channel, g)
}

// settled notes that a channel knows all of a group: it was told, or there was nothing to tell.
type settled struct {
	d       *dispatcher
	channel string
	inner   notify.Stage
}

// Exec implements notify.Stage.
func (s settled) Exec(ctx context.Context, l *slog.Logger, alerts ...*alert.Alert) (context.Context, []*alert.Alert, error) {
	key, _ := notify.GroupKey(ctx)
	out, rest, err := s.inner.Exec(ctx, l, alerts...)
	if err == nil {
		s.d.note(s.channel, key, nil)
	}
	return out, rest, err
}
