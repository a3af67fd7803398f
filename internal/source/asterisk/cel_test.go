package asterisk_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/hotline"
	"hotline12333/internal/wire"
)

// cel writes events in the columns of the sample configuration. A line is
// "seconds event channel unique app data": unique is the channel's number in the call that
// begins with channel 1.
func cel(lines string) string {
	var b strings.Builder
	for l := range strings.SplitSeq(strings.TrimSpace(lines), "\n") {
		f := strings.Fields(l)
		for len(f) < 7 {
			f = append(f, "")
		}
		number, context := "", "from-pstn"
		if f[3] == "1" {
			number = "13812345678"
		}
		fields := []string{
			f[1], "17000000" + f[0], "", number, "", "", "", "12333", context, f[2], f[4], f[5], "DOCUMENTATION", "",
			"1700000000." + f[3], "1700000000.1", "", "", "", strings.ReplaceAll(f[6], `"`, `""`),
		}
		b.WriteString(`"` + strings.Join(fields, `","`) + `"` + "\n")
	}
	return b.String()
}

func TestCEL(t *testing.T) {
	type call struct {
		Outcome    hotline.Outcome
		Queue      string
		Agents     string
		Wait, Talk int64
		Transfers  uint32
		Ended      int64
	}
	for name, tc := range map[string]struct {
		lines string
		want  call
	}{
		"answered out of a queue": {
			`
00.100000 CHAN_START SIP/t-00000001 1
01.000000 ANSWER SIP/t-00000001 1
05.500000 APP_START SIP/t-00000001 1 Queue kefu,t
06.000000 CHAN_START SIP/301-00000002 2
06.000000 CHAN_START SIP/302-00000003 3
17.000000 ANSWER SIP/301-00000002 2
17.100000 HANGUP SIP/302-00000003 3
17.100000 CHAN_END SIP/302-00000003 3
17.500000 BRIDGE_ENTER SIP/301-00000002 2
17.500000 BRIDGE_ENTER SIP/t-00000001 1
47.500000 BRIDGE_EXIT SIP/301-00000002 2
47.600000 BRIDGE_EXIT SIP/t-00000001 1
47.600000 HANGUP SIP/301-00000002 2
47.700000 APP_END SIP/t-00000001 1 Queue kefu,t
47.800000 HANGUP SIP/t-00000001 1 
47.800000 CHAN_END SIP/t-00000001 1
47.800000 LINKEDID_END SIP/t-00000001 1`,
			call{hotline.Answered, "kefu", "SIP/301", 12_000, 30_000, 0, 1700000047},
		},
		"over Local channels": {
			`
00.100000 CHAN_START SIP/t-00000001 1
05.500000 APP_START SIP/t-00000001 1 Queue kefu,t
06.000000 CHAN_START Local/301@in-00000001;1 2
06.000000 CHAN_START Local/301@in-00000001;2 3
06.100000 APP_START Local/301@in-00000001;2 3 Dial SIP/301
06.200000 CHAN_START SIP/301-00000002 4
10.000000 BRIDGE_ENTER SIP/301-00000002 4
10.000000 BRIDGE_ENTER Local/301@in-00000001;2 3
10.500000 BRIDGE_ENTER Local/301@in-00000001;1 2
10.500000 BRIDGE_ENTER SIP/t-00000001 1
40.500000 HANGUP SIP/t-00000001 1
40.500000 LINKEDID_END SIP/t-00000001 1`,
			call{hotline.Answered, "kefu", "SIP/301", 5_000, 30_000, 0, 1700000040},
		},
		"hung up in the queue": {
			`
00.000000 CHAN_START SIP/t-00000001 1
05.000000 APP_START SIP/t-00000001 1 Queue kefu,t
25.000000 HANGUP SIP/t-00000001 1
25.000000 APP_END SIP/t-00000001 1 Queue kefu,t`,
			call{hotline.AbandonedQueue, "kefu", "", 20_000, 0, 0, 1700000025},
		},
		"hung up while a phone rang": {
			`
00.000000 CHAN_START SIP/t-00000001 1
05.000000 APP_START SIP/t-00000001 1 Queue kefu,t
06.000000 CHAN_START SIP/301-00000002 2
25.000000 HANGUP SIP/t-00000001 1
25.000000 HANGUP SIP/301-00000002 2`,
			call{hotline.AbandonedRinging, "kefu", "", 20_000, 0, 0, 1700000025},
		},
		"the queue gave up": {
			`
00.000000 CHAN_START SIP/t-00000001 1
05.000000 APP_START SIP/t-00000001 1 Queue kefu,t
35.000000 APP_END SIP/t-00000001 1 Queue kefu,t
36.000000 APP_START SIP/t-00000001 1 Playback sorry
39.000000 HANGUP SIP/t-00000001 1`,
			call{hotline.TimedOut, "kefu", "", 34_000, 0, 0, 1700000039},
		},
		"dialled, busy": {
			`
00.000000 CHAN_START SIP/t-00000001 1
05.000000 APP_START SIP/t-00000001 1 Dial SIP/301
07.000000 HANGUP SIP/t-00000001 1 x x {"hangupcause":17,"dialstatus":"BUSY"}`,
			call{hotline.Blocked, "12333", "", 0, 0, 0, 1700000007},
		},
		"an announcement only": {
			`
00.000000 CHAN_START SIP/t-00000001 1
07.000000 HANGUP SIP/t-00000001 1`,
			call{hotline.AbandonedIVR, "12333", "", 0, 0, 0, 1700000007},
		},
		"attended transfer": {
			`
00.000000 CHAN_START SIP/t-00000001 1
02.000000 APP_START SIP/t-00000001 1 Queue kefu
05.000000 BRIDGE_ENTER SIP/301-00000002 2
05.000000 BRIDGE_ENTER SIP/t-00000001 1
15.000000 ATTENDEDTRANSFER SIP/301-00000002 2
15.000000 BRIDGE_EXIT SIP/301-00000002 2
15.000000 BRIDGE_ENTER SIP/302-00000004 4
25.000000 HANGUP SIP/t-00000001 1`,
			call{hotline.Answered, "kefu", "SIP/301 SIP/302", 3_000, 20_000, 1, 1700000025},
		},
		"bridges of old versions": {
			`
00.000000 CHAN_START SIP/t-00000001 1
02.000000 APP_START SIP/t-00000001 1 Queue kefu
05.000000 BRIDGE_ENTER SIP/301-00000002 2
05.000000 BRIDGE_START SIP/t-00000001 1
15.000000 BRIDGE_END SIP/t-00000001 1
15.000000 HANGUP SIP/t-00000001 1`,
			call{hotline.Answered, "kefu", "SIP/301", 3_000, 10_000, 0, 1700000015},
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := read(t, builtin(t, "asterisk-cel"), []byte(cel(tc.lines)), wire.Position{})
			c, ok := a.calls["1700000000.1"]
			if !ok || len(a.calls) != 1 || len(a.rejected) > 0 {
				t.Fatal(a.items)
			}
			f := c.Facts()
			var agents []string
			for _, l := range c.Legs {
				agents = append(agents, l.Agent)
			}
			got := call{c.Outcome, c.Queue, strings.Join(agents, " "), f.Wait, f.Talk, c.Transfers, c.EndedAt.Unix()}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
			if c.CallerHash != "h:78" || c.CallerMasked != "****78" {
				t.Errorf("caller %q %q", c.CallerHash, c.CallerMasked)
			}
		})
	}
}

func TestCELForms(t *testing.T) {
	plain := cel("00.000000 CHAN_START SIP/t-00000001 1\n07.000000 HANGUP SIP/t-00000001 1")
	want := read(t, builtin(t, "asterisk-cel"), []byte(plain), wire.Position{}).calls
	header := "EventTime,LinkedID,UniqueID,ChanName,EventType,CIDNum,Exten\n" +
		"2023-11-14 22:13:20,1700000000.1,1700000000.1,SIP/t-00000001,CHAN_START,13812345678,12333\n" +
		"2023-11-14 22:13:27.000000,1700000000.1,1700000000.1,SIP/t-00000001,HANGUP,,12333\n"
	for name, text := range map[string]string{
		"with a text of one's own": strings.ReplaceAll(plain, `","1700`, `","My Literal","1700`),
		"with a header":            header,
	} {
		if name == "with a text of one's own" { // only the first one, behind the event
			text = strings.ReplaceAll(text, `","My Literal","1700000000.`, `","1700000000.`)
		}
		got := read(t, builtin(t, "asterisk-cel"), []byte(text), wire.Position{})
		if diff := cmp.Diff(want, got.calls); diff != "" {
			t.Errorf("%s: %s %v", name, diff, got.items)
		}
	}
	bad := read(t, builtin(t, "asterisk-cel"), []byte("a,b\n"+strings.ReplaceAll(plain, "1700000000.000000", "today")+cel("00.0 TEATIME x 1")), wire.Position{})
	wantBad := []string{
		"bad_row: 2 fields; a channel event has 20",
		"eventtime: wrong_type: neither seconds since 1970 nor a time as 2006-01-02 15:04:05",
	}
	if diff := cmp.Diff(wantBad, bad.rejected); diff != "" {
		t.Error(diff)
	}
	if bad.ignored["unknown_event"] != 1 {
		t.Error(bad.ignored)
	}
}
