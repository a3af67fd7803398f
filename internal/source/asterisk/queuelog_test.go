package asterisk_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/wire"
)

// TestQueueLogTruth holds the reading of a real file against figures counted from it by
// other means.
func TestQueueLogTruth(t *testing.T) {
	src := builtin(t, "asterisk-queue-log")
	a := read(t, src, shared(t, "asterisk-queue-log/queue_log"), wire.Position{})
	total := a.tally()
	fig := kpi.Compute(&total, src.Knows(), kpi.Definitions{ServiceLevels: []int{20}, AnswerRate: kpi.RateAgent})
	type truth struct {
		Calls, Answered, AbandonedQueue, AbandonedRinging, Open, Offered int64
		ASAMillis, ASAOf, Within20, TalkMillis                           int64
		Composite                                                        kpi.Capability
	}
	got := truth{
		Calls: total.Calls, Answered: total.Answered, AbandonedQueue: total.AbandonedQueue, AbandonedRinging: total.AbandonedRinging,
		Open: total.Open, Offered: total.Offered(), ASAMillis: fig.ASA.Num, ASAOf: fig.ASA.Den,
		Within20: fig.ServiceLevelOfAnswered[20].Num, TalkMillis: total.TalkMillis, Composite: fig.AnswerRateComposite.NotConnected,
	}
	want := truth{
		Calls: 21, Answered: 8, AbandonedQueue: 12, Open: 1, Offered: 20,
		ASAMillis: 143_000, ASAOf: 8, Within20: 6, TalkMillis: 45_000, Composite: kpi.CanIVR,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("figures (-want +got):\n%s", diff)
	}
	if asa, _ := fig.ASA.Value(); asa != 17_875 {
		t.Errorf("asa %v ms", asa)
	}
	complete := 0
	for _, c := range a.calls {
		if c.Outcome == hotline.Answered && !c.EndedAt.IsZero() {
			complete++
		}
	}
	if complete != 7 || len(a.rejected) > 0 {
		t.Errorf("%d complete, rejected %v", complete, a.rejected)
	}
	if want := map[string]int{"ring": 221, "system_event": 9}; a.lines != 278 || cmp.Diff(want, a.ignored) != "" {
		t.Errorf("%d lines; ignored %v", a.lines, a.ignored)
	}
	if a.read != a.accepted+221+9 || a.accepted != len(a.agents)+48 {
		t.Errorf("read %d, accepted %d, of them %d states of agents", a.read, a.accepted, len(a.agents))
	}
}

func at(s int64) time.Time { return time.Unix(s, 0).UTC() }

func TestQueueLogOneCall(t *testing.T) {
	a := queueLog(t,
		"1700000000|1699999990.1|kefu|NONE|DID|12333",
		"1700000000|1699999990.1|kefu|NONE|ENTERQUEUE||13812345678|1",
		"1700000009|1699999990.1|kefu|SIP/8001|RINGNOANSWER|5000",
		"1700000012|1699999990.1|kefu|SIP/8002|CONNECT|12|1700000009.3|3",
		"1700000072|1699999990.1|kefu|SIP/8002|COMPLETECALLER|12|60|1",
	)
	want := hotline.Call{
		ID: "1699999990.1", Version: 5, Centre: "default", Source: "asterisk-queue-log", Direction: hotline.Inbound,
		StartedAt: at(1700000000), QueuedAt: at(1700000000), AnsweredAt: at(1700000012), EndedAt: at(1700000072),
		Outcome: hotline.Answered, Queue: "kefu", Agent: "SIP/8002", Wait: hotline.Seconds(12), Talk: hotline.Seconds(60),
		Legs:       []hotline.Leg{{Agent: "SIP/8002", Queue: "kefu", AnsweredAt: at(1700000012), EndedAt: at(1700000072)}},
		CallerHash: "h:78", CallerMasked: "****78", Region: a.calls["1699999990.1"].Region,
		Attributes: map[string]string{"did": "12333", "rings_unanswered": "1", "rings_unanswered_ms": "5000"},
	}
	if diff := cmp.Diff(want, a.calls["1699999990.1"]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]int{"ring": 1}, a.ignored); diff != "" {
		t.Error(diff)
	}
	if got, want := a.states(), "22:13:32 SIP/8002 talking\n22:14:32 SIP/8002 free\n"; got != want {
		t.Errorf("states:\n%s", got)
	}
}

func TestQueueLogAgents(t *testing.T) {
	a := queueLog(t,
		"1700000000|REALTIME|q|SIP/1|ADDMEMBER|",
		"1700000001|NONE|p|SIP/1|ADDMEMBER|",
		"1700000002|NONE|NONE|SIP/1|PAUSEALL|lunch",
		"1700000002|NONE|q|SIP/1|PAUSE|lunch",
		"1700000002|NONE|p|SIP/1|PAUSE|lunch",
		"1700000010|NONE|NONE|SIP/1|UNPAUSEALL|",
		"1700000010|NONE|q|SIP/1|UNPAUSE|",
		"1700000011|NONE|q|SIP/1|PAUSE|one queue only",
		"1700000012|1.1|p|NONE|ENTERQUEUE||139|1",
		"1700000013|1.1|p|SIP/1|CONNECT|1|1.2|1",
		"1700000020|1.1|p|SIP/1|COMPLETEAGENT|1|7|1",
		"1700000021|NONE|q|SIP/1|REMOVEMEMBER|",
		"1700000022|CLI|p|SIP/1|REMOVEMEMBER|",
		"1700000023|1.9|NONE|3001|AGENTLOGIN|SIP/5-00000001",
		"1700000024|1.9|NONE|3001|AGENTLOGOFF|SIP/5-00000001|1",
		"1700000025|REALTIME|q|SIP/2|ADDMEMBER|PAUSED",
		"1700000026|NONE|q|SIP/2|PENALTY|3",
	)
	want := `22:13:20 SIP/1 free
22:13:22 SIP/1 paused lunch
22:13:30 SIP/1 free
22:13:33 SIP/1 talking
22:13:40 SIP/1 free
22:13:42 SIP/1 signed_out
22:13:43 3001 free
22:13:44 3001 signed_out
22:13:45 SIP/2 paused
`
	if diff := cmp.Diff(want, a.states()); diff != "" {
		t.Error(diff)
	}
	if len(a.rejected) > 0 {
		t.Error(a.rejected)
	}
}

func TestQueueLogBadLines(t *testing.T) {
	a := queueLog(t,
		"nonsense",
		"12|34",
		"xx|1.1|q|NONE|ENTERQUEUE||139",
		"9999999999|1.1|q|NONE|ENTERQUEUE||139",
		"1700000000|NONE|q|NONE|ENTERQUEUE||139",
		"1700000000|1.1|q|SIP/1|CONNECT|soon|1.2",
		"1700000000|1.1|q|SIP/1|CONNECT|99999999|1.2",
		"1700000000|1.1|"+strings.Repeat("q", 200)+"|NONE|ENTERQUEUE||139",
		"1700000000|1.1|q|NONE|PAUSE|",
		"1700000000|"+strings.Repeat("1", 200)+"|q|NONE|ENTERQUEUE||139",
		"1700000000|1.1|q|NONE|TEATIME|",
		"1700000000|NONE|NONE|NONE|QUEUESTART|",
		"",
		"1700000000|1.1|q|NONE|ENTERQUEUE||139"+strings.Repeat("0", 70_000),
	)
	want := []string{
		"bad_row: 1 fields; an event has at least 5: time|call|queue|member|event",
		"bad_row: 2 fields; an event has at least 5: time|call|queue|member|event",
		"time: bad_row: the line does not begin with seconds since 1970",
		"time: out_of_range: outside the years 1990 to 2099",
		"call_id: missing_field: ENTERQUEUE without a call",
		"holdtime: wrong_type: not a whole number",
		"holdtime: out_of_range: longer than a week",
		"queue: too_long: 200 bytes, at most 128",
		"agent: missing_field: PAUSE without a member",
		"call_id: too_long: 200 bytes, at most 64",
		"too_large: a line of 70038 bytes, at most 65536",
	}
	if diff := cmp.Diff(want, a.rejected); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]int{"unknown_event": 1, "system_event": 1}, a.ignored); diff != "" {
		t.Error(diff)
	}
	if len(a.calls) > 0 {
		t.Error(a.calls)
	}
}
