package keys

import (
	"strings"
	"testing"
)

func TestCallback(t *testing.T) {
	path, k := fresh(t)
	seal := func(k *Keys, id, number string) string {
		t.Helper()
		s, err := k.SealForCallback(id, number, start)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	sealed := seal(k, "call-1", "+86 138-1234-5678")
	if sealed != seal(load(t, path), "call-1", "13812345678") {
		t.Error("the same call read again has another seal")
	}
	if len(sealed) > 200 || strings.Contains(sealed, "138") && strings.Contains(sealed, "5678") {
		t.Errorf("sealed %q", sealed)
	}
	if other := seal(k, "call-2", caller); other == sealed || len(other) != len(sealed) || len(seal(k, "call-1", "12333")) != len(sealed) {
		t.Error("seals of two calls are the same, or tell the number's length")
	}
	if seal(k, "call-1", "anonymous") != "" || seal(k, "call-1", strings.Repeat("1", 30)) != "" {
		t.Error("what is no number is sealed")
	}
	made, err := Rotate(path, Rotation{Now: start})
	if err != nil {
		t.Fatal(err)
	}
	after := load(t, path)
	if sealed != seal(after, "call-1", caller) {
		t.Error("a rotation makes the same call another")
	}
	if got, err := after.OpenForCallback("call-1", sealed); err != nil || got != caller {
		t.Errorf("opened %q, %v", got, err)
	}
	for name, f := range map[string]func() (string, error){
		"of another call": func() (string, error) { return after.OpenForCallback("call-2", sealed) },
		"empty":           func() (string, error) { return after.OpenForCallback("call-1", "") },
		"short":           func() (string, error) { return after.OpenForCallback("call-1", made.ID+".AA") },
		"of other keys":   func() (string, error) { return ephemeral(t).OpenForCallback("call-1", sealed) },
	} {
		if got, err := f(); err == nil {
			t.Errorf("%s: opened %q", name, got)
		}
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for at := range sealed {
		for _, c := range alphabet {
			changed := sealed[:at] + string(c) + sealed[at+1:]
			if got, err := after.OpenForCallback("call-1", changed); err == nil && changed != sealed {
				t.Fatalf("with %q at %d: opened %q", c, at, got)
			}
		}
	}
	if err := Retire(path, k.KeyID(), made.OverlapUntil); err != nil {
		t.Fatal(err)
	}
	if _, err := load(t, path).OpenForCallback("call-1", sealed); err == nil {
		t.Error("opened after the key was retired")
	}
}
