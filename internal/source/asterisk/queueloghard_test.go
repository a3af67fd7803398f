package asterisk_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/hotline"
)

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
