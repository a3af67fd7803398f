package web

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hotline12333/internal/journal"
	"hotline12333/internal/kpi"
)

// shiftDesk tells nothing but where the hotline stands.
type shiftDesk struct{ Desk }

func (shiftDesk) Zone() *time.Location { return time.FixedZone("CST", 8*3600) }

func (shiftDesk) ShiftState(context.Context, string) (journal.ShiftState, error) {
	return journal.ShiftState{At: noon}, nil
}

// toldAlarms is a state of alerts.
type toldAlarms AlarmState

func (a toldAlarms) State() AlarmState                  { return AlarmState(a) }
func (toldAlarms) Subscribe() (<-chan struct{}, func()) { return nil, func() {} }

// What is in force when a shift is signed goes with it, of the centre alone; where nobody
// evaluates rules, that is said and not that there is nothing.
func TestShiftKnowsAlarms(t *testing.T) {
	firing := AlarmState{At: noon, Maintenance: &Maintenance{From: noon, To: noon.Add(time.Hour), Reason: "升级"}, Firing: []Alarm{
		{Name: "AnswerRateDropped", Severity: "page", Centre: "xy", Summary: kpi.Wording{ZH: "接通率下降", EN: "the answer rate drops"}, Since: noon.Add(-time.Minute + time.Millisecond)},
		{Name: "DataStopped", Severity: "page", Since: noon},
		{Name: "AnswerRateDropped", Centre: "other", Since: noon},
	}}
	for what, tt := range map[string]struct {
		alarms Alarms
		centre string
		want   []string // nil: not known
		say    string
	}{
		"no rules at all":     {nil, "", nil, "未接入"},
		"not evaluated":       {toldAlarms{}, "", nil, "未接入"},
		"nothing in force":    {toldAlarms{At: noon}, "", []string{}, "无"},
		"of the whole system": {toldAlarms(firing), "", []string{"AnswerRateDropped", "DataStopped", "AnswerRateDropped"}, "AnswerRateDropped 接通率下降 (03-02 11:59)"},
		"of one centre":       {toldAlarms(firing), "xy", []string{"AnswerRateDropped", "DataStopped"}, "计划停机至"},
	} {
		s := New(DefaultConfig(), Deps{
			Log: slog.New(slog.DiscardHandler), Snapshots: &board{}, Desk: shiftDesk{}, Alarms: tt.alarms, Registry: prometheus.NewRegistry(), Now: time.Now,
			Ready: func(context.Context) error { return nil },
		})
		state, err := s.stateNow(page0("/shift"), tt.centre)
		if err != nil {
			t.Fatal(err)
		}
		if (state.Alarms == nil) != (tt.want == nil) {
			t.Fatalf("%s: alarms are known: %v", what, state.Alarms)
		}
		var got []string
		if state.Alarms != nil {
			for _, a := range *state.Alarms {
				got = append(got, a.Name)
				if a.Since.Nanosecond() != 0 {
					t.Errorf("%s: %v has a fraction of a second, which could be taken for a number", what, a.Since)
				}
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", what, got, tt.want)
		}
		if text := shiftText(s, chinese, &state); !strings.Contains(text, tt.say) {
			t.Errorf("%s: no %q in\n%s", what, tt.say, text)
		}
		if len(tt.want) == 0 {
			continue
		}
		if text := shiftText(s, english, &state); !strings.Contains(text, "AnswerRateDropped the answer rate drops (03-02 11:59)") {
			t.Errorf("%s: in English\n%s", what, text)
		}
		(*state.Alarms)[0].SummaryEN = "" // as signed by an earlier version
		if text := shiftText(s, english, &state); !strings.Contains(text, "AnswerRateDropped 接通率下降 (03-02 11:59)") {
			t.Errorf("%s: of an earlier version\n%s", what, text)
		}
	}
}

func shiftText(s *Server, l Lang, state *journal.ShiftState) string {
	var text strings.Builder
	for _, line := range s.stateLines(l, state, state) {
		fmt.Fprintln(&text, s.words.in(l, line.Word), line.Then, strings.Join(line.List, " "))
	}
	return text.String()
}

func TestDue(t *testing.T) {
	s := New(DefaultConfig(), Deps{
		Log: slog.New(slog.DiscardHandler), Snapshots: &board{}, Desk: shiftDesk{}, Registry: prometheus.NewRegistry(), Now: time.Now,
		Ready: func(context.Context) error { return nil },
	})
	for at, want := range map[time.Time]string{
		{}:                              "日历缺该年份",
		noon:                            "12:00 还有 0 小时 00 分", // exactly at it is in time
		noon.Add(-time.Second):          "11:59 已超时 0 小时 00 分",
		noon.Add(130 * time.Minute):     "14:10 还有 2 小时 10 分",
		noon.Add(20 * time.Hour):        "03-03 08:00 还有 20 小时 00 分",
		noon.Add(50 * time.Hour):        "03-04 14:00",
		noon.Add(-49 * time.Hour):       "02-28 11:00 已超时 2 天",
		noon.Add(-365 * 24 * time.Hour): "03-02 12:00 已超时 365 天",
	} {
		if got := s.due(chinese, at, noon); got != want {
			t.Errorf("due at %v: %q, want %q", at, got, want)
		}
	}
}
