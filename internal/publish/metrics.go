package publish

import (
	"log/slog"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
)

// Source gives snapshots; *Follower does.
type Source interface {
	Snapshot(now time.Time) (*kpi.Snapshot, bool)
}

// Metrics exports the snapshot of the moment of the scrape. A figure that is undefined,
// or that a source cannot know, has no series: never zero, never NaN.
type Metrics struct {
	source Source
	now    func() time.Time
	labels *labels
	descs  descs
}

var _ prometheus.Collector = (*Metrics)(nil)

// NewMetrics makes the collector; now is the clock of the scrapes.
func NewMetrics(cfg Config, source Source, now func() time.Time, log *slog.Logger) *Metrics {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if now == nil {
		now = time.Now
	}
	return &Metrics{
		source: source,
		now:    now,
		labels: newLabels(cfg, log),
		descs:  newDescs(),
	}
}

type descs struct {
	answerRate, timeliness, level, levelOfAnswered, abandonment *prometheus.Desc
	satisfaction, participation, firstContact, repeatCallers    *prometheus.Desc
	asa, aht, waitMax                                           *prometheus.Desc
	calls, excluded, population                                 *prometheus.Desc
	waiting, longest, stale, agents                             *prometheus.Desc
	consultation, tickets, ticketsOpen, ticketsOverdue          *prometheus.Desc
	age, dataTo, serviceOpen, ratioTarget, countTarget, leading *prometheus.Desc
}

func newDescs() descs {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	windowed := func(name, help string, labels ...string) *prometheus.Desc {
		return desc(name, help, append(labels, "window", "centre", "queue")...)
	}
	return descs{
		answerRate: windowed("hotline_answer_rate_ratio",
			"Answer rate by definition: agent (answered / requested), composite ((answered + self-service) / offered), composite_service_hours (the same, of the calls that arrived within service hours), agent_excl_short (short abandons left out).",
			"definition"),
		timeliness: windowed("hotline_response_timeliness_ratio",
			"Response timeliness by definition: wait (answered within the limit / answered), items (first responses to tickets by their deadline / responses due).", "definition"),
		consultation: windowed("hotline_consultation_timeliness_ratio",
			"Consultations answered on the spot or by their deadline / consultations due."),
		tickets: desc("hotline_tickets",
			"Tickets by kind and what has become of their first response: due = in_time + late + overdue, by the time of the deadline; opened, on_the_spot and deadline_unknown by that of the opening.",
			"kind", "state", "window", "centre"),
		ticketsOpen: desc("hotline_tickets_open",
			"Tickets right now without a first response; absent where no source tells of tickets.", "kind", "centre"),
		ticketsOverdue: desc("hotline_tickets_overdue",
			"Of these, those whose deadline has passed.", "kind", "centre"),
		level: windowed("hotline_service_level_ratio",
			"Answered within so many seconds / requested.", "seconds"),
		levelOfAnswered: windowed("hotline_service_level_of_answered_ratio",
			"Answered within so many seconds / answered.", "seconds"),
		abandonment: windowed("hotline_abandonment_ratio",
			"Abandoned while queued or ringing / requested."),
		satisfaction: windowed("hotline_satisfaction_ratio",
			"Satisfied / ratings on known scales."),
		participation: windowed("hotline_rating_participation_ratio",
			"Ratings given / callers invited to rate."),
		firstContact: windowed("hotline_first_contact_resolution_ratio",
			"Answered calls without a further call of the same caller within 48 hours / answered calls of known callers; the latest 48 hours are provisional."),
		repeatCallers: windowed("hotline_repeat_callers_ratio",
			"Calls within 48 hours after another of the same caller / offered calls of known callers."),
		asa: windowed("hotline_answer_wait_mean_seconds",
			"Mean wait of answered calls (ASA)."),
		aht: windowed("hotline_handle_time_mean_seconds",
			"Mean talk, hold and wrap-up of answered calls (AHT)."),
		waitMax: windowed("hotline_wait_max_seconds",
			"Longest wait of a call that asked for an agent."),
		calls: windowed("hotline_calls",
			"Calls that are not excluded, by outcome.", "outcome"),
		excluded: windowed("hotline_calls_excluded",
			"Calls left out of every population, by reason.", "reason"),
		population: windowed("hotline_calls_population",
			"Calls by population: offered, asked, requested, after_hours, short_abandoned. Without a calendar of the year requested and after_hours are absent.", "population"),
		waiting: desc("hotline_calls_waiting",
			"Callers waiting for an agent right now.", "centre", "queue"),
		longest: desc("hotline_longest_wait_seconds",
			"How long the caller who waits longest has been waiting; absent when nobody waits.", "centre", "queue"),
		stale: desc("hotline_calls_stale",
			"Open calls that no record has ended within the limit; they are not counted as waiting.", "centre", "queue"),
		agents: desc("hotline_agents",
			"Agents signed in, by what they do right now (signed_in: nothing more is known); absent where no source tells.", "state", "centre"),
		age: desc("hotline_data_age_seconds",
			"Time since the latest instant any call tells of; absent without calls."),
		dataTo: desc("hotline_data_to_timestamp_seconds",
			"Latest instant any call tells of, in unix seconds; absent without calls."),
		serviceOpen: desc("hotline_service_open",
			"1 within the centre's service hours, else 0; absent when its calendar has no days of the year."),
		ratioTarget: desc("hotline_target_ratio",
			"Target of an indicator that is a ratio.", "indicator"),
		countTarget: desc("hotline_target_calls",
			"Target of an indicator that is a number of calls in a year.", "indicator"),
		leading: desc("hotline_definition_info",
			"1 for the definition that leads an indicator; confirmed says whether the centre has made it official.",
			"indicator", "definition", "version", "confirmed"),
	}
}

func (d *descs) all() []*prometheus.Desc {
	return []*prometheus.Desc{
		d.answerRate, d.timeliness, d.level, d.levelOfAnswered, d.abandonment, d.satisfaction, d.participation,
		d.firstContact, d.repeatCallers, d.agents, d.consultation, d.tickets, d.ticketsOpen, d.ticketsOverdue,
		d.asa, d.aht, d.waitMax, d.calls, d.excluded, d.population, d.waiting, d.longest, d.stale,
		d.age, d.dataTo, d.serviceOpen, d.ratioTarget, d.countTarget, d.leading,
	}
}

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range m.descs.all() {
		ch <- d
	}
}

// sink sends gauges; a mistake in their labels shows as a failed scrape.
type sink chan<- prometheus.Metric

func (s sink) gauge(d *prometheus.Desc, v float64, labels ...string) {
	metric, err := prometheus.NewConstMetric(d, prometheus.GaugeValue, v, labels...)
	if err != nil {
		metric = prometheus.NewInvalidMetric(d, err)
	}
	s <- metric
}

func (s sink) ratio(d *prometheus.Desc, r kpi.Ratio, labels ...string) {
	if v, ok := r.Value(); ok {
		s.gauge(d, v, labels...)
	}
}

// seconds sends a mean of milliseconds.
func (s sink) seconds(d *prometheus.Desc, r kpi.Ratio, labels ...string) {
	if v, ok := r.Value(); ok {
		s.gauge(d, v/1000, labels...)
	}
}

// Collect implements prometheus.Collector.
func (m *Metrics) Collect(ch chan<- prometheus.Metric) {
	to := sink(ch)
	d := &m.descs
	to.gauge(d.ratioTarget, kpi.AnswerRateTarget.Value(), "answer_rate")
	to.gauge(d.ratioTarget, kpi.TimelinessTarget.Value(), "response_timeliness")
	to.gauge(d.ratioTarget, kpi.TimelinessTarget.Value(), "consultation_timeliness")
	to.gauge(d.countTarget, kpi.AnsweredCallsTarget.Value(), "answered_calls")
	s, ok := m.source.Snapshot(m.now())
	if !ok {
		return
	}
	year := s.Windows[kpi.ThisYear].Scopes[kpi.Scope{Level: kpi.AllCentres}]
	items := year.Figures(s.Definitions).ResponseLeads == kpi.ResponseItems
	for _, name := range []string{kpi.DefAnswerRate, kpi.DefAnsweredCalls, kpi.DefResponse, kpi.DefConsultation} {
		if _, ok := s.Definitions.InForce[name]; ok {
			state := s.Definitions.State(name, items)
			to.gauge(d.leading, 1, name, state.Leads, strconv.Itoa(state.Version), strconv.FormatBool(state.Confirmed))
		}
	}
	if s.NoCalendar == (kpi.Wording{}) {
		to.gauge(d.serviceOpen, truth(s.ServiceOpen))
	}
	if !s.DataTo.IsZero() {
		to.gauge(d.age, s.At.Sub(s.DataTo).Seconds())
		to.gauge(d.dataTo, float64(s.DataTo.UnixMilli())/1000)
	}
	m.labels.admit(s.Windows[kpi.ThisYear].Scopes, s.Windows[kpi.LastHour].Scopes)
	for _, w := range kpi.Windows() {
		for at, counted := range m.folded(s.Windows[w].Scopes) {
			m.window(to, s.Definitions, w, at, counted)
		}
	}
	m.collectWaiting(to, s)
	m.collectAgents(to, s)
	m.collectTickets(to, s)
}

// folded adds up the scopes that share a series.
func (m *Metrics) folded(scopes map[kpi.Scope]kpi.Counted) map[series]*kpi.Counted {
	out := make(map[series]*kpi.Counted, len(scopes))
	for scope, counted := range scopes {
		at := seriesOf(m.labels.fold(scope))
		if out[at] == nil {
			out[at] = new(kpi.Counted)
		}
		out[at].Merge(&counted)
	}
	return out
}

func (m *Metrics) window(to sink, defs kpi.Definitions, w kpi.Window, at series, c *kpi.Counted) {
	d, f, t := &m.descs, c.Figures(defs), &c.Tally
	with := func(labels ...string) []string { return append(labels, string(w), at.centre, at.queue) }
	to.ratio(d.answerRate, f.AnswerRateAgent, with(kpi.RateAgent)...)
	to.ratio(d.answerRate, f.AnswerRateComposite, with(kpi.RateComposite)...)
	to.ratio(d.answerRate, f.AnswerRateCompositeHours, with(kpi.RateCompositeHours)...)
	to.ratio(d.answerRate, f.AnswerRateAgentExclShort, with(kpi.RateAgentExclShort)...)
	to.ratio(d.timeliness, f.ResponseTimelinessWait, with(kpi.ResponseWait)...)
	if !w.Sliding() {
		to.ratio(d.timeliness, f.ResponseTimelinessItems, with(kpi.ResponseItems)...)
		to.ratio(d.consultation, f.ConsultationTimeliness, with()...)
		m.tickets(to, w, at, c)
	}
	for _, limit := range defs.ServiceLevels {
		to.ratio(d.level, f.ServiceLevel[limit], with(strconv.Itoa(limit))...)
		to.ratio(d.levelOfAnswered, f.ServiceLevelOfAnswered[limit], with(strconv.Itoa(limit))...)
	}
	to.ratio(d.abandonment, f.AbandonmentRate, with()...)
	to.seconds(d.asa, f.ASA, with()...)
	if !w.Sliding() {
		to.seconds(d.aht, f.AHT, with()...)
		to.ratio(d.satisfaction, f.Satisfaction, with()...)
		to.ratio(d.participation, f.Participation, with()...)
		to.ratio(d.firstContact, f.FirstContact, with()...)
		to.ratio(d.repeatCallers, f.RepeatCallers, with()...)
	}
	if f.ASA.NotConnected == "" && t.Asked() > 0 {
		to.gauge(d.waitMax, float64(t.WaitMillisMax)/1000, with()...)
	}
	for _, outcome := range hotline.FinalOutcomes() {
		if n := outcomes(t, outcome); n != 0 || knowable(c.Knows, outcome) {
			to.gauge(d.calls, float64(n), with(string(outcome))...)
		}
	}
	if !w.Sliding() { // an open call has no moment of decision
		to.gauge(d.calls, float64(t.Open), with(string(hotline.Open))...)
	}
	for _, reason := range hotline.Exclusions() {
		to.gauge(d.excluded, float64(t.Excluded[string(reason)]), with(string(reason))...)
	}
	for _, p := range []struct {
		name  string
		n     int64
		known bool
	}{
		{"offered", t.Offered(), true},
		{"asked", t.Asked(), true},
		{"requested", t.Requested(), t.Placed()},
		{"after_hours", t.AfterHours, t.Placed()},
		{"short_abandoned", t.ShortAbandoned(defs.ShortAbandon), true},
	} {
		if p.known && c.Knows.MissingFor(p.name, p.n) == "" {
			to.gauge(d.population, float64(p.n), with(p.name)...)
		}
	}
}

func (m *Metrics) collectWaiting(to sink, s *kpi.Snapshot) {
	out := map[series]kpi.Waiting{{labelAll, labelAll}: {}}
	// Queues of this year and nobody waiting: zero, and absent only where no source tells.
	knows := make(map[series]kpi.Knows)
	for scope, counted := range s.Windows[kpi.ThisYear].Scopes {
		at := seriesOf(m.labels.fold(scope))
		out[at] = kpi.Waiting{}
		knows[at] = knows[at].And(counted.Knows)
	}
	for scope, w := range s.Waiting {
		at := seriesOf(m.labels.fold(scope))
		sum := out[at]
		sum.Count += w.Count
		sum.Stale += w.Stale
		if sum.Since.IsZero() || (!w.Since.IsZero() && w.Since.Before(sum.Since)) {
			sum.Since = w.Since
		}
		out[at] = sum
	}
	for at, w := range out {
		if knows[at].MissingFor("waiting", int64(w.Count)) == "" {
			to.gauge(m.descs.waiting, float64(w.Count), at.centre, at.queue)
		}
		to.gauge(m.descs.stale, float64(w.Stale), at.centre, at.queue)
		if !w.Since.IsZero() {
			to.gauge(m.descs.longest, s.At.Sub(w.Since).Seconds(), at.centre, at.queue)
		}
	}
}

// knowable says whether a source can tell the outcome at all; where none can, it is not
// zero but unknown.
func knowable(k kpi.Knows, o hotline.Outcome) bool {
	if o == hotline.AbandonedRinging {
		return k == nil || k[kpi.CanRing]
	}
	return k.MissingFor(string(o), 0) == ""
}

func outcomes(t *kpi.Tally, o hotline.Outcome) int64 {
	switch o {
	case hotline.Answered:
		return t.Answered
	case hotline.SelfService:
		return t.SelfService
	case hotline.AbandonedIVR:
		return t.AbandonedIVR
	case hotline.AbandonedQueue:
		return t.AbandonedQueue
	case hotline.AbandonedRinging:
		return t.AbandonedRinging
	case hotline.TimedOut:
		return t.TimedOut
	case hotline.Blocked:
		return t.Blocked
	case hotline.Voicemail:
		return t.Voicemail
	case hotline.CallbackRequested:
		return t.CallbackRequested
	case hotline.Open:
		return t.Open
	}
	return 0
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
