package keys

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"
)

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

const caller = "13812345678"

func fresh(t *testing.T) (string, *Keys) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys.json")
	k, err := Init(path, start)
	if err != nil {
		t.Fatal(err)
	}
	return path, k
}

func load(t *testing.T, path string) *Keys {
	t.Helper()
	k, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func sealed(t *testing.T, k *Keys, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := age.Encrypt(&b, k.Recipient())
	if err == nil {
		_, err = io.WriteString(w, text)
		err = errors.Join(err, w.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func opened(k *Keys, b []byte) (string, error) {
	r, err := age.Decrypt(bytes.NewReader(b), k.Identity())
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(r)
	return string(text), err
}

// TestRotation follows one caller and one sealed text through the life of a key.
func TestRotation(t *testing.T) {
	path, before := fresh(t)
	old := before.KeyID()
	early := start.Add(time.Hour)
	first, none := before.Pseudonyms(caller, early)
	if none != "" {
		t.Errorf("the first key has a key before it: %q", none)
	}
	letter := sealed(t, before, "row")

	made, err := Rotate(path, Rotation{Now: start.Add(24 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	after := load(t, path)
	if made.From != start.Add(24*time.Hour+Settle) || made.OverlapUntil != made.From.Add(DefaultOverlap) || after.KeyID() != made.ID {
		t.Errorf("rotation %+v", made)
	}
	for _, tc := range []struct {
		name              string
		at                time.Time
		key               string
		recognised, fresh bool
	}{
		{"a call before, read again", early, old, true, false},
		{"the last instant of the old key", made.From.Add(-time.Millisecond), old, true, false},
		{"the first instant of the new key", made.From, made.ID, true, true},
		{"the last of the overlap", made.OverlapUntil.Add(-time.Millisecond), made.ID, true, true},
		{"after the overlap", made.OverlapUntil, made.ID, false, true},
	} {
		current, previous := after.Pseudonyms(caller, tc.at)
		if !strings.HasPrefix(current, tc.key+".") {
			t.Errorf("%s: pseudonym %s is not of key %s", tc.name, current, tc.key)
		}
		if got := current == first || previous == first; got != tc.recognised {
			t.Errorf("%s: recognised %v, want %v", tc.name, got, tc.recognised)
		}
		if id, _ := after.PseudonymsOfID("c-17", tc.at); !strings.HasPrefix(id, tc.key+".") {
			t.Errorf("%s: pseudonym of an id %s is not of key %s", tc.name, id, tc.key)
		}
	}
	if after.PseudonymOfID("call") != before.PseudonymOfID("call") {
		t.Error("a rotation gives a record another id")
	}
	if after.Fingerprint([]byte("row")) != before.Fingerprint([]byte("row")) {
		t.Error("a rotation makes the same content another")
	}
	second := sealed(t, after, "row 2")
	for _, b := range [][]byte{letter, second} {
		if _, err := opened(after, b); err != nil {
			t.Errorf("a sealed text cannot be opened after the rotation: %v", err)
		}
	}
	if _, err := opened(before, second); err == nil {
		t.Error("what is sealed after the rotation opens with the old key")
	}
	if all := after.AllPseudonyms(caller); len(all) != 2 || all[0] != first {
		t.Errorf("all pseudonyms %v, first %s", all, first)
	}

	if err := Retire(path, old, made.OverlapUntil.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	last := load(t, path)
	for _, at := range []time.Time{early, made.From, made.OverlapUntil} {
		if current, previous := last.Pseudonyms(caller, at); current == first || previous != "" {
			t.Errorf("%s: %q and %q after the key was retired", at, current, previous)
		}
	}
	if _, err := opened(last, letter); err == nil {
		t.Error("a sealed text opens after its key was retired")
	}
	if got, err := opened(last, second); err != nil || got != "row 2" {
		t.Errorf("what the kept key sealed: %q, %v", got, err)
	}
}

func TestRotationRefused(t *testing.T) {
	path, k := fresh(t)
	first := k.KeyID()
	now := start.Add(time.Hour)
	refused := func(name, want string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", name, err, want)
		}
	}
	_, err := Rotate(path, Rotation{Now: now, Overlap: time.Hour})
	refused("a short overlap", "48h", err)
	_, err = Rotate(path, Rotation{Now: now, From: now.Add(-time.Second)})
	refused("a beginning in the past", "past", err)
	refused("retiring the active key", "rotate first", Retire(path, first, now))
	refused("retiring nothing", `no key "x"`, Retire(path, "x", now))
	if _, err := Init(path, now); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second init: %v", err)
	}
	made, err := Rotate(path, Rotation{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	_, err = Rotate(path, Rotation{Now: made.OverlapUntil.Add(-time.Second)})
	refused("a second rotation", "rotate after it", err)
	refused("retiring within the overlap", "is needed until", Retire(path, first, made.OverlapUntil.Add(-time.Second)))
	if _, err := Rotate(filepath.Join(t.TempDir(), "none"), Rotation{Now: now}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("rotating a file that is not there: %v", err)
	}
	want := []Facts{
		{ID: first, Created: start},
		{ID: made.ID, Created: now, From: made.From, OverlapUntil: made.OverlapUntil, Active: true},
	}
	if diff := cmp.Diff(want, load(t, path).List()); diff != "" {
		t.Error(diff)
	}
}

// TestOneRotationWins: of several at once one rotates, and the file stays whole.
func TestOneRotationWins(t *testing.T) {
	path, _ := fresh(t)
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		wg.Go(func() { _, errs[i] = Rotate(path, Rotation{Now: start}) })
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		}
	}
	if got := len(load(t, path).List()); won != 1 || got != 2 {
		t.Errorf("%d rotations won, %d keys", won, got)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// TestFormBefore: a file written before seals had names rotates and retires.
func TestFormBefore(t *testing.T) {
	path, k := fresh(t)
	f, err := read(path)
	if err != nil {
		t.Fatal(err)
	}
	f.Seals[0].ID = ""
	data, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	letter := sealed(t, load(t, path), "row")
	made, err := Rotate(path, Rotation{Now: start})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := opened(load(t, path), letter); err != nil || got != "row" {
		t.Errorf("opened %q, %v", got, err)
	}
	if err := Retire(path, k.KeyID(), made.OverlapUntil); err != nil {
		t.Fatal(err)
	}
	if _, err := opened(load(t, path), letter); err == nil {
		t.Error("a sealed text opens after its key was retired")
	}
}

// TestFollow: a running process takes a rotation over, and keeps what it has when the
// file is damaged.
func TestFollow(t *testing.T) {
	path, _ := fresh(t)
	k := load(t, path)
	var log bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- k.Follow(ctx, slog.New(slog.NewTextHandler(&log, nil))) }()
		made, err := Rotate(path, Rotation{Now: start})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(FollowEvery + time.Second)
		if k.KeyID() != made.ID {
			t.Error("the rotation did not arrive")
		}
		if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
		time.Sleep(FollowEvery + time.Second)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	if k.Pseudonym(caller) == "" || !strings.Contains(log.String(), "stay as they are") {
		t.Errorf("log %q", log.String())
	}
}
