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

// TestQueueLogHardCases are the shapes that break other readers.
func TestQueueLogHardCases(t *testing.T) {
	type call struct {
		ID        string
		Outcome   hotline.Outcome
		Queue     string
		Agents    string
		Wait      int64 // seconds, -1 unknown
		Talk      int64
		Transfers uint32
		Ended     bool
		Excluded  hotline.Exclusion
		Deleted   bool
	}
	for name, tc := range map[string]struct {
		lines string
		want  []call
	}{
		"abandoned in the queue": {
			`
100|1.1|q|NONE|ENTERQUEUE||139|1
107|1.1|q|NONE|ABANDON|1|1|7`,
			[]call{{ID: "1.1", Outcome: hotline.AbandonedQueue, Queue: "q", Wait: 7, Talk: -1, Ended: true}},
		},
		"abandoned while a phone rang": {
			`
100|1.1|q|NONE|ENTERQUEUE||139|1
107|1.1|q|SIP/1|RINGCANCELED|4000
107|1.1|q|NONE|ABANDON|1|1|7`,
			[]call{{ID: "1.1", Outcome: hotline.AbandonedRinging, Queue: "q", Wait: 7, Talk: -1, Ended: true}},
		},
		"a phone had rung long before": {
			`
100|1.1|q|NONE|ENTERQUEUE||139|1
103|1.1|q|SIP/1|RINGCANCELED|4000
107|1.1|q|NONE|ABANDON|1|1|7`,
			[]call{{ID: "1.1", Outcome: hotline.AbandonedQueue, Queue: "q", Wait: 7, Talk: -1, Ended: true}},
		},
		"gone during the announcement to the agent": {
			`
100|1.1|q|NONE|ENTERQUEUE||139|1
107|1.1|q|SIP/1|ABANDON|1|1|7`,
			[]call{{ID: "1.1", Outcome: hotline.AbandonedRinging, Queue: "q", Wait: 7, Talk: -1, Ended: true}},
		},
		"timed out, and tried another queue": {
			`
100|1.1|q|NONE|ENTERQUEUE||139|1
130|1.1|q|NONE|EXITWITHTIMEOUT|1|1|30
135|1.1|p|NONE|ENTERQUEUE||139|1
141|1.1|p|SIP/1|CONNECT|6|1.2|2
151|1.1|p|SIP/1|COMPLETEAGENT|6|10|1`,
			[]call{{ID: "1.1", Outcome: hotline.Answered, Queue: "p", Agents: "SIP/1@p", Wait: 36, Talk: 10, Ended: true}},
		},
		"timed out without a waiting time": {
			`
100|1.1|q|NONE|ENTERQUEUE||139
130|1.1|q|NONE|EXITWITHTIMEOUT|1`,
			[]call{{ID: "1.1", Outcome: hotline.TimedOut, Queue: "q", Wait: 30, Talk: -1, Ended: true}},
		},
		"left by a key": {
			`
100|1.1|q|NONE|ENTERQUEUE||139|1
111|1.1|q|NONE|EXITWITHKEY|1|1|1|11`,
			[]call{{ID: "1.1", Outcome: hotline.AbandonedQueue, Queue: "q", Wait: 11, Talk: -1, Ended: true}},
		},
		"nobody left": {
			`
100|1.1|q|NONE|ENTERQUEUE||139|1
109|1.1|q|NONE|EXITEMPTY|1|1|9`,
			[]call{{ID: "1.1", Outcome: hotline.TimedOut, Queue: "q", Wait: 9, Talk: -1, Ended: true}},
		},
		"nobody there": {
			`
100|1.1|q|NONE|JOINEMPTY|`,
			[]call{{ID: "1.1", Outcome: hotline.Blocked, Queue: "q", Wait: -1, Talk: -1, Ended: true}},
		},
		"blind transfer to another queue": {
			`
100|1.1|q|NONE|ENTERQUEUE||139|1
105|1.1|q|SIP/1|CONNECT|5|1.2|1
125|1.1|q|SIP/1|BLINDTRANSFER|600|from-internal|5|20|1
125|1.1|p|NONE|ENTERQUEUE||139|1
165|1.1|p|SIP/2|CONNECT|40|1.3|1
175|1.1|p|SIP/2|COMPLETECALLER|40|10|1`,
			[]call{{ID: "1.1", Outcome: hotline.Answered, Queue: "q", Agents: "SIP/1@q SIP/2@p", Wait: 5, Talk: 30, Transfers: 1, Ended: true}},
		},
		"transferred, and gave up in the second queue": {
			`
100|1.1|q|NONE|ENTERQUEUE||139|1
105|1.1|q|SIP/1|CONNECT|5|1.2|1
125|1.1|q|SIP/1|TRANSFER|600|from-internal|5|20
125|1.1|p|NONE|ENTERQUEUE||139|1
165|1.1|p|NONE|ABANDON|1|1|40`,
			[]call{{ID: "1.1", Outcome: hotline.Answered, Queue: "q", Agents: "SIP/1@q", Wait: 5, Talk: 20, Transfers: 1, Ended: true}},
		},
		"transferred to a person": {
			`
100|1.1|q|NONE|ENTERQUEUE||139|1
105|1.1|q|SIP/1|CONNECT|5|1.2|1
125|1.1|q|SIP/1|ATTENDEDTRANSFER|LINK|SIP/1-0000|Local/9@x-00;1|5|20|1`,
			[]call{{ID: "1.1", Outcome: hotline.Answered, Queue: "q", Agents: "SIP/1@q", Wait: 5, Talk: 20, Transfers: 1, Ended: true}},
		},
		// The agent asks in the second queue under their own id and gives the caller in
		// before a colleague answers; the first queue never says that it is over.
		"attended transfer from queue to queue": {
			`
100|1.1|q|NONE|ENTERQUEUE||13900001111|1
105|1.1|q|SIP/7009|CONNECT|5|1.2|1
120|1.5|p|NONE|DID|
120|1.5|p|NONE|ENTERQUEUE||7009|1
150|1.1|p|SIP/2|CONNECT|30|1.6|3
190|1.1|p|SIP/2|COMPLETEAGENT|30|40|1`,
			[]call{
				{ID: "1.1", Outcome: hotline.Answered, Queue: "q", Agents: "SIP/7009@q SIP/2@p", Wait: 5, Talk: 85, Transfers: 1, Ended: true},
				{ID: "1.5", Deleted: true},
			},
		},
		"the same, with the transfer logged": {
			`
100|1.1|q|NONE|ENTERQUEUE||13900001111|1
105|1.1|q|SIP/7009|CONNECT|5|1.2|1
120|1.5|p|NONE|ENTERQUEUE||7009|1
130|1.1|q|SIP/7009|ATTENDEDTRANSFER|APP|Queue|5|25|1
150|1.1|p|SIP/2|CONNECT|30|1.6|3
190|1.1|p|SIP/2|COMPLETEAGENT|30|40|1`,
			[]call{
				{ID: "1.1", Outcome: hotline.Answered, Queue: "q", Agents: "SIP/7009@q SIP/2@p", Wait: 5, Talk: 65, Transfers: 1, Ended: true},
				{ID: "1.5", Deleted: true},
			},
		},
		"the same, of an agent without an extension": {
			`
100|1.1|q|NONE|ENTERQUEUE||13900001111|1
105|1.1|q|Wang|CONNECT|5|1.2|1
120|1.5|p|NONE|ENTERQUEUE||anonymous|1
128|1.7|p|NONE|ENTERQUEUE||13900002222|2
150|1.1|p|Li|CONNECT|30|1.6|3
190|1.1|p|Li|COMPLETEAGENT|30|40|1`,
			[]call{
				{ID: "1.1", Outcome: hotline.Answered, Queue: "q", Agents: "Wang@q Li@p", Wait: 5, Talk: 85, Transfers: 1, Ended: true},
				{ID: "1.5", Deleted: true},
				{ID: "1.7", Outcome: hotline.Open, Queue: "p", Wait: -1, Talk: -1},
			},
		},
		"it was another caller who entered at that moment": {
			`
100|1.1|q|NONE|ENTERQUEUE||13900001111|1
105|1.1|q|Wang|CONNECT|5|1.2|1
120|1.7|p|NONE|ENTERQUEUE||13900002222|2
150|1.1|p|Li|CONNECT|30|1.6|3
190|1.1|p|Li|COMPLETEAGENT|30|40|1
195|1.7|p|NONE|ABANDON|1|2|75`,
			[]call{
				{ID: "1.1", Outcome: hotline.Answered, Queue: "q", Agents: "Wang@q Li@p", Wait: 5, Talk: 85, Transfers: 1, Ended: true},
				{ID: "1.7", Outcome: hotline.AbandonedQueue, Queue: "p", Wait: 75, Talk: -1, Ended: true},
			},
		},
		"the colleague spoke to the agent first": {
			`
100|1.1|q|NONE|ENTERQUEUE||13900001111|1
105|1.1|q|SIP/7009|CONNECT|5|1.2|1
120|1.5|p|NONE|ENTERQUEUE||7009|1
125|1.5|p|SIP/2|CONNECT|5|1.6|3
135|1.1|q|SIP/7009|ATTENDEDTRANSFER|BRIDGE|8f0c|5|30|1
175|1.5|p|SIP/2|COMPLETEAGENT|5|50|1`,
			[]call{
				{ID: "1.1", Outcome: hotline.Answered, Queue: "q", Agents: "SIP/7009@q SIP/2@p", Wait: 5, Talk: 70, Transfers: 1, Ended: true},
				{ID: "1.5", Deleted: true},
			},
		},
		"the agent asked and nobody came": {
			`
100|1.1|q|NONE|ENTERQUEUE||13900001111|1
105|1.1|q|SIP/7009|CONNECT|5|1.2|1
120|1.5|p|NONE|ENTERQUEUE||7009|1
129|1.5|p|NONE|ABANDON|1|1|9
160|1.1|q|SIP/7009|COMPLETECALLER|5|55|1`,
			[]call{
				{ID: "1.1", Outcome: hotline.Answered, Queue: "q", Agents: "SIP/7009@q", Wait: 5, Talk: 55, Ended: true},
				{ID: "1.5", Outcome: hotline.AbandonedQueue, Queue: "p", Wait: 9, Talk: -1, Ended: true, Excluded: hotline.ExcludedInternal},
			},
		},
		"the beginning lies in another file": {
			`
150|1.1|p|SIP/2|CONNECT|30|1.6|3
190|1.1|p|SIP/2|COMPLETEAGENT|30|40|1`,
			[]call{{ID: "1.1", Outcome: hotline.Answered, Queue: "p", Agents: "SIP/2@p", Wait: 30, Talk: 40, Ended: true}},
		},
		"only the end is there": {
			`
190|1.1|p|SIP/2|COMPLETEAGENT|30|40|1`,
			[]call{{ID: "1.1", Outcome: hotline.Answered, Queue: "p", Agents: "SIP/2@p", Wait: 30, Talk: 40, Ended: true}},
		},
		"the file ends in the call": {
			`
100|1.1|q|NONE|ENTERQUEUE||139|1
105|1.1|q|SIP/1|RINGNOANSWER|4000`,
			[]call{{ID: "1.1", Outcome: hotline.Open, Queue: "q", Wait: -1, Talk: -1}},
		},
		"every line twice": {
			`
100|1.1|q|NONE|ENTERQUEUE||139|1
100|1.1|q|NONE|ENTERQUEUE||139|1
105|1.1|q|SIP/1|CONNECT|5|1.2|1
105|1.1|q|SIP/1|CONNECT|5|1.2|1
115|1.1|q|SIP/1|COMPLETEAGENT|5|10|1
115|1.1|q|SIP/1|COMPLETEAGENT|5|10|1`,
			[]call{{ID: "1.1", Outcome: hotline.Answered, Queue: "q", Agents: "SIP/1@q", Wait: 5, Talk: 10, Ended: true}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var lines []string
			for l := range strings.SplitSeq(strings.TrimSpace(tc.lines), "\n") {
				lines = append(lines, "1700000"+l) // ids stay short to be read
			}
			a := queueLog(t, lines...)
			var got []call
			for _, id := range a.order {
				c := a.calls[id]
				g := call{
					ID: c.ID, Outcome: c.Outcome, Queue: c.Queue, Wait: seconds(c.Wait), Talk: seconds(c.Talk), Transfers: c.Transfers,
					Ended: !c.EndedAt.IsZero(), Excluded: c.Excluded, Deleted: c.Deleted,
				}
				if c.Deleted {
					g = call{ID: c.ID, Deleted: true}
				}
				var agents []string
				for _, l := range c.Legs {
					agents = append(agents, l.Agent+"@"+l.Queue)
				}
				g.Agents = strings.Join(agents, " ")
				got = append(got, g)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
			if len(a.rejected) > 0 {
				t.Error(a.rejected)
			}
		})
	}
}

func seconds(s hotline.Span) int64 {
	if !s.Known {
		return -1
	}
	return s.Millis / 1000
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
