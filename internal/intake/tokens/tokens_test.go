package tokens_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"hotline12333/internal/intake/tokens"
)

func add(t *testing.T, path string, tok tokens.Token) (secret string, made tokens.Token) {
	t.Helper()
	secret, made, err := tokens.Add(t.Context(), path, tok, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return secret, made
}

func TestLife(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "tokens.json")
	watched := tokens.Watch(path)
	now := time.Now()
	if _, err := watched.Find("hl_x", now); !errors.Is(err, tokens.ErrUnknown) {
		t.Errorf("without a file: %v", err)
	}
	secret, made := add(t, path, tokens.Token{Name: "west", Sources: []string{"s"}, Expires: now.Add(time.Hour)})
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	got, err := watched.Find(secret, now)
	if err != nil || got.ID != made.ID || got.State(now) != "active" || !got.MayBe("s") || got.MayBe("x") || !got.May(tokens.Calls) {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := watched.Find(secret, now.Add(time.Hour)); !errors.Is(err, tokens.ErrExpired) {
		t.Error(err)
	}
	if got.State(now.Add(time.Hour)) != "expired" {
		t.Error(got.State(now.Add(time.Hour)))
	}
	if _, _, err := tokens.Add(t.Context(), path, tokens.Token{Name: "west"}, now); err == nil {
		t.Error("one name twice")
	}
	if _, err := tokens.Revoke(t.Context(), path, made.ID, now); err != nil {
		t.Error(err)
	}
	if _, err := watched.Find(secret, now); !errors.Is(err, tokens.ErrRevoked) {
		t.Error(err)
	}
	if _, err := tokens.Revoke(t.Context(), path, "west", now); err == nil {
		t.Error("revoked twice")
	}
	again, _ := add(t, path, tokens.Token{Name: "west"})
	if _, err := watched.Find(again, now); err != nil {
		t.Error(err)
	}
	list, err := tokens.List(path)
	if err != nil || len(list) != 2 || list[0].State(now) != "revoked" {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokens.json")
	for name, tok := range map[string]tokens.Token{
		"no name": {}, "a name with spaces": {Name: "a b"}, "a source that is none": {Name: "a", Sources: []string{"x y"}},
		"a kind that is none": {Name: "a", Kinds: []tokens.Kind{"records"}}, "a negative limit": {Name: "a", RecordsPerSecond: -1},
		"a centre with a line break": {Name: "a", Centre: "x\ny"}, "a limit below one record": {Name: "a", BytesPerSecond: 10},
		"a prefix without end": {Name: "a", IDPrefix: strings.Repeat("x", 200)},
	} {
		if _, _, err := tokens.Add(t.Context(), path, tok, time.Now()); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	add(t, path, tokens.Token{Name: "a", Certificate: "pbx"})
	if _, _, err := tokens.Add(t.Context(), path, tokens.Token{Name: "b", Certificate: "pbx"}, time.Now()); err == nil {
		t.Error("one certificate twice")
	}
	for name, content := range map[string]string{
		"damaged": "{", "newer": `{"format":2,"tokens":[]}`, "with an unknown scope": `{"format":1,"tokens":[{"id":"1","name":"a","sha256":"","queues":["x"]}]}`,
		"without a secret": `{"format":1,"tokens":[{"id":"1","name":"a"}]}`, "with half a hash": `{"format":1,"tokens":[{"id":"1","name":"a","sha256":"ab"}]}`,
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := tokens.List(path); err == nil {
			t.Errorf("a file %s is taken", name)
		}
		if _, err := tokens.Watch(path).Find("hl_000000000000_x", time.Now()); err == nil || errors.Is(err, tokens.ErrUnknown) {
			t.Errorf("a file %s: %v", name, err)
		}
	}
}

// TestManyAtOnce adds from many processes' worth of callers: none is lost.
func TestManyAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokens.json")
	var all sync.WaitGroup
	for i := range 12 {
		all.Go(func() {
			if _, _, err := tokens.Add(t.Context(), path, tokens.Token{Name: fmt.Sprintf("t%d", i)}, time.Now()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	list, err := tokens.List(path)
	if err != nil || len(list) != 12 {
		t.Errorf("%d, %v", len(list), err)
	}
}
