package alarm

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"hotline12333/internal/kpi"
)

// Page is the severity of what somebody is woken for; everything else can wait.
const Page = "page"

// Alarm is an alert in force.
type Alarm struct {
	Name     string            // of the rule
	Severity string            // page or warning
	Labels   map[string]string // all of them
	Summary  kpi.Wording
	Since    time.Time
	Runbook  string // path of the page that says what to do
}

// State is what is known of alerts.
type State struct {
	// At is when the rules were last evaluated over fresh values; zero: never yet, and that
	// nothing fires says nothing.
	At     time.Time
	Firing []Alarm // pages before warnings, then the oldest first
}

// newAlarm reads labels and annotations as the rules set them.
func newAlarm(labels, annotations map[string]string, since time.Time) Alarm {
	return Alarm{
		Name: labels["alertname"], Severity: labels["severity"], Labels: labels, Since: since,
		Summary: kpi.Wording{ZH: annotations["summary"], EN: annotations["summary_en"]},
		Runbook: annotations["runbook_url"],
	}
}

func sortAlarms(list []Alarm) {
	slices.SortFunc(list, func(a, b Alarm) int {
		urgent := func(x Alarm) int {
			if x.Severity == Page {
				return 0
			}
			return 1
		}
		return cmp.Or(cmp.Compare(urgent(a), urgent(b)), a.Since.Compare(b.Since), cmp.Compare(a.Name, b.Name),
			cmp.Compare(a.Labels["centre"], b.Labels["centre"]), cmp.Compare(a.Labels["queue"], b.Labels["queue"]))
	})
}

// Subscribers are told that something changed.
type Subscribers struct {
	mu  sync.Mutex
	all map[chan struct{}]struct{}
}

// Subscribe gives a channel that receives whenever the state has changed; several changes
// may be told as one. The function ends it.
func (s *Subscribers) Subscribe() (changes <-chan struct{}, end func()) {
	ch := make(chan struct{}, 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = make(map[chan struct{}]struct{})
	}
	s.all[ch] = struct{}{}
	return ch, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.all, ch)
	}
}

// Tell wakes them; who has not looked since the last change is not told twice.
func (s *Subscribers) Tell() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for ch := range s.all {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}
