package source_test

import (
	"fmt"
	"io"
	"maps"
	"os"
	"runtime"
	"strconv"
	"testing"
	"testing/fstest"
	"time"

	"hotline12333/internal/source"
	"hotline12333/internal/source/asterisk"
	"hotline12333/internal/source/connect"
	"hotline12333/internal/source/freeswitch"
	"hotline12333/internal/wire"
)

// generated is an endless input cut at a size, made as it is read.
type generated struct {
	left int64
	n    int
	next func(n int) string
	rest string
}

func (g *generated) Read(p []byte) (int, error) {
	if g.rest == "" {
		if g.left <= 0 {
			return 0, io.EOF
		}
		g.rest = g.next(g.n)
		g.n++
		g.left -= int64(len(g.rest))
	}
	n := copy(p, g.rest)
	g.rest = g.rest[n:]
	return n, nil
}

// TestConstantMemory reads large files that never lie anywhere. HOTLINE_BYTES makes them
// as large as wanted.
func TestConstantMemory(t *testing.T) {
	size := int64(6 << 20)
	if v := os.Getenv("HOTLINE_BYTES"); v != "" {
		var err error
		if size, err = strconv.ParseInt(v, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	at := func(n int) time.Time { return time.Date(2026, 3, 2, 0, 0, n/40, 0, time.UTC) }
	const columns = "identity: [id]\noutcome: [{outcome: answered}]\nfields: {started_at: at}\n"
	for name, tc := range map[string]struct {
		text string
		next func(n int) string
	}{
		"delimited": {"name: x\nzone: UTC\nformat: {type: delimited, header: false, encoding: auto}\ncolumns: {id: {position: 1}, at: {position: 2, type: datetime}}\n" + columns, func(n int) string {
			return fmt.Sprintf("%d,%s,\"社保卡, 养老\",\"两行\n%d\"\r\n", n, at(n).Format(time.DateTime), n)
		}},
		"jsonl": {"name: x\nformat: {type: jsonl}\ncolumns: {id: {path: a.id}, at: {path: 'a.at[0]', type: datetime, format: epoch}}\n" + columns, func(n int) string {
			return fmt.Sprintf(`{"a":{"id":%d,"at":[%d]},"other":[1,2,{"b":"社保"}]}`+"\n", n, at(n).Unix())
		}},
		"json": {"name: x\nformat: {type: json}\ncolumns: {id: text, at: {type: datetime, format: epoch}}\n" + columns, func(n int) string {
			return fmt.Sprintf("[{\"id\":%d,\n\"at\":%d}],", n, at(n).Unix())
		}},
		"freeswitch-json-cdr": {"name: x\nnative: freeswitch-json-cdr\n", func(n int) string {
			return fmt.Sprintf(`{"variables":{"uuid":"%d","start_epoch":"%d","cc_side":"%s"}}`, n, at(n).Unix(), []string{"agent", ""}[n%2])
		}},
		"freeswitch-cdr-csv": {"name: x\nzone: UTC\nnative: freeswitch-cdr-csv\n", func(n int) string {
			day := at(n).Format(time.DateTime)
			return fmt.Sprintf("c,13812345678,12333,default,%s,%s,%s,9,4,NORMAL_CLEARING,a%d,,\nc,13812345678,12333,default,%s,%s,%s,9,4,NORMAL_CLEARING,m%d,a%d,\n", day, day, day, n, day, day, day, n, n)
		}},
		"amazon-connect": {"name: x\nnative: amazon-connect\n", func(n int) string {
			return fmt.Sprintf(`{"ContactId":"%d","InitialContactId":"%d","NextContactId":"x","InitiationTimestamp":"%s","LastUpdateTimestamp":"%s"}`, n, n, at(n).Format(time.RFC3339), at(n).Format(time.RFC3339))
		}},
		"asterisk-queue-log": {"name: x\nnative: asterisk-queue-log\n", func(n int) string {
			s := at(n).Unix()
			return fmt.Sprintf("%[1]d|%[2]d.1|cards|NONE|ENTERQUEUE||13812345678|1\n%[1]d|%[2]d.1|cards|SIP/1001|CONNECT|0|%[2]d.2|0\n%[1]d|%[2]d.1|cards|SIP/1001|COMPLETECALLER|0|0|1\n", s, n)
		}},
		"asterisk-cdr": {"name: x\nzone: UTC\nnative: asterisk-cdr\n", func(n int) string {
			day := at(n).Format(time.DateTime)
			return fmt.Sprintf(`"","13812345678","12333","from-pstn","","SIP/trunk-%[1]d","SIP/1001-%[1]d","Dial","","%[2]s","%[2]s","%[2]s",9,4,"ANSWERED","DOCUMENTATION","%[1]d.1","","","%[1]d.1",%[1]d`+"\n", n, day)
		}},
		"asterisk-cel": {"name: x\nzone: UTC\nnative: asterisk-cel\n", func(n int) string {
			lines := ""
			for _, event := range []string{"CHAN_START", "ANSWER", "HANGUP", "LINKEDID_END"} {
				lines += fmt.Sprintf(`"%s","%d.0","","13812345678","","","","12333","from-pstn","SIP/trunk-%[3]d","","","DOCUMENTATION","","%[3]d.1","%[3]d.1","","","",""`+"\n", event, at(n).Unix(), n)
			}
			return lines
		}},
	} {
		t.Run(name, func(t *testing.T) {
			natives := freeswitch.Natives()
			maps.Copy(natives, connect.Natives())
			maps.Copy(natives, asterisk.Natives())
			reg, err := source.Load(fstest.MapFS{"x.yaml": {Data: []byte(tc.text)}}, source.DefaultConfig(), natives, nil)
			if err != nil {
				t.Fatal(err)
			}
			src, err := reg.Lookup("x")
			if err != nil {
				t.Fatal(err)
			}
			runtime.GC()
			var before, now runtime.MemStats
			runtime.ReadMemStats(&before)
			rows, calls, most := 0, 0, uint64(0)
			began := time.Now()
			err = src.Read(t.Context(), &generated{left: size, next: tc.next}, source.Options{Keys: fakeKeys{}}, func(it *wire.Item) error {
				if it.Rejected != nil {
					t.Fatal(it.Rejected)
				}
				if it.Call != nil {
					calls++
				}
				if rows++; rows%20_000 == 0 {
					runtime.GC()
					runtime.ReadMemStats(&now)
					most = max(most, now.HeapAlloc-min(before.HeapAlloc, now.HeapAlloc))
				}
				return nil
			})
			if err != nil || calls == 0 {
				t.Fatalf("%d calls, %v", calls, err)
			}
			t.Logf("%d MB, %d rows, %.0f MB/s, %d KB held", size>>20, rows, float64(size)/1e6/time.Since(began).Seconds(), most>>10)
			if most > 48<<20 {
				t.Errorf("%d MB held", most>>20)
			}
		})
	}
}
