package kpi

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var nine = time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC) // of Shanghai

// fates makes calls a minute apart, from a letter each: a answered at once, A later, q lost
// waiting, s lost suddenly, u lost waiting for the one agent of two that calls need, b and B
// answered and lost of a source without waits.
func fates(text string) []Decision {
	letters := map[rune]Fate{'a': AnsweredAtOnce, 'A': AnsweredLater, 'q': LostQueued, 'u': LostQueued, 's': LostSuddenly, 'b': AnsweredBlind, 'B': LostBlind}
	var list []Decision
	for i, c := range text {
		d := Decision{At: nine.Add(time.Duration(i) * time.Minute), ID: fmt.Sprint(i), Fate: letters[c]}
		if c == 'A' || c == 'q' {
			d.Wait, d.Ahead = 3*time.Minute, 3
		}
		if c == 'u' {
			d.Overload = 2
		}
		list = append(list, d)
	}
	return list
}

func repeat(text string, n int) string { return string(slices.Repeat([]rune(text), n)) }

func answerTest(t *testing.T, name string, losses Losses) AnswerTest {
	t.Helper()
	for _, test := range AnswerTests() {
		if test.Name == name && test.Losses == losses {
			return test
		}
	}
	t.Fatalf("no test %s of %s losses", name, losses)
	return AnswerTest{}
}

func TestAnswerTests(t *testing.T) {
	day := repeat("a", 100)
	for _, tt := range []struct {
		losses Losses
		calls  string
		fires  bool
	}{
		{SuddenLosses, "", false},
		{SuddenLosses, day, false},
		{SuddenLosses, day + repeat("s", 6), false},
		{SuddenLosses, day + repeat("s", 7), true},
		{SuddenLosses, day + repeat("as", 25), true},
		{SuddenLosses, day + repeat("q", 50), false}, // another test's
		{SuddenLosses, repeat("aaaaaas", 60), false}, // 86 %
		{SuddenLosses, day + repeat("s", 50) + repeat("a", 6), false},
		{QueuedLosses, day + repeat("s", 50), false},
		{QueuedLosses, day + "qqqqAqq" + day, false}, // a clump
		{QueuedLosses, day + repeat("qAqqA", 13), true},
		{QueuedLosses, day + repeat("qAqqA", 40) + repeat("a", 12), false},
		{BlindLosses, repeat("b", 100) + repeat("B", 25), false},
		{BlindLosses, repeat("b", 100) + repeat("B", 26), true},
		{BlindLosses, day + repeat("s", 50) + repeat("q", 50), false},
		{UnderstaffedLosses, day + repeat("s", 50) + repeat("q", 50) + repeat("B", 50), false}, // with enough on duty
		{UnderstaffedLosses, day + repeat("u", 10), false},
		{UnderstaffedLosses, day + repeat("u", 11), true},
		{UnderstaffedLosses, repeat("b", 100) + repeat("uAuAb", 17), true},
		{UnderstaffedLosses, day + repeat("u", 50) + repeat("A", 7), false},
	} {
		test := answerTest(t, CollapseTest, tt.losses)
		if got := test.Run(fates(tt.calls)); (got >= test.Threshold) != tt.fires {
			t.Errorf("%s of %q: %.2f of %.2f", tt.losses, tt.calls, got, test.Threshold)
		}
	}
}

// A decline is seen where a collapse is not.
func TestDecline(t *testing.T) {
	calls := fates(repeat("a", 200) + repeat("aaas", 60))
	slow, fast := answerTest(t, DeclineTest, SuddenLosses), answerTest(t, CollapseTest, SuddenLosses)
	if got := slow.Run(calls); got < slow.Threshold {
		t.Errorf("60 times three of four: %.2f of %.2f", got, slow.Threshold)
	}
	if got := fast.Run(calls); got >= fast.Threshold {
		t.Errorf("it is no collapse: %.2f", got)
	}
}

// letters are a loss and an answer that a test sees.
func letters(test *AnswerTest) (lost, answered string) {
	switch test.Losses {
	case QueuedLosses:
		return "q", "a"
	case BlindLosses:
		return "B", "b"
	case UnderstaffedLosses:
		return "u", "a"
	}
	return "s", "a"
}

// However long a collapse lasts, so many answered calls clear it.
func TestRecoveryClears(t *testing.T) {
	for _, test := range AnswerTests() {
		lost, answered := letters(&test)
		calls := repeat(lost, 500) + repeat(answered, 15)
		if got := test.Run(fates(calls)); got >= test.Threshold {
			t.Errorf("%s %s: %.2f of %.2f after 15 answered calls", test.Name, test.Losses, got, test.Threshold)
		}
		if got := test.Run(fates(repeat(lost, 500))); got < test.Threshold {
			t.Errorf("%s %s: %.2f after 500 losses", test.Name, test.Losses, got)
		}
	}
}

// However fast or slowly calls come, an hour in which one of twelve is lost clears it.
func TestRecoveryClearsWithinAnHour(t *testing.T) {
	for _, every := range []time.Duration{6 * time.Second, time.Minute, 3 * time.Minute} {
		for _, test := range AnswerTests() {
			lost, answered := letters(&test)
			hour := int(time.Hour / every)
			list := fates(repeat(lost, 3*hour) + repeat(repeat(answered, 5)+lost+repeat(answered, 6), hour/12+1)[:hour])
			for i := range list {
				waited := list[i].Wait
				list[i].At, list[i].Wait = nine.Add(time.Duration(i)*every), min(waited, every)
			}
			Order(list, nil)
			var state TestState
			cleared := false
			for i := range list {
				if state = test.Next(state, &list[i]); i == 3*hour-1 && state.Statistic < test.Threshold {
					t.Errorf("%s %s, a call every %s: %.2f of %.2f after three hours of losses", test.Name, test.Losses, every, state.Statistic, test.Threshold)
				}
				cleared = cleared || i >= 3*hour && state.Statistic < test.Threshold
			}
			if !cleared || state.Statistic >= test.Threshold {
				t.Errorf("%s %s, a call every %s: %.2f of %.2f an hour after recovery", test.Name, test.Losses, every, state.Statistic, test.Threshold)
			}
		}
	}
}

func TestFateOf(t *testing.T) {
	for _, tt := range []struct {
		answered, turnedAway, known bool
		wait                        time.Duration
		want                        Fate
	}{
		{true, false, true, 0, AnsweredAtOnce},
		{true, false, true, 9999 * time.Millisecond, AnsweredAtOnce},
		{true, false, true, 10 * time.Second, AnsweredLater},
		{false, false, true, 4999 * time.Millisecond, LostSuddenly},
		{false, false, true, 5 * time.Second, LostQueued},
		{false, true, true, 0, LostQueued},
		{true, false, false, 0, AnsweredBlind},
		{false, true, false, 0, LostBlind},
	} {
		if got := FateOf(tt.answered, tt.turnedAway, tt.known, tt.wait); got != tt.want {
			t.Errorf("%+v: got %d", tt, got)
		}
	}
}

// Whatever order records come in, the tests see the calls in that of their decision; and
// who waited is who had begun and was not decided.
func TestOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		minute := rapid.Custom(func(t *rapid.T) time.Time {
			return nine.Add(time.Duration(rapid.IntRange(0, 20).Draw(t, "minute")) * time.Minute)
		})
		list := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Decision {
			return Decision{
				At: minute.Draw(t, "at"), Wait: time.Duration(rapid.IntRange(0, 10).Draw(t, "wait")) * time.Minute,
				ID: fmt.Sprint(rapid.IntRange(0, 1<<30).Draw(t, "id")), Fate: Fate(rapid.IntRange(0, 5).Draw(t, "fate")),
			}
		}), 0, 30).Draw(t, "calls")
		waiting := rapid.SliceOfN(minute, 0, 5).Draw(t, "waiting")
		slices.SortFunc(list, Decision.Compare)
		list = slices.CompactFunc(list, func(a, b Decision) bool { return a.At.Equal(b.At) && a.ID == b.ID })
		other := slices.Clone(list)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		r.Shuffle(len(other), func(i, j int) { other[i], other[j] = other[j], other[i] })
		Order(list, waiting)
		Order(other, waiting)
		if !slices.Equal(list, other) {
			t.Fatal("the order of arrival shows")
		}
		for i, d := range list {
			want := 0
			for j, o := range list {
				if j > i && o.At.Add(-o.Wait).Before(d.At) {
					want++
				}
			}
			for _, since := range waiting {
				if since.Before(d.At) {
					want++
				}
			}
			late := 0
			for _, o := range list[:i+1] {
				if o.At.After(d.At.Add(-30 * time.Minute)) {
					late++
				}
			}
			if d.Recent != late {
				t.Fatalf("at %d: %d of late, want %d", i, d.Recent, late)
			}
			if d.Ahead != want {
				t.Fatalf("at %d: %d wait, want %d", i, d.Ahead, want)
			}
		}
		for _, test := range AnswerTests() {
			if s := test.Run(list); s < 0 || s > test.Threshold+test.Headroom {
				t.Fatalf("%s %s: %v", test.Name, test.Losses, s)
			}
		}
	})
}
