package audit

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

var now = time.Date(2026, 3, 2, 9, 30, 0, 0, time.FixedZone("", 8*3600))

func written(t *testing.T, n int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "new", "audit.jsonl")
	for i := range n {
		if _, err := Append(path, now.Add(time.Duration(i)*time.Second), Entry{Action: Reveal, Subject: fmt.Sprintf("call-%d", i), Reason: "回电 13812345678"}); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func TestAppend(t *testing.T) {
	path := written(t, 3)
	var got []Entry
	if err := Read(path, func(e Entry) error { got = append(got, e); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 || got[0].Previous != "" || got[2].Previous != got[1].Hash || got[2].Sequence != 3 ||
		got[0].At != "2026-03-02T01:30:00.000Z" || got[0].Reason != "回电 138****5678" || got[0].Actor != Actor() {
		t.Errorf("%+v", got)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	s, err := Verify(path, got[1].Hash)
	if err != nil || s.Lines != 3 || s.Last != got[2] {
		t.Errorf("%+v %v", s, err)
	}
	if s, err := Verify(filepath.Join(t.TempDir(), "none"), ""); err != nil || s.Lines != 0 {
		t.Errorf("a log that is not there: %+v %v", s, err)
	}
}

func TestAppendAtOnce(t *testing.T) {
	path := written(t, 1)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := Append(path, now, Entry{Action: Export, Subject: "x"}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if s, err := Verify(path, ""); err != nil || s.Lines != 9 {
		t.Errorf("%+v %v", s, err)
	}
}

func TestTampering(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(lines [][]byte) [][]byte
		want   string
		seen   int // line whose hash was noted
	}{
		"a word changed":  {func(l [][]byte) [][]byte { l[1] = bytes.Replace(l[1], []byte("call-1"), []byte("call-9"), 1); return l }, "line 2 was changed", 0},
		"a space added":   {func(l [][]byte) [][]byte { l[1] = bytes.Replace(l[1], []byte(":"), []byte(": "), 1); return l }, "line 2 was changed", 0},
		"a line removed":  {func(l [][]byte) [][]byte { return append(l[:1], l[2:]...) }, "line 2 does not follow", 0},
		"the first gone":  {func(l [][]byte) [][]byte { return l[1:] }, "line 1 does not follow", 0},
		"lines exchanged": {func(l [][]byte) [][]byte { l[1], l[2] = l[2], l[1]; return l }, "line 2 does not follow", 0},
		"the last cut":    {func(l [][]byte) [][]byte { l[3] = l[3][:20]; return l }, "line 4 was changed", 0},
		"the last gone":   {func(l [][]byte) [][]byte { return l[:3] }, "cut or written anew", 3},
	} {
		t.Run(name, func(t *testing.T) {
			path := written(t, 4)
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			lines := bytes.SplitAfter(data, []byte("\n"))[:4]
			noted, err := decode(bytes.TrimSpace(lines[tc.seen]))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, bytes.Join(tc.change(lines), nil), 0o600); err != nil {
				t.Fatal(err)
			}
			seen := ""
			if tc.seen > 0 {
				seen = noted.Hash
			}
			if _, err := Verify(path, seen); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
		})
	}
}

// TestAppendUnless: of what two write at once there is one line.
func TestAppendUnless(t *testing.T) {
	path := written(t, 1)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			e := Entry{Action: CloseReport, Number: 1, Sealed: "13812345678abc", Store: "s"}
			got, err := AppendUnless(path, now, e, func(have Entry) bool { return have.Number == 1 })
			if err != nil || got.Sequence != 2 || got.Sealed != e.Sealed {
				t.Errorf("%+v %v", got, err)
			}
		})
	}
	wg.Wait()
	if s, err := Verify(path, ""); err != nil || s.Lines != 2 {
		t.Errorf("%+v %v", s, err)
	}
}

// TestRefusesToGoOn: nothing is added to a log that others may change or whose end is damaged.
func TestRefusesToGoOn(t *testing.T) {
	path := written(t, 2)
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := Append(path, now, Entry{Action: Erase}); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("error %v", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data[:len(data)-5], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Append(path, now, Entry{Action: Erase}); err == nil || !strings.Contains(err.Error(), "audit verify") {
		t.Errorf("error %v", err)
	}
	if err := Ready(path); err == nil || !strings.Contains(err.Error(), "audit verify") {
		t.Errorf("ready: %v", err)
	}
	if _, err := Append(path+"/x", now, Entry{}); err == nil {
		t.Error("a file below a file is written")
	}
}
