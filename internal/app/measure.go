package app

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"hotline12333/internal/broker"
	"hotline12333/internal/config"
	"hotline12333/internal/deadletter"
	"hotline12333/internal/hotline"
	"hotline12333/internal/keys"
	"hotline12333/internal/kpi"
	"hotline12333/internal/notify"
	"hotline12333/internal/simulate"
	"hotline12333/internal/source"
	"hotline12333/internal/web"
	"hotline12333/internal/wire"
)

// MeasureOptions say how much to measure.
type MeasureOptions struct {
	Records int           // of the backfill
	Rate    int           // records a second for the time from acknowledgement to /metrics
	For     time.Duration // of that
	Idle    time.Duration // of the look at memory and CPU
	Viewers int           // whose boards are open meanwhile
}

// Measure runs a system of its own, as durable as a real one, and prints how fast this
// machine is. The system is thrown away.
func Measure(ctx context.Context, cfg config.Root, log *slog.Logger, out io.Writer, opts MeasureOptions) (err error) {
	down := &teardown{log: log}
	defer func() { err = errJoin(err, down.run()) }()
	m, err := startMeasured(ctx, cfg, log, down)
	if err != nil {
		return err
	}
	w := &printer{out: out}
	w.line("start to ready                            %6d ms", m.ready.Milliseconds())
	for _, step := range []func(context.Context, *printer, MeasureOptions) error{m.idle, m.backfill, m.latency} {
		if err := step(m.parts.ctx, w, opts); err != nil {
			if cause := m.parts.failure(); cause != nil {
				return cause
			}
			return err
		}
	}
	return w.err
}

// measured is a running system under measurement.
type measured struct {
	*system
	machine *machine
	pages   *web.Server
	parts   *crew
	keys    *keys.Keys // that callers' names are made with
	ready   time.Duration
	past    int // answered calls of this year in the backfill
}

func startMeasured(ctx context.Context, cfg config.Root, log *slog.Logger, down *teardown) (*measured, error) {
	dir, err := tempDir(down)
	if err != nil {
		return nil, err
	}
	cfg.Web.Listen = "127.0.0.1:0"
	sources, err := openSources(cfg)
	if err != nil {
		return nil, err
	}
	kit, err := keys.Ephemeral()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	sys, machine, err := throwaway(ctx, throwawayConfig(cfg, dir), log, down)
	if err != nil {
		return nil, err
	}
	follower, err := sys.follower(sources)
	if err != nil {
		return nil, err
	}
	sys.cfg.Notify = notify.DefaultConfig() // nobody is told of a system that is thrown away
	files, err := openAlarmFiles(sys.cfg)
	if err != nil {
		return nil, err
	}
	people, err := newNotifier(sys.cfg, log, nil)
	if err != nil {
		return nil, err
	}
	alerts, err := sys.alarms(files, people)
	if err != nil {
		return nil, err
	}
	pages, err := sys.pages(pagesOf{follower: follower, sources: sources, engineUp: machine.engine.Up, alarms: alerts})
	if err != nil {
		return nil, err
	}
	if err := pages.Listen(); err != nil {
		return nil, err
	}
	loader, err := sys.loader(deadletter.NewSealer(kit.Recipient()))
	if err != nil {
		return nil, err
	}
	aggregator, err := sys.aggregator(follower.Kick)
	if err != nil {
		return nil, err
	}
	m := &measured{system: sys, machine: machine, pages: pages, parts: newCrew(ctx), keys: kit}
	down.add("parts", 10*time.Second, m.parts.stop)
	m.parts.start("load", loader.Run)
	m.parts.start("aggregate", aggregator.Run)
	m.parts.start("publish", follower.Run)
	m.parts.start("web", pages.Run)
	m.parts.start("alarm", alerts.Run)
	err = untilReady(ctx, func(ctx context.Context) error { return sys.ready(ctx, follower, machine.engine.Up) })
	m.ready = time.Since(began)
	return m, err
}

// backfill sends a simulated past at once and waits until it shows.
func (m *measured) backfill(ctx context.Context, w *printer, opts MeasureOptions) error {
	calls, err := m.simulated(opts.Records, time.Now())
	if err != nil {
		return err
	}
	zone, err := source.ParseZone(m.cfg.Publish.Zone)
	if err != nil {
		return err
	}
	year, _ := kpi.ThisYear.Bounds(time.Now(), zone)
	records, bytes := make([]broker.Record, len(calls)), 0
	for i, c := range calls {
		if f := c.Facts(); c.Outcome == hotline.Answered && f.Excluded == hotline.NotExcluded && !c.StartedAt.Before(year) {
			m.past++
		}
		records[i] = broker.Record{Key: []byte(c.ID), Value: wire.AppendCall(nil, c)}
		bytes += len(records[i].Value)
	}
	began := time.Now()
	for batch := range slices.Chunk(records, produceRows) {
		if err := m.broker.Produce(ctx, m.cfg.Topics.Calls, batch); err != nil {
			return err
		}
	}
	acknowledged := time.Since(began)
	if err := m.settle(ctx, nil); err != nil {
		return err
	}
	done := time.Since(began)
	perSecond := func(d time.Duration) float64 { return float64(len(records)) / d.Seconds() }
	w.line("backfill, %d records of %d bytes", len(records), bytes/max(1, len(records)))
	w.line("  acknowledged by the broker, on disk     %6.0f /s", perSecond(acknowledged))
	w.line("  loaded and tallied                      %6.0f /s  (%.0f%% of it)", perSecond(done), 100*perSecond(done)/perSecond(acknowledged))
	return w.err
}

// simulated returns finished calls of the years before now: of a hotline that is open on
// working days, whatever the demo looks like, so that machines and versions can be compared.
func (m *measured) simulated(n int, now time.Time) ([]*hotline.Call, error) {
	scenario, err := simulate.Named(simulate.NormalYear)
	if err != nil {
		return nil, err
	}
	scenario.Service.UnknownYears = simulate.WeekdaysOnly
	sim, err := simulate.New(simulate.Options{
		Scenario: scenario, Seed: 1, From: now.AddDate(-1-n/150_000, 0, 0), Pseudonym: m.pseudonym,
	})
	if err != nil {
		return nil, err
	}
	calls := make([]*hotline.Call, 0, n)
	for e, err := range sim.Backfill(now) {
		if err != nil {
			return nil, err
		}
		if calls = append(calls, e.Call); len(calls) == n {
			break
		}
	}
	return calls, nil
}

// latency sends calls that arrive now at a steady rate, and looks how long after its
// acknowledgement each is counted in /metrics, and on the boards that are open.
func (m *measured) latency(ctx context.Context, w *printer, opts MeasureOptions) error {
	const beat = 20 * time.Millisecond
	perBeat := max(1, opts.Rate*int(beat)/int(time.Second))
	total := perBeat * int(opts.For/beat)
	acks := make(chan time.Time, total)
	watching, err := m.watch(ctx, opts.Viewers)
	if err != nil {
		return err
	}
	defer watching.stop()
	fed := make(chan error, 1)
	go func() { fed <- m.steady(ctx, beat, perBeat, total, acks) }()
	metrics, boards := &delays{total: total}, &delays{total: total}
	// A scrape costs milliseconds of the machine that is measured: few enough not to show.
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	var deadline <-chan time.Time // once all are sent, which takes longer than planned where the machine is slow
	for metrics.left() || opts.Viewers > 0 && boards.left() {
		var seen int
		at := time.Time{}
		select {
		case err := <-fed:
			if err != nil {
				return err
			}
			deadline = time.After(30 * time.Second)
			continue
		case <-ctx.Done():
			return ctx.Err()
		case s := <-watching.seen:
			metrics.acknowledged(acks, boards)
			boards.counted(s.answered, s.at)
			continue
		case <-deadline:
			return fmt.Errorf("%d of %d records are not counted in /metrics, %d not on the boards", total-len(metrics.list), total, total-len(boards.list))
		case <-look.C:
		}
		if seen, err = m.counted(ctx); err != nil {
			return err
		}
		at = time.Now()
		metrics.acknowledged(acks, boards)
		metrics.counted(seen, at)
	}
	w.line("acknowledged to /metrics at %d records/s  %s", opts.Rate, metrics)
	if opts.Viewers > 0 {
		w.line("acknowledged to the last of %d boards    %s", opts.Viewers, boards)
	}
	return w.err
}

func (m *measured) steady(ctx context.Context, beat time.Duration, perBeat, total int, acks chan<- time.Time) error {
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for sent := 0; sent < total; sent += perBeat {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		now := time.Now()
		records := make([]broker.Record, perBeat)
		for i := range records {
			c := hotline.Call{
				ID: fmt.Sprintf("measure-%08d", sent+i), Version: 1, Centre: hotline.DefaultCentre, Source: "measure",
				StartedAt: now.Add(-30 * time.Second), QueuedAt: now.Add(-20 * time.Second), AnsweredAt: now,
				Direction: hotline.Inbound, Outcome: hotline.Answered, Queue: fmt.Sprintf("%s%d", measuredQueue, i%5), Agent: fmt.Sprintf("agent %d", i%7),
				Topics: []string{fmt.Sprint("topic ", i%3)},
			}
			c.CallerHash, c.CallerMasked = m.pseudonym(fmt.Sprintf("1380000%04d", (sent+i)%feedCallers))
			records[i] = broker.Record{Key: []byte(c.ID), Value: wire.AppendCall(nil, &c)}
		}
		if err := m.broker.Produce(ctx, m.cfg.Topics.Calls, records); err != nil {
			return err
		}
		at := time.Now()
		for range records {
			acks <- at
		}
	}
	return nil
}

// pseudonym is the name a caller has in records.
func (m *measured) pseudonym(number string) (hash, masked string) {
	return m.keys.Pseudonym(number), m.keys.Mask(number)
}

// feedCallers is how many people call during a feed: some of them again, as in life.
const feedCallers = 10_000

// measuredQueue begins the names of the queues that nothing but the steady feed calls, so
// that a backfill which is still being read is not taken for it.
const measuredQueue = "measure "

// counted reads the answered calls of the steady feed from /metrics.
func (m *measured) counted(ctx context.Context) (int, error) {
	answer, err := m.ask(ctx, http.DefaultClient, "/metrics")
	if err != nil {
		return 0, err
	}
	defer func() { _ = answer.Body.Close() }() // only read from
	sum := 0
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		line := lines.Text()
		if strings.HasPrefix(line, "hotline_calls{") && strings.Contains(line, `queue="`+measuredQueue) &&
			strings.Contains(line, `outcome="answered"`) && strings.Contains(line, `window="year"`) {
			v, err := strconv.ParseFloat(line[strings.LastIndexByte(line, ' ')+1:], 64)
			if err != nil {
				return 0, err
			}
			sum += int(v)
		}
	}
	return sum, lines.Err()
}

// idle looks at memory and CPU of both processes while nothing happens.
func (m *measured) idle(ctx context.Context, w *printer, opts MeasureOptions) error {
	processes := []struct {
		name string
		pid  int
	}{{"hotline", os.Getpid()}, {"engine", m.machine.engine.PID()}}
	before := make([]time.Duration, len(processes))
	for i, p := range processes {
		before[i] = cpuOf(p.pid)
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(opts.Idle):
	}
	for i, p := range processes {
		used := cpuOf(p.pid) - before[i]
		w.line("idle, %-8s                            %6.1f %% of a core, %d MB", p.name, 100*used.Seconds()/opts.Idle.Seconds(), residentOf(p.pid)>>20)
	}
	return w.err
}

// cpuOf is the CPU time a process has used, 0 where the system does not tell.
func cpuOf(pid int) time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	const user, system, hertz = 11, 12, 100 // see proc(5); USER_HZ is 100 on every Linux port in use
	var ticks int64
	for _, f := range []int{user, system} {
		n, err := strconv.ParseInt(fields[f], 10, 64)
		if err != nil {
			return 0
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / hertz
}

// residentOf is a process's resident memory in bytes.
func residentOf(pid int) int64 {
	statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(statm))
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
