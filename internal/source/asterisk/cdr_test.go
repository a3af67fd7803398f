package asterisk_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/source"
	"hotline12333/internal/wire"
)

// TestCDRTruth holds the reading of a real file against figures counted from it by other
// means.
func TestCDRTruth(t *testing.T) {
	src := builtin(t, "asterisk-cdr")
	data := shared(t, "asterisk-master-csv/Master.csv")
	a := read(t, src, data, wire.Position{})
	total := a.tally()
	fig := kpi.Compute(&total, src.Knows(), kpi.Definitions{ServiceLevels: []int{20}, AnswerRate: kpi.RateAgent})
	type truth struct {
		Calls, Asked, Answered, NotAsked, Blocked, TimedOut, Ringing, Queue int64
		Read, Accepted, Leg                                                 int
		AnswerNum, AnswerDen                                                int64
		Composite, Level                                                    kpi.Capability
	}
	got := truth{
		Calls: total.Calls, Asked: total.Asked(), Answered: total.Answered, NotAsked: total.AbandonedIVR, Blocked: total.Blocked,
		TimedOut: total.TimedOut, Ringing: total.AbandonedRinging, Queue: total.AbandonedQueue,
		Read: a.read, Accepted: a.accepted, Leg: a.ignored["leg"],
		AnswerNum: fig.AnswerRateAgent.Num, AnswerDen: fig.AnswerRateAgent.Den,
		Composite: fig.AnswerRateComposite.NotConnected, Level: fig.ServiceLevel[20].NotConnected,
	}
	want := truth{
		Calls: 36, Asked: 30, Answered: 24, NotAsked: 6, Blocked: 1, TimedOut: 2, Ringing: 3,
		Read: 84, Accepted: 36, Leg: 48, AnswerNum: 24, AnswerDen: 30, Composite: kpi.CanIVR, Level: kpi.CanQueueWait,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("figures (-want +got):\n%s", diff)
	}
	if len(a.rejected) > 0 {
		t.Error(a.rejected)
	}
	bad := 0
	for l := range strings.SplitSeq(string(data), "\n") {
		if strings.Contains(l, "\xa5") {
			bad++
		}
	}
	if bad != 8 {
		t.Errorf("%d rows are not UTF-8", bad)
	}
	// One call went over Local channels to the agent who answered.
	c := a.calls["1706407446.50"]
	if c.Agent != "SIP/301" || len(c.Legs) != 1 || c.Talk != hotline.Seconds(17) || c.Transfers != 0 || c.Attributes["rows"] != "5" {
		t.Errorf("%+v", c)
	}
	if !c.StartedAt.Equal(time.Date(2024, 1, 28, 2, 4, 6, 0, time.UTC)) || !c.AnsweredAt.Equal(time.Date(2024, 1, 28, 2, 4, 12, 0, time.UTC)) {
		t.Errorf("from %s, answered %s", c.StartedAt, c.AnsweredAt)
	}
}

// cdr is one row.
type cdr struct {
	src, dst, context, channel, to, app, data, start, answer, end, duration, disposition string
}

func (r cdr) text(more ...string) string {
	q := func(s string) string { return `"` + s + `"` }
	answer := q("2026-03-02 " + r.answer)
	if r.answer == "" {
		answer = ""
	}
	fields := []string{
		q(""), q(r.src), q(r.dst), q(r.context), `"""` + r.src + `"" <` + r.src + `>"`, q(r.channel), q(r.to), q(r.app), q(r.data),
		q("2026-03-02 " + r.start), answer, q("2026-03-02 " + r.end), r.duration, "0", q(r.disposition), q("DOCUMENTATION"),
	}
	return strings.Join(append(fields, more...), ",") + "\n"
}

func quoted(list ...string) []string {
	for i, s := range list {
		list[i] = `"` + s + `"`
	}
	return list
}

func TestCDRShapes(t *testing.T) {
	agent := cdr{
		src: "13812345678", dst: "12333", context: "in", channel: "SIP/trunk-00000001", to: "SIP/301-00000002", app: "Dial",
		data: "SIP/301&SIP/302,30", start: "09:00:00", answer: "09:00:10", end: "09:01:00", duration: "60", disposition: "ANSWERED",
	}
	fork := agent
	fork.to, fork.answer, fork.end, fork.disposition = "SIP/302-00000003", "", "09:00:10", "NO ANSWER"
	next := agent // another caller on another channel
	next.src, next.channel, next.start, next.answer, next.end = "13900001111", "SIP/trunk-00000009", "09:00:30", "", "09:00:40"
	next.duration, next.disposition = "10", "NO ANSWER"

	type call struct {
		ID      string
		Outcome hotline.Outcome
		Agents  string
		Queue   string
		Hash    string
	}
	both := func(id1, id2 string) []call {
		return []call{
			{id1, hotline.Answered, "SIP/301", "12333", "h:78"},
			{id2, hotline.AbandonedRinging, "", "12333", "h:11"},
		}
	}
	for name, tc := range map[string]struct {
		text    string
		want    []call
		ignored map[string]int
	}{
		"16 columns: by channel": {
			fork.text() + agent.text() + next.text(),
			both("SIP/trunk-00000001@tb9l00", "SIP/trunk-00000009@tb9l0u"),
			map[string]int{"leg": 1},
		},
		"17 columns: uniqueid": {
			fork.text(quoted("1772442000.1")...) + agent.text(quoted("1772442000.1")...) + next.text(quoted("1772442030.4")...),
			both("1772442000.1", "1772442030.4"),
			map[string]int{"leg": 1},
		},
		"17 columns: userfield": {
			fork.text(quoted("note")...) + agent.text(quoted("")...) + next.text(quoted("note")...),
			both("SIP/trunk-00000001@tb9l00", "SIP/trunk-00000009@tb9l0u"),
			map[string]int{"leg": 1},
		},
		"18 columns": {
			fork.text(quoted("pbx-1772442000.1", "")...) + agent.text(quoted("pbx-1772442000.1", "x")...) + next.text(quoted("pbx-1772442030.4", "")...),
			both("pbx-1772442000.1", "pbx-1772442030.4"),
			map[string]int{"leg": 1},
		},
		"19 columns": {
			fork.text(quoted("", "1772442000.1", "1")...) + agent.text(quoted("", "1772442000.1", "2")...) + next.text(quoted("", "1772442030.4", "3")...),
			both("1772442000.1", "1772442030.4"),
			map[string]int{"leg": 1},
		},
		"20 columns": {
			fork.text(quoted("1772442000.1", "", "1772442000.1", "1")...) + next.text(quoted("1772442030.4", "", "1772442030.4", "3")...) +
				agent.text(quoted("1772442000.1", "", "1772442000.1", "2")...),
			both("1772442000.1", "1772442030.4"),
			map[string]int{"leg": 1},
		},
		"21 columns, with CRLF and a header": {
			"accountcode,src,dst,dcontext,clid,channel,dstchannel,lastapp,lastdata,start,answer,end,duration,billsec,disposition,amaflags,uniqueid,userfield,peeraccount,linkedid,sequence\r\n" +
				strings.ReplaceAll(fork.text(quoted("1772442000.1", "", "", "1772442000.1", "1")...)+agent.text(quoted("1772442000.1", "", "", "1772442000.1", "2")...)+
					next.text(quoted("1772442030.4", "", "", "1772442030.4", "3")...), "\n", "\r\n"),
			both("1772442000.1", "1772442030.4"),
			map[string]int{"leg": 1, "header": 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := read(t, builtin(t, "asterisk-cdr"), []byte(tc.text), wire.Position{})
			var got []call
			for _, id := range slices.Sorted(maps.Keys(a.calls)) {
				c := a.calls[id]
				var agents []string
				for _, l := range c.Legs {
					agents = append(agents, l.Agent)
				}
				got = append(got, call{c.ID, c.Outcome, strings.Join(agents, " "), c.Queue, c.CallerHash})
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tc.ignored, a.ignored); diff != "" {
				t.Error(diff, a.rejected)
			}
		})
	}
}

func TestCDROutcomes(t *testing.T) {
	base := cdr{
		src: "13812345678", dst: "12333", context: "in", channel: "SIP/trunk-00000001", to: "SIP/301-00000002", app: "Dial",
		data: "SIP/301,30", start: "09:00:00", end: "09:00:10", duration: "10", disposition: "NO ANSWER",
	}
	change := func(f func(*cdr)) cdr { r := base; f(&r); return r }
	for name, tc := range map[string]struct {
		rows []cdr
		want hotline.Call
	}{
		"hung up": {[]cdr{base}, hotline.Call{Outcome: hotline.AbandonedRinging, Queue: "12333"}},
		"nobody came": {
			[]cdr{change(func(r *cdr) { r.end, r.duration = "09:00:30", "30" })}, hotline.Call{Outcome: hotline.TimedOut, Queue: "12333"},
		},
		"busy": {[]cdr{change(func(r *cdr) { r.disposition = "BUSY" })}, hotline.Call{Outcome: hotline.Blocked, Queue: "12333"}},
		"one busy, one rang": {
			[]cdr{change(func(r *cdr) { r.disposition = "BUSY" }), base}, hotline.Call{Outcome: hotline.AbandonedRinging, Queue: "12333"},
		},
		"an announcement": {
			[]cdr{change(func(r *cdr) { r.app, r.data, r.to, r.answer, r.disposition = "Hangup", "", "", "09:00:00", "ANSWERED" })},
			hotline.Call{Outcome: hotline.AbandonedIVR, Queue: "12333"},
		},
		"mailbox after ringing": {
			[]cdr{base, change(func(r *cdr) { r.app, r.to, r.answer, r.disposition = "VoiceMail", "", "09:00:10", "ANSWERED" })},
			hotline.Call{Outcome: hotline.Voicemail, Queue: "12333"},
		},
		// The exchange answers, the queue plays music, nobody comes: the record says ANSWERED.
		"answered by the queue's music alone": {
			[]cdr{change(func(r *cdr) {
				r.app, r.data, r.to, r.answer, r.disposition = "Queue", "kefu,t,,,120", "", "09:00:00", "ANSWERED"
			})},
			hotline.Call{Outcome: hotline.AbandonedQueue, Queue: "kefu"},
		},
		"out of the house": {
			[]cdr{change(func(r *cdr) { r.context, r.src, r.dst = "from-internal", "301", "13900002222" })},
			hotline.Call{Outcome: hotline.AbandonedRinging, Queue: "****22", Direction: hotline.Outbound},
		},
		// The agent's phone was busy for a colleague's: two agents, one after the other.
		"handed on": {
			[]cdr{
				change(func(r *cdr) { r.answer, r.end, r.disposition = "09:00:05", "09:00:25", "ANSWERED" }),
				change(func(r *cdr) {
					r.to, r.start, r.answer, r.end, r.disposition = "SIP/302-00000004", "09:00:25", "09:00:30", "09:01:00", "ANSWERED"
				}),
			},
			hotline.Call{Outcome: hotline.Answered, Queue: "12333", Agent: "SIP/301", Transfers: 1, Talk: hotline.Seconds(50)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			for _, r := range tc.rows {
				b.WriteString(r.text(quoted("1772442000.1", "", "", "1772442000.1", "1")...))
			}
			a := read(t, builtin(t, "asterisk-cdr"), []byte(b.String()), wire.Position{})
			c := a.calls["1772442000.1"]
			got := hotline.Call{Outcome: c.Outcome, Queue: c.Queue, Agent: c.Agent, Transfers: c.Transfers, Talk: c.Talk, Direction: c.Direction}
			if tc.want.Direction == "" {
				tc.want.Direction = hotline.Inbound
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff, a.rejected)
			}
			if c.Direction == hotline.Outbound && c.CallerHash != "" {
				t.Error("an extension is no caller")
			}
		})
	}
}

// TestCDRClock: local times, also where clocks are set back and an hour happens twice.
func TestCDRClock(t *testing.T) {
	zone, err := source.ParseZone("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	row := func(unique, start, end string) string {
		return `"","139","12333","in","","SIP/t-00000001","SIP/1-00000002","Dial","SIP/1,30","2025-10-26 ` + start + `",,"2025-10-26 ` + end +
			`",10,0,"NO ANSWER","DOCUMENTATION","` + unique + `","","","` + unique + `",1` + "\n"
	}
	// 02:30 was at 00:30 UTC (1761438600) and at 01:30 UTC (1761442200).
	data := row("1761438600.1", "02:30:00", "02:30:10") + row("1761442200.2", "02:30:00", "02:30:10") + row("1761440390.3", "02:59:50", "02:00:05")
	a := newAccount()
	err = builtin(t, "asterisk-cdr").Read(t.Context(), strings.NewReader(data), source.Options{Keys: fakeKeys{}, Zone: zone}, a.add)
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string][2]int64{
		"1761438600.1": {1761438600, 1761438610},
		"1761442200.2": {1761442200, 1761442210},
		"1761440390.3": {1761440390, 1761440405},
	} {
		c := a.calls[id]
		if c.StartedAt.Unix() != want[0] || c.EndedAt.Unix() != want[1] {
			t.Errorf("%s: from %d to %d, want %v", id, c.StartedAt.Unix(), c.EndedAt.Unix(), want)
		}
	}
}

func TestCDRBadRows(t *testing.T) {
	good := cdr{
		src: "139", dst: "1", context: "in", channel: "SIP/t-00000001", app: "Dial", start: "09:00:00", end: "09:00:10", duration: "10", disposition: "BUSY",
	}
	change := func(f func(*cdr)) string { r := good; f(&r); return r.text() }
	data := change(func(r *cdr) { r.start = "25:00:00" }) + change(func(r *cdr) { r.disposition = "MAYBE" }) + change(func(r *cdr) { r.duration = "long" }) +
		change(func(r *cdr) { r.channel = "" }) + "a,b,c\n" + `"open` + "\n" + `"a"b,c` + "\n"
	a := read(t, builtin(t, "asterisk-cdr"), []byte(data), wire.Position{})
	want := []string{
		"start: wrong_type: not a time as 2006-01-02 15:04:05",
		"disposition: unknown_value: none of ANSWERED, NO ANSWER, BUSY, FAILED, CONGESTION",
		"duration: wrong_type: not a whole number",
		"channel: missing_field: neither linkedid, uniqueid nor channel says which call the row is of",
		"bad_row: 3 fields; a call detail record has 16 to 21",
		"bad_row: field 1: its quote is not closed, or something follows it",
		"bad_row: field 2: its quote is not closed, or something follows it",
	}
	if diff := cmp.Diff(want, a.rejected); diff != "" {
		t.Error(diff)
	}
}
