package asterisk_test

import (
	"strings"
	"testing"

	"hotline12333/internal/hotline"
	"hotline12333/internal/source"
	"hotline12333/internal/source/asterisk"
	"hotline12333/internal/wire"
)

func TestSettings(t *testing.T) {
	for _, set := range []map[string]string{
		{"teatime": "5"}, {"prefix": "no spaces"}, {"encoding": "morse"}, {"exit_key": "answered"}, {"exit_key_1": "gone"},
	} {
		if err := (asterisk.QueueLog{}).CheckSettings(set); err == nil {
			t.Errorf("%v was taken", set)
		}
	}
	if err := (asterisk.CDR{}).CheckSettings(map[string]string{"columns": "src, dst"}); err == nil {
		t.Error("columns are missing")
	}
	opts := source.Options{Keys: fakeKeys{}, Source: "x", Revision: 2, Settings: map[string]string{
		"prefix": "west", "encoding": "gb18030", "exit_key": "timed_out", "exit_key_1": "callback_requested", "exit_key_star": "voicemail",
	}}
	if err := (asterisk.QueueLog{}).CheckSettings(opts.Settings); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]hotline.Outcome{"1": hotline.CallbackRequested, "*": hotline.Voicemail, "5": hotline.TimedOut} {
		s, err := asterisk.QueueLog{}.Open(opts)
		if err != nil {
			t.Fatal(err)
		}
		a := newAccount()
		feed(t, s, []byte("1700000000|1.1|\xc9\xe7\xb1\xa3|NONE|ENTERQUEUE||139|1\n1700000009|1.1|\xc9\xe7\xb1\xa3|NONE|EXITWITHKEY|"+key+"|1|1|9\n"), wire.Position{}, a)
		if c := a.calls["west-1.1"]; c.Outcome != want || c.Queue != "社保" || c.Version != 1<<40+2 {
			t.Errorf("%s: %+v", key, c)
		}
	}
	if _, err := (asterisk.QueueLog{}).Open(source.Options{Revision: 20260301}); err == nil {
		t.Error("no room for that revision")
	}
}

// TestNoNumber plants numbers in every field of every format and looks for them in
// everything that comes out.
func TestNoNumber(t *testing.T) {
	const planted = "13912348765"
	queue := strings.ReplaceAll(`1700000000|1.1|q N|NONE|DID|N
1700000000|1.1|q N|NONE|ENTERQUEUE|N|N|1|N
1700000001|1.1|q N|Local/N@x|RINGNOANSWER|1000
1700000002|1.1|q N|Local/N@x|CONNECT|2|N|1
1700000003|1.1|q N|Local/N@x|ATTENDEDTRANSFER|LINK|N|N|2|1|1
1700000003|N|q N|NONE|ENTERQUEUE|N|N|1|N
1700000004|N|q N|NONE|EXITWITHKEY|N|1|1|4
1700000005|NONE|q N|Local/N@x|PAUSE|call N
1700000006|1.1|q|SIP/1|CONNECT|N|x
1700000006|1.1|q|SIP/1|N|N
N|1.1|q|SIP/1|CONNECT|1|x
N`, "N", planted)
	row := cdr{
		src: planted, dst: planted, context: planted, channel: "SIP/" + planted + "-00000001", to: "SIP/" + planted + "-00000002", app: "Queue",
		data: planted + ",t," + planted, start: "09:00:00", answer: "09:00:01", end: "09:00:10", duration: "10", disposition: "ANSWERED",
	}
	bad := row
	bad.duration, bad.disposition = planted, planted
	rows := row.text(quoted("1772442000.1", planted, planted, "1772442000.1", "1")...) + row.text() + bad.text() + row.text(quoted(planted)...)
	event := func(kind string) string {
		f := []string{
			kind, "1700000000.1", planted, planted, planted, planted, planted, planted, planted, "SIP/" + planted + "-00000001", "Queue", planted, "", planted,
			"1700000000.1", "1700000000.1", planted, planted, planted, planted,
		}
		return `"` + strings.Join(f, `","`) + `"` + "\n"
	}
	events := event("CHAN_START") + event("APP_START") + strings.ReplaceAll(event("BRIDGE_ENTER"), `"1700000000.1","1700000000.1"`, `"1700000000.2","1700000000.1"`) +
		strings.ReplaceAll(event("BRIDGE_ENTER"), "-00000001", "-00000002") + event("HANGUP") + event(planted) + strings.ReplaceAll(event("HANGUP"), "1700000000.1", planted)
	for name, in := range map[string]struct {
		o    opener
		data string
	}{"asterisk-queue-log": {asterisk.QueueLog{}, queue}, "asterisk-cdr": {asterisk.CDR{}, rows}, "asterisk-cel": {asterisk.CEL{}, events}} {
		a := read(t, builtin(t, name), []byte(in.data), wire.Position{})
		if len(a.calls) == 0 {
			t.Errorf("%s: no call in %v", name, a.items)
		}
		s := open(t, in.o)
		feed(t, s, []byte(in.data), wire.Position{}, newAccount())
		for _, text := range append(a.items, string(s.Snapshot())) {
			if strings.Contains(text, planted) {
				t.Errorf("%s: %s", name, text)
			}
		}
	}
}
