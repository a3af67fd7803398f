package web

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
)

// view is the board as the page gets it. Ratios come with the text to show, cut and not
// rounded, so that page, metrics and commands cannot differ.
type view struct {
	Now         time.Time         `json:"now"`
	CheckedAt   time.Time         `json:"checked_at"` // when the store last answered
	DataTo      *time.Time        `json:"data_to"`
	Zone        string            `json:"zone"`
	Title       map[string]string `json:"title"`
	ServiceOpen bool              `json:"service_open"`
	NoCalendar  *kpi.Wording      `json:"no_calendar,omitempty"` // why it is not known whether service is open
	Definition  definition        `json:"definition"`
	Targets     targets           `json:"targets"`
	Today       today             `json:"today"`
	Waiting     waiting           `json:"waiting"`
	Callbacks   *callbacks        `json:"callbacks,omitempty"` // absent: not read yet
	Agents      *agents           `json:"agents"`              // null: no source tells what agents do
	Tickets     *tickets          `json:"tickets"`             // null: no source tells of tickets
	Recent      []recent          `json:"recent"`
	Month       figure            `json:"month"`
	Quarter     figure            `json:"quarter"`
	Year        year              `json:"year"`
	Topics      []topic           `json:"topics"`
	Queues      []queue           `json:"queues"`
	MoreQueues  int               `json:"more_queues"`  // that the board has no room for
	MoreWaiting int               `json:"more_waiting"` // calls that are known to wait in them
	Alarms      *alarms           `json:"alarms"`       // null: nobody tells
}

// definition is the one of the answer rate that leads. What the board calls the rate is
// computed by it.
type definition struct {
	Name      string      `json:"name"` // one of kpi.AnswerRates
	Version   int         `json:"version"`
	Confirmed bool        `json:"confirmed"`
	Since     string      `json:"since,omitempty"`
	Formula   string      `json:"formula"`
	Text      kpi.Wording `json:"text"` // 口径
}

type targets struct {
	AnswerRate    string `json:"answer_rate"` // "83%"
	AnsweredCalls int64  `json:"answered_calls"`
}

// figure is a ratio; text is empty when it is undefined or not connected.
type figure struct {
	Num          int64    `json:"num"`
	Den          int64    `json:"den"`
	Value        *float64 `json:"value"`
	Text         string   `json:"text"`
	Met          bool     `json:"met"`
	NotConnected string   `json:"not_connected,omitempty"`
}

type today struct {
	Rate          figure `json:"rate"` // by the definition that leads
	Agent         figure `json:"agent"`
	Composite     figure `json:"composite"`
	Timeliness    figure `json:"timeliness"` // by the definition that leads
	TimelyLeads   string `json:"timeliness_leads"`
	TimelyWait    figure `json:"timeliness_wait"`
	TimelyItems   figure `json:"timeliness_items"`
	Consultation  figure `json:"consultation_timeliness"`
	ASA           figure `json:"asa"` // text in seconds
	Offered       int64  `json:"offered"`
	MissesLeft    int64  `json:"misses_left"`
	AnswersNeeded int64  `json:"answers_needed"`
	// Allowance is the misses left of the whole day, with what is still expected of it; null
	// where nothing usual is known.
	Allowance *allowance `json:"allowance"`
	Curve     curve      `json:"curve"`
	SoFar     *soFar     `json:"so_far"` // null where nothing usual is known
}

type allowance struct {
	Remaining int64 `json:"remaining"`
	Left      int64 `json:"left"` // never more than remain, negative when it cannot be reached any more
}

type waiting struct {
	Count        int        `json:"count"`
	NotConnected string     `json:"not_connected,omitempty"` // what would have to be known of who waits
	LongestSince *time.Time `json:"longest_since"`
	Stale        int64      `json:"stale"`
}

type agents struct {
	SignedIn int `json:"signed_in"` // in whatever state
	Talking  int `json:"talking"`
	Ringing  int `json:"ringing"`
	Free     int `json:"free"`
	Wrapup   int `json:"wrapup"`
	Paused   int `json:"paused"`
}

// tickets are those of every kind that wait for a first response, and what has become of
// the consultations of the year.
type tickets struct {
	Open         int64  `json:"open"`
	Overdue      int64  `json:"overdue"`
	Consultation figure `json:"consultation_timeliness"`
	Items        figure `json:"response_timeliness_items"`
}

type recent struct {
	Window   string  `json:"window"`
	Rate     figure  `json:"rate"`
	Low      float64 `json:"low"`
	High     float64 `json:"high"`
	LowText  string  `json:"low_text"`
	HighText string  `json:"high_text"`
}

type year struct {
	Answered int64  `json:"answered"`
	Share    string `json:"share"` // of the target, cut
	Rate     figure `json:"rate"`
}

type topic struct {
	Name  string `json:"name"`
	Calls int64  `json:"calls"`
}

type queue struct {
	Name    string `json:"name"`
	Rate    figure `json:"rate"`
	Waiting *int   `json:"waiting"` // null: a source does not tell
}

// The board has room for so many lines.
const (
	mostTopics = 5
	mostQueues = 6
)

// confidence is the z of a 95% interval.
const confidence = 1.959964

func newView(s *kpi.Snapshot, cfg Config) *view {
	all := kpi.Scope{Level: kpi.AllCentres}
	v := &view{
		Now: s.At, CheckedAt: s.CheckedAt, Zone: s.Zone.String(), ServiceOpen: s.ServiceOpen,
		Title:      map[string]string{"zh": cfg.Title, "en": cfg.TitleEN},
		Definition: newDefinition(&s.Definitions),
		Targets:    targets{AnswerRate: percentOf(kpi.AnswerRateTarget), AnsweredCalls: kpi.AnsweredCallsTarget.Num},
	}
	if s.NoCalendar != (kpi.Wording{}) {
		v.NoCalendar = &s.NoCalendar
	}
	if !s.DataTo.IsZero() {
		v.DataTo = &s.DataTo
	}
	v.Today = newToday(s, all)
	if w := s.Waiting[all]; w.Count > 0 || w.Stale > 0 {
		v.Waiting = waiting{Count: w.Count, Stale: w.Stale}
		if !w.Since.IsZero() {
			v.Waiting.LongestSince = &w.Since
		}
	}
	v.Waiting.NotConnected = string(knows(s, kpi.ThisYear, all).MissingFor("waiting", int64(v.Waiting.Count)))
	if a := s.Agents[all]; a != nil {
		v.Agents = &agents{
			SignedIn: a.Total(), Talking: a[hotline.Talking], Ringing: a[hotline.Ringing],
			Free: a[hotline.Free], Wrapup: a[hotline.Wrapup], Paused: a[hotline.Paused],
		}
	}
	v.Tickets = newTickets(s, all)
	for _, w := range []kpi.Window{kpi.Last15Minutes, kpi.LastHour} {
		r := figures(s, w, all).AnswerRateAgent
		line := recent{Window: string(w), Rate: against(kpi.AnswerRateTarget, r)}
		if low, high, ok := kpi.Wilson(r, confidence); ok {
			line.Low, line.High = low, high
			line.LowText, line.HighText = fmt.Sprintf("%.0f%%", 100*low), fmt.Sprintf("%.0f%%", 100*high)
		}
		v.Recent = append(v.Recent, line)
	}
	v.Month = against(kpi.AnswerRateTarget, figures(s, kpi.ThisMonth, all).AnswerRate)
	v.Quarter = against(kpi.AnswerRateTarget, figures(s, kpi.ThisQuarter, all).AnswerRate)
	ofYear := figures(s, kpi.ThisYear, all)
	v.Year = year{Answered: ofYear.AnsweredCalls.Num, Rate: against(kpi.AnswerRateTarget, ofYear.AnswerRate)}
	share := kpi.Ratio{Num: ofYear.AnsweredCalls.Num, Den: kpi.AnsweredCallsTarget.Num, NotConnected: ofYear.AnsweredCalls.NotConnected}
	v.Year.Share, _ = kpi.CutPercent(share, 1)
	for _, t := range s.Topics[:min(mostTopics, len(s.Topics))] {
		v.Topics = append(v.Topics, topic{t.Topic, t.Calls})
	}
	v.Queues = newQueues(s)
	v.MoreQueues = max(0, len(v.Queues)-mostQueues)
	for _, q := range v.Queues[len(v.Queues)-v.MoreQueues:] {
		if q.Waiting != nil {
			v.MoreWaiting += *q.Waiting
		}
	}
	v.Queues = v.Queues[:len(v.Queues)-v.MoreQueues]
	return v
}

func newDefinition(d *kpi.Definitions) definition {
	s := d.InForce[kpi.DefAnswerRate]
	return definition{
		Name: d.AnswerRate, Version: s.Version, Confirmed: s.Confirmed, Since: s.Since, Formula: s.Formula, Text: s.Text,
	}
}

func figures(s *kpi.Snapshot, w kpi.Window, scope kpi.Scope) kpi.Figures {
	c := s.Windows[w].Scopes[scope]
	return c.Figures(s.Definitions)
}

// knows is what all sources of a window's calls know.
func knows(s *kpi.Snapshot, w kpi.Window, scope kpi.Scope) kpi.Knows {
	return s.Windows[w].Scopes[scope].Knows
}

func newToday(s *kpi.Snapshot, all kpi.Scope) today {
	f := figures(s, kpi.Today, all)
	counted := s.Windows[kpi.Today].Scopes[all]
	t := today{
		Rate:          against(kpi.AnswerRateTarget, f.AnswerRate),
		Agent:         against(kpi.AnswerRateTarget, f.AnswerRateAgent),
		Composite:     against(kpi.AnswerRateTarget, f.AnswerRateComposite),
		Timeliness:    against(kpi.TimelinessTarget, f.ResponseTimeliness),
		TimelyLeads:   f.ResponseLeads,
		TimelyWait:    against(kpi.TimelinessTarget, f.ResponseTimelinessWait),
		TimelyItems:   against(kpi.TimelinessTarget, f.ResponseTimelinessItems),
		Consultation:  against(kpi.TimelinessTarget, f.ConsultationTimeliness),
		ASA:           plain(f.ASA),
		Offered:       counted.Tally.Offered(),
		MissesLeft:    kpi.AnswerRateTarget.MissesLeft(f.AnswerRate),
		AnswersNeeded: kpi.AnswerRateTarget.AnswersNeeded(f.AnswerRate),
		Curve:         newCurve(s),
		SoFar:         newSoFar(s),
	}
	if f.AnswerRate.NotConnected != "" { // without a rate nothing is left of it
		t.MissesLeft, t.AnswersNeeded = 0, 0
	} else if s.Definitions.AnswerRate == kpi.RateAgent {
		t.Allowance = newAllowance(s, f.AnswerRate)
	}
	t.ASA.Text, _ = kpi.CutSeconds(f.ASA, 0)
	return t
}

func newTickets(s *kpi.Snapshot, all kpi.Scope) *tickets {
	if s.Tickets == nil {
		return nil
	}
	f := figures(s, kpi.ThisYear, all)
	t := &tickets{
		Consultation: against(kpi.TimelinessTarget, f.ConsultationTimeliness),
		Items:        against(kpi.TimelinessTarget, f.ResponseTimelinessItems),
	}
	for _, n := range s.Tickets[all] {
		t.Open += n.Open
		t.Overdue += n.Overdue
	}
	return t
}

func newQueues(s *kpi.Snapshot) []queue {
	var list []queue
	for scope := range s.Windows[kpi.Today].Scopes {
		if scope.Level != kpi.OneQueue {
			continue
		}
		r := figures(s, kpi.Today, scope).AnswerRateAgent
		w := s.Waiting[scope]
		if r.Den == 0 && w.Count == 0 {
			continue // calls that never asked for an agent
		}
		q := queue{Name: scope.Queue, Rate: against(kpi.AnswerRateTarget, r)}
		if knows(s, kpi.Today, scope).MissingFor("waiting", int64(w.Count)) == "" {
			q.Waiting = &w.Count
		}
		list = append(list, q)
	}
	slices.SortFunc(list, func(a, b queue) int {
		return cmp.Or(cmp.Compare(b.Rate.Den, a.Rate.Den), cmp.Compare(b.Rate.Num, a.Rate.Num), cmp.Compare(a.Name, b.Name))
	})
	return list
}

func plain(r kpi.Ratio) figure {
	f := figure{Num: r.Num, Den: r.Den, NotConnected: string(r.NotConnected)}
	if r.NotConnected == kpi.CanRequests {
		f.Den = 0 // of the answered alone
	}
	if v, ok := r.Value(); ok {
		f.Value = &v
		f.Text, _ = kpi.CutPercent(r, 1)
	}
	return f
}

func against(t kpi.Target, r kpi.Ratio) figure {
	f := plain(r)
	f.Met = t.MetBy(r)
	return f
}

func percentOf(t kpi.Target) string {
	s, _ := kpi.CutPercent(kpi.Ratio{Num: t.Num, Den: t.Den}, 0)
	return s
}
