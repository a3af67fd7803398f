package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"hotline12333/internal/config"
	"hotline12333/internal/notify"
	"hotline12333/internal/watch"
	"hotline12333/internal/web"
)

// Found is the error of hotlines that are not all ready. Code is the exit code that
// monitoring plug-ins give: 1 where the worst is not ready, 2 where it is gone, 3 where
// nothing could be asked.
type Found struct {
	Code int
	text string
}

func (f Found) Error() string { return f.text }

// Watch asks hotlines on other machines whether they are there and tells people when one is
// gone and when it is back, until ctx ends. It needs neither Kafka nor ClickHouse.
func Watch(ctx context.Context, cfg config.Root, log *slog.Logger) (err error) {
	down := &teardown{log: log}
	defer func() { err = errJoin(err, down.run()) }()
	reg := newRegistry()
	people, err := newNotifier(cfg, log, reg)
	if err != nil {
		return err
	}
	if len(people.Channels()) == 0 {
		return errNobody
	}
	host, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("the name of this machine: %w", err)
	}
	watcher, err := watch.New(cfg.Watch, watch.Deps{
		Log: log.With("part", "watch"), Registerer: reg,
		Tell: func(ctx context.Context, e watch.Event) (bool, error) {
			failed, _ := people.Tell(ctx, watched(e, host))
			return len(failed) < len(people.Channels()), routesError(failed, people.Channels())
		},
	})
	if err != nil {
		return err
	}
	pages := web.New(cfg.Web, web.Deps{Log: log.With("part", "web"), Registry: reg, Now: time.Now, Ready: watcher.Ready})
	if err := pages.Listen(); err != nil {
		return err
	}
	parts := newCrew(ctx)
	down.add("parts", 5*time.Second, parts.stop)
	parts.start("watch", watcher.Run)
	parts.start("pages", pages.Run)
	log.Info("watching", "urls", cfg.Watch.URLs, "every", cfg.Watch.Every, "channels", people.Channels(), "address", pages.Addr())
	return parts.wait()
}

// WatchOnce asks each hotline once and prints a line for each, as monitoring plug-ins do;
// the error is Found when one is not ready. Nobody is told.
func WatchOnce(ctx context.Context, cfg config.Root, log *slog.Logger, out io.Writer) error {
	watcher, err := watch.New(cfg.Watch, watch.Deps{Log: log})
	if err != nil {
		return Found{3, err.Error()}
	}
	w := &printer{out: out}
	worst, bad := watch.Ready, 0
	for i, a := range watcher.Once(ctx) {
		worst = max(worst, a.State)
		url := cfg.Watch.URLs[i]
		switch a.State {
		case watch.Ready:
			w.line("OK %s: ready", url)
			continue
		case watch.NotReady:
			w.line("WARNING %s: not ready: %s", url, a.Reason.EN)
		default:
			w.line("CRITICAL %s: gone: %s", url, a.Reason.EN)
		}
		bad++
	}
	if w.err != nil || worst == watch.Ready {
		return w.err
	}
	return Found{int(worst), fmt.Sprintf("%d of %d hotlines are not ready", bad, len(cfg.Watch.URLs))}
}

// errNobody is a command that tells people where nobody is named.
var errNobody = errors.New("nobody is told: set the address of a robot or a gateway, as notify.dingtalk.url_file")

// routesError names the routes that failed and why; nil when none did.
func routesError(failed map[string]error, names []string) error {
	if len(failed) == 0 {
		return nil
	}
	texts := make([]string, 0, len(failed))
	for _, name := range slices.Sorted(maps.Keys(failed)) {
		texts = append(texts, fmt.Sprintf("%s (%v)", name, failed[name]))
	}
	return fmt.Errorf("%d of %d routes failed: %s", len(failed), len(names), strings.Join(texts, ", "))
}

// watched puts what was found into a message: a program that is gone wakes people, one that
// is not ready can wait.
func watched(e watch.Event, host string) *notify.Webhook {
	a := notify.Alert{
		Status: "firing", StartsAt: e.Since, Fingerprint: fmt.Sprintf("%s %d", e.URL, e.Number),
		Labels: map[string]string{"alertname": "HotlineDown", "severity": "page", "instance": e.URL, "role": "watch"},
	}
	state, lasts := e.State, e.At.Sub(e.Since).Round(time.Second)
	if state == watch.Ready {
		a.Status, a.EndsAt, state = "resolved", e.At, e.Was
	}
	if state == watch.NotReady {
		a.Labels["severity"] = "warning"
	}
	var zh, en string
	switch {
	case e.State == watch.Ready:
		zh = fmt.Sprintf("程序已恢复:%s,中断 %s(此前:%s)", e.URL, chinese(lasts), e.Reason.ZH)
		en = fmt.Sprintf("The program is back: %s, after %v (it was: %s)", e.URL, lasts, e.Reason.EN)
	case e.State == watch.NotReady:
		zh = fmt.Sprintf("程序未就绪:%s 已 %s(%s),由 %s 监看", e.URL, chinese(lasts), e.Reason.ZH, host)
		en = fmt.Sprintf("The program is not ready: %s, for %v (%s), as seen from %s", e.URL, lasts, e.Reason.EN, host)
	default:
		zh = fmt.Sprintf("程序不可达:%s 已 %s(%s),由 %s 监看", e.URL, chinese(lasts), e.Reason.ZH, host)
		en = fmt.Sprintf("The program is gone: %s, for %v (%s), as seen from %s", e.URL, lasts, e.Reason.EN, host)
	}
	if e.State != watch.Ready && e.Number > 1 {
		zh += fmt.Sprintf(",第 %d 次通知", e.Number)
		en += fmt.Sprintf(", message %d", e.Number)
	}
	a.Annotations = map[string]string{"summary": zh, "summary_en": en, "runbook_url": "docs/runbooks/HotlineDown.md"}
	return &notify.Webhook{Version: "4", GroupKey: "watch " + e.URL, Status: a.Status, Alerts: []notify.Alert{a}}
}

// chinese is a duration to the second in words, as 1小时5分 or 40秒.
func chinese(d time.Duration) string {
	seconds := int(d.Seconds())
	var b strings.Builder
	for _, u := range []struct {
		size int
		word string
	}{{86400, "天"}, {3600, "小时"}, {60, "分"}, {1, "秒"}} {
		if n := seconds / u.size; n > 0 || u.size == 1 && b.Len() == 0 {
			fmt.Fprintf(&b, "%d%s", n, u.word)
		}
		seconds %= u.size
	}
	return b.String()
}
