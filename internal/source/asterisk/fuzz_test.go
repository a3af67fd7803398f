package asterisk_test

import (
	"bytes"
	"testing"
	"time"

	"hotline12333/internal/source"
	"hotline12333/internal/wire"
)

// fuzz holds whatever a format is given against what every reading must keep: each item is
// one thing, places never fall, the same bytes give the same records, and a reading cut in
// two gives no others.
func fuzz(f *testing.F, o opener, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s), uint16(len(s)/2))
	}
	f.Fuzz(func(t *testing.T, data []byte, cut uint16) {
		if len(data) > 1<<16 {
			t.Skip("long enough")
		}
		once := tellAll(t, o, data)
		if twice := tellAll(t, o, data); !sameRecords(once.items, twice.items) || len(once.items) != len(twice.items) {
			t.Fatal("the same bytes gave other records")
		}
		ends := places(data)
		at := ends[int(cut)%len(ends)]
		s, rest := open(t, o), newAccount()
		feed(t, s, data[:at.Offset], wire.Position{}, rest)
		snap := s.Snapshot()
		if snap == nil {
			t.Fatal("no state at the end of an input")
		}
		on := open(t, o)
		if err := on.Restore(snap); err != nil {
			t.Fatal(err)
		}
		feed(t, on, data, on.At(), rest)
		for id, want := range once.calls {
			if got := rest.calls[id]; !bytes.Equal(wire.AppendCall(nil, &want), wire.AppendCall(nil, &got)) {
				t.Fatalf("cut at %d: %s\nwant %+v\ngot  %+v", at.Offset, id, want, got)
			}
		}
	})
}

func tellAll(t *testing.T, o opener, data []byte) *account {
	t.Helper()
	s, err := o.Open(source.Options{Keys: fakeKeys{}, Zone: time.UTC, Source: "test"})
	if err != nil {
		t.Fatal(err)
	}
	a := newAccount()
	var last wire.Position
	err = s.Read(t.Context(), bytes.NewReader(data), source.Options{}, func(it *wire.Item) error {
		n := 0
		for _, set := range []bool{it.Call != nil, it.AgentState != nil, it.Ignored != "", it.Rejected != nil} {
			if set {
				n++
			}
		}
		if n != 1 {
			t.Fatalf("%d things in one item: %+v", n, it)
		}
		if it.Next.Offset < last.Offset || it.Next.Line < last.Line || it.Next.Offset > int64(len(data)) {
			t.Fatalf("from %+v to %+v of %d bytes", last, it.Next, len(data))
		}
		last = it.Next
		if it.Call != nil {
			if err := it.Call.Validate(); err != nil {
				t.Fatal(err)
			}
			if _, err := wire.NewDecoder().Call(wire.AppendCall(nil, it.Call)); err != nil {
				t.Fatal(err)
			}
			if !it.Call.Deleted {
				it.Call.Facts()
			}
		}
		return a.add(it)
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func FuzzQueueLog(f *testing.F) {
	in := inputs(f)["asterisk-queue-log"]
	fuzz(f, in.o, string(in.data[:1500]), "1700000000|1.1|q|NONE|ENTERQUEUE||139|1\r\n1700000001|1.1|q|A/1|RINGCANCELED|900\n1700000001|1.1|q|NONE|ABANDON|1|1|1",
		"1700000000|1.1|q|NONE|ENTERQUEUE||139|1\n1700000001|1.1|q|A/9|CONNECT|1|x|1\n1700000002|1.5|p|NONE|ENTERQUEUE||9|1\n"+
			"1700000003|1.1|q|A/9|ATTENDEDTRANSFER|LINK|a|b|1|1|1\n1700000004|1.1|p|A/8|CONNECT|2|x\n1700000005|1.5|p|A/8|COMPLETEAGENT|2|1|1",
		"1700000000|NONE|q|A|ADDMEMBER|PAUSED\n1700000000|NONE|q|A|UNPAUSE\n1700000000|NONE|NONE|A|PAUSEALL|x\n1700000001|NONE|q|A|REMOVEMEMBER",
		"\xef\xbb\xbf1700000000.5|x|\xc4\xe3|NONE|JOINEMPTY", "1|2|3|4|5", "||||", "\n\n", "9", "")
}

func FuzzCDR(f *testing.F) {
	in := inputs(f)["asterisk-cdr"]
	r := cdr{
		src: "139", dst: "1", context: "in", channel: "Local/a@b-00000001;2", to: "Local/c@d-00000002;1", app: "Queue", data: "q,t,,,30", start: "09:00:00",
		answer: "09:00:01", end: "09:00:10", duration: "10", disposition: "ANSWERED",
	}
	fuzz(f, in.o, string(in.data[:1500]), r.text(), r.text(quoted("1772442000.1")...), r.text(quoted("1772442000.1", "", "", "1772442000.1", "1")...)+r.text(),
		"src,dst,channel,lastapp,start,end,disposition\n1,2,3,Dial,2026-03-02 09:00:00,2026-03-02 09:00:00,BUSY\n", "\"a\"\"b\",,\n", "\"", ",", "")
}

func FuzzCEL(f *testing.F) {
	in := inputs(f)["asterisk-cel"]
	fuzz(f, in.o, string(in.data[:1500]), cel("00.1 CHAN_START SIP/1-00000001 1\n01.0 BRIDGE_START SIP/1-00000001 1\n02.0 LINKEDID_END x 1"),
		"eventtype,eventtime,channame,uniqueid,linkedid\nHANGUP,2026-03-02 09:00:00,a,b,c\n", "\"", "")
}
