package publish

import (
	"cmp"
	"log/slog"
	"maps"
	"slices"
	"sync"

	"hotline12333/internal/kpi"
)

// The label values that are no names of queues or centres.
const (
	labelAll   = "all"   // everything the other labels leave
	labelOther = "other" // queues beyond the bound
	labelNone  = "none"  // calls whose queue is not known
)

// labels gives queues their label values and bounds the number of queues.
type labels struct {
	most int
	log  *slog.Logger

	mu       sync.Mutex
	admitted map[kpi.Scope]bool
	refused  int // queues folded when last logged
}

func newLabels(cfg Config, log *slog.Logger) *labels {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &labels{most: cfg.MaxQueues, log: log, admitted: make(map[kpi.Scope]bool)}
}

// admit decides which queues get series of their own: those with the most calls first.
// A queue once admitted stays, so that no series ends while its queue lives.
func (l *labels) admit(year map[kpi.Scope]kpi.Counted, others ...map[kpi.Scope]kpi.Counted) {
	calls := make(map[kpi.Scope]int64)
	for _, scopes := range append(others, year) {
		for scope, counted := range scopes {
			if scope.Level == kpi.OneQueue {
				calls[scope] = max(calls[scope], counted.Tally.Calls)
			}
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	queues := slices.SortedFunc(maps.Keys(calls), func(a, b kpi.Scope) int {
		return cmp.Or(cmp.Compare(calls[b], calls[a]), a.Compare(b))
	})
	refused := 0
	for _, q := range queues {
		switch {
		case l.admitted[q]:
		case len(l.admitted) < l.most:
			l.admitted[q] = true
		default:
			refused++
		}
	}
	if refused > l.refused {
		l.log.Warn("too many queues for metrics of their own, the rest is added up as queue other",
			"max_queues", l.most, "folded", refused)
	}
	l.refused = max(l.refused, refused)
}

// fold maps a scope to the one it is exported as; folded is the queue "other".
func (l *labels) fold(s kpi.Scope) (to kpi.Scope, folded bool) {
	if s.Level != kpi.OneQueue {
		return s, false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.admitted[s] {
		return s, false
	}
	return kpi.Scope{Level: kpi.OneQueue, Centre: s.Centre, Queue: labelOther}, true
}

// series is a scope with its label values.
type series struct {
	centre, queue string
}

// seriesOf gives the label values of a scope. A queue or centre that bears one of the
// reserved names is told apart by a mark, so that its calls are never taken for a sum.
func seriesOf(s kpi.Scope, folded bool) series {
	switch {
	case s.Level == kpi.AllCentres:
		return series{labelAll, labelAll}
	case s.Level == kpi.OneCentre:
		return series{named(s.Centre), labelAll}
	case folded:
		return series{named(s.Centre), labelOther}
	case s.Queue == "":
		return series{named(s.Centre), labelNone}
	}
	return series{named(s.Centre), named(s.Queue)}
}

func named(name string) string {
	switch name {
	case labelAll, labelOther, labelNone:
		return "=" + name
	}
	return name
}
