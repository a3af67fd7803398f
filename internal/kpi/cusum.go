package kpi

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Decision is a requested call at the moment it was decided, as the sequential tests of
// the answer rate see it.
type Decision struct {
	At   time.Time // the moment of decision
	Wait time.Duration
	ID   string // orders decisions of one moment
	Fate Fate
	// Ahead is how many other callers waited at that moment, and Recent how many calls were
	// decided in the half hour up to it; see Order.
	Ahead, Recent int
	// Overload is how many times those on duty the calls needed; 0: not known. See Shortage.
	Overload float64
}

// Fate is what became of a call, as far as it tells whether losses have a common cause.
type Fate uint8

// The fates.
const (
	AnsweredAtOnce Fate = iota // somebody was free
	AnsweredLater
	LostQueued    // callers waited: one agent too few for ten minutes loses several
	LostSuddenly  // the caller did not wait: no queue explains it, so it speaks for itself
	AnsweredBlind // of a source that knows no waits
	LostBlind     // which may be either
)

// Answered says whether it was.
func (f Fate) Answered() bool { return f == AnsweredAtOnce || f == AnsweredLater || f == AnsweredBlind }

// What an answer at once and a sudden loss may have waited at most.
const (
	atOnceWithin   = 10 * time.Second
	suddenlyWithin = 5 * time.Second
)

// FateOf is the fate of a requested call. Callers who found the queue full (turnedAway) did
// not wait, but others did.
func FateOf(answered, turnedAway, waitKnown bool, wait time.Duration) Fate {
	switch {
	case answered && !waitKnown:
		return AnsweredBlind
	case !waitKnown:
		return LostBlind
	case answered && wait < atOnceWithin:
		return AnsweredAtOnce
	case answered:
		return AnsweredLater
	case wait < suddenlyWithin && !turnedAway:
		return LostSuddenly
	}
	return LostQueued
}

// Compare orders decisions by their moments.
func (d Decision) Compare(o Decision) int { return cmp.Or(d.At.Compare(o.At), cmp.Compare(d.ID, o.ID)) }

// recently is the time over which Order counts Recent.
const recently = 30 * time.Minute

// Order puts decisions into the order in which the tests take them, and counts at each who
// waited and how many were decided of late. waiting are the instants since when those wait who are not decided yet.
func Order(list []Decision, waiting []time.Time) {
	slices.SortFunc(list, Decision.Compare)
	since := slices.Clone(waiting)
	for i := range list {
		since = append(since, list[i].At.Add(-list[i].Wait))
	}
	slices.SortFunc(since, time.Time.Compare)
	began, decided, late := 0, 0, 0
	for i := 0; i < len(list); {
		at, first := list[i].At, i
		for !list[late].At.After(at.Add(-recently)) {
			late++
		}
		for began < len(since) && since[began].Before(at) {
			began++
		}
		for ; i < len(list) && list[i].At.Equal(at); i++ {
			if list[i].Wait > 0 {
				decided++
			}
			list[i].Ahead, list[i].Recent = began-decided, i-late+1
		}
		for j := first; j < i; j++ {
			if list[j].Wait <= 0 { // began at this moment, and is over
				decided++
			}
		}
	}
}

// Losses are those that a test counts.
type Losses string

// The losses.
const (
	SuddenLosses Losses = "sudden" // no queue explains them
	QueuedLosses Losses = "queued" // callers waited: they come in clumps
	BlindLosses  Losses = "blind"  // of sources without waits
	// UnderstaffedLosses have a cause that is known: fewer are on duty than the calls need.
	UnderstaffedLosses Losses = "understaffed"
)

// AnswerTest is a CUSUM of "the answer rate holds" against "it has fallen": the sum of the
// logarithms of the likelihood ratio, call by call in the order of their decision, never
// below 0. It signals at Threshold. With Held and Fallen it is the Bernoulli CUSUM (M. R.
// Reynolds and Z. G. Stoumbos, A CUSUM Chart for Monitoring a Proportion When Inspecting
// Continuously, Journal of Quality Technology 31, 1999), in which calls are independent.
// Without them it is that of a Markov chain; see queueScores.
type AnswerTest struct {
	Name   string // CollapseTest, DeclineTest
	Losses Losses
	Held   float64 // 0: the Markov chain
	Fallen float64

	// Overload, of understaffed losses: those count that come while the calls need so many
	// times the agents on duty.
	Overload float64

	Threshold float64 // by simulation: see docs/alerts.md
	// Headroom is how far beyond the threshold the sum goes at most, so that ten to
	// twenty calls after recovery clear it.
	Headroom float64
	// FullWeight is how many calls in half an hour count in full; of more, each counts for
	// as much less: where calls come fast, a clump of the same minutes has more of them.
	// 0: all count in full.
	FullWeight int
}

// The names of the tests.
const (
	CollapseTest = "collapse"
	DeclineTest  = "decline"
)

// AnswerTests are the tests that run side by side over the calls of an opening. Where losses
// may come in clumps, Held and Fallen are no rates that anybody expects: a clump looks like
// a fall as long as it lasts, and a pair that lies lower tells the two apart sooner than a
// higher threshold would.
func AnswerTests() []AnswerTest {
	return []AnswerTest{
		{Name: CollapseTest, Losses: SuddenLosses, Held: 0.86, Fallen: 0.50, Threshold: 8.7, Headroom: 3},
		{Name: CollapseTest, Losses: QueuedLosses, Threshold: 15.5, Headroom: 3},
		{Name: CollapseTest, Losses: BlindLosses, Held: 0.80, Fallen: 0.47, FullWeight: 80, Threshold: 25, Headroom: 3},
		{Name: CollapseTest, Losses: UnderstaffedLosses, Held: 0.86, Fallen: 0.50, Overload: 1.65, Threshold: 14, Headroom: 3},
		{Name: DeclineTest, Losses: SuddenLosses, Held: 0.87, Fallen: 0.75, Threshold: 8.4, Headroom: 1},
		{Name: DeclineTest, Losses: QueuedLosses, Held: 0.80, Fallen: 0.66, FullWeight: 40, Threshold: 15.5, Headroom: 1},
		{Name: DeclineTest, Losses: BlindLosses, Held: 0.80, Fallen: 0.66, FullWeight: 40, Threshold: 15.5, Headroom: 1},
		{Name: DeclineTest, Losses: UnderstaffedLosses, Held: 0.80, Fallen: 0.66, Overload: 1.1, FullWeight: 40, Threshold: 13, Headroom: 1},
	}
}

// TestState is a test under way. The zero TestState is that at the opening.
type TestState struct {
	Statistic float64
	last      uint8 // state of the chain after the last call, plus 1; 0: none
}

// Next is the state after a further decision.
func (t *AnswerTest) Next(c TestState, d *Decision) TestState {
	score := 0.0
	if !t.sees(d) {
		return c
	}
	switch {
	case t.Held == 0:
		state := queueState(d)
		if c.last > 0 {
			score = queueScores[c.last-1][state]
		}
		c.last = uint8(state) + 1
	case d.Fate.Answered():
		score = math.Log(t.Fallen / t.Held)
	default:
		score = math.Log((1 - t.Fallen) / (1 - t.Held))
	}
	if t.FullWeight > 0 && d.Recent > t.FullWeight {
		score *= float64(t.FullWeight) / float64(d.Recent)
	}
	c.Statistic = min(max(0, c.Statistic+score), t.Threshold+t.Headroom)
	return c
}

// sees says whether a call is among those that the test is about.
func (t *AnswerTest) sees(d *Decision) bool {
	if t.Losses == UnderstaffedLosses {
		return d.Fate.Answered() || d.Overload >= t.Overload
	}
	switch d.Fate {
	case LostSuddenly:
		return t.Losses == SuddenLosses
	case LostQueued:
		return t.Losses == QueuedLosses
	case AnsweredBlind, LostBlind:
		return t.Losses == BlindLosses
	}
	return t.Losses != BlindLosses
}

// Run is the statistic after the decisions, which Order has ordered. They are those since
// the opening: nothing of an earlier one is carried over.
func (t *AnswerTest) Run(decisions []Decision) float64 {
	var c TestState
	for i := range decisions {
		c = t.Next(c, &decisions[i])
	}
	return c.Statistic
}

// queueState is how many wait (nobody, one or two, more) and what became of the call: an
// answer at once, a later one, a loss.
func queueState(d *Decision) int {
	waiting := 0
	switch {
	case d.Ahead > 2:
		waiting = 2
	case d.Ahead > 0:
		waiting = 1
	}
	fate := int(LostQueued)
	if d.Fate.Answered() {
		fate = int(d.Fate)
	}
	return 3*waiting + fate
}

// queueScores are the logarithms of how much more likely it is, in a queue that has lost
// more than half of its agents than in one that just holds 86 %, that a call in one state
// (row) is followed by one in another (column). They were counted in simulated queues of
// four and five agents. A loss after a loss while several wait says little: clumps have
// that too. What says much is that nobody is answered at once any more.
var queueScores = [9][9]float64{
	{-0.69, 0.48, 1.64, -0.69, 1.08, 2.06, 0, 1.43, 2.60},
	{-0.75, -0.04, 0.91, -0.72, 0.36, 1.32, 0, 1.08, 1.91},
	{-0.50, 0.05, 0.81, -0.37, 0.37, 1.27, 0, 1.00, 1.76},
	{-1.18, -0.35, 1.20, -1.63, 0.20, 1.65, 0, 1.12, 1.71},
	{-2.06, -1.05, 0.17, -3.37, -0.53, 0.65, 0, 0.26, 1.27},
	{-1.62, -0.75, 0.06, -1.57, -0.27, 0.56, 0, 0.41, 1.19},
	{0, 0, 0, 0, 0, 0, 0, 0, 0}, // an answer at once while many wait: of another queue, or a clock that is wrong
	{-1, -1, 0, -1.31, -1.25, 0, 0, -0.67, 0.57},
	{-1, -1, 0, -1, -0.98, -0.10, 0, -0.30, 0.58},
}
