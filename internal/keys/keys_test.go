package keys

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"filippo.io/age"
	"pgregory.net/rapid"
)

func ephemeral(t *testing.T) *Keys {
	t.Helper()
	k, err := Ephemeral()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestNumbers(t *testing.T) {
	k := ephemeral(t)
	for _, tc := range []struct{ in, normal, mask string }{
		{"13812345678", "13812345678", "138****5678"},
		{"+86 138-1234-5678", "13812345678", "138****5678"},
		{"008613812345678", "13812345678", "138****5678"},
		{"8613812345678", "13812345678", "138****5678"},
		{"013812345678", "13812345678", "138****5678"},
		{"+86 013812345678", "13812345678", "138****5678"},
		{"１３８１２３４５６７８", "13812345678", "138****5678"},
		{`"张三" <sip:13812345678@10.0.0.1:5060>`, "13812345678", "138****5678"},
		{"tel:+8613812345678;phone-context=x1", "13812345678", "138****5678"},
		{"029-33213321", "02933213321", "029****3321"},
		{"+86 29 3321 3321", "02933213321", "029****3321"},
		{"(010) 1234 5678", "01012345678", "010****5678"},
		{"+86 10 1234 5678", "01012345678", "010****5678"},
		{"0910-3321332", "09103321332", "0910****332"},
		{"4008001234", "4008001234", "****1234"},
		{"+86 4008001234", "4008001234", "****1234"},
		{"12333", "12333", "****"},
		{"33213321", "33213321", "****"},
		{"8001", "8001", "****"},
		{"+1 (212) 555-0147", "+12125550147", "+****0147"},
		{"0012125550147", "+12125550147", "+****0147"},
		{"anonymous", "", ""},
		{"", "", ""},
	} {
		if got := normalize(tc.in); got != tc.normal {
			t.Errorf("normalize(%q) = %q, want %q", tc.in, got, tc.normal)
		}
		if got := k.Mask(tc.in); got != tc.mask {
			t.Errorf("Mask(%q) = %q, want %q", tc.in, got, tc.mask)
		}
		if got := k.Pseudonym(tc.in); got != k.Pseudonym(tc.normal) || (got == "") != (tc.normal == "") {
			t.Errorf("Pseudonym(%q) = %q, of its normal form %q", tc.in, got, k.Pseudonym(tc.normal))
		}
	}
}

// TestMaskHides: at least four digits of every number stay hidden, and normal forms are
// stable.
func TestMaskHides(t *testing.T) {
	k := ephemeral(t)
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.StringMatching(`\+?[0-9]{0,20}`).Draw(t, "number")
		normal := normalize(n)
		if again := normalize(normal); again != normal {
			t.Fatalf("%q becomes %q, then %q", n, normal, again)
		}
		shown := onlyDigits(k.Mask(n))
		all := onlyDigits(normal)
		if len(all) > 0 && len(all)-len(shown) < min(4, len(all)) {
			t.Fatalf("Mask(%q) = %q shows all but %d digits", n, k.Mask(n), len(all)-len(shown))
		}
	})
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

func TestPseudonymsDiffer(t *testing.T) {
	a, b := ephemeral(t), ephemeral(t)
	const number = "13812345678"
	if a.Pseudonym(number) == b.Pseudonym(number) {
		t.Error("two keys give the same pseudonym")
	}
	if a.Pseudonym(number) == a.PseudonymOfID(number) || a.PseudonymOfID(number) == a.Fingerprint([]byte(number)) {
		t.Error("kinds of content are not kept apart")
	}
	for _, s := range []string{a.Pseudonym(number), a.PseudonymOfID(number), a.Fingerprint([]byte(number))} {
		if strings.Contains(s, number) || !strings.HasPrefix(s, a.KeyID()+".") || len(s) > 40 {
			t.Errorf("pseudonym %q", s)
		}
	}
	if a.PseudonymOfID("") != "" {
		t.Error("no id has a pseudonym")
	}
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "keys.json")
	var wg sync.WaitGroup
	got := make([]*Keys, 4)
	for i := range got {
		wg.Go(func() {
			k, err := LoadOrCreate(path)
			if err != nil {
				t.Error(err)
			}
			got[i] = k
		})
	}
	wg.Wait()
	for _, k := range got {
		if k == nil || k.Pseudonym("1") != got[0].Pseudonym("1") {
			t.Fatal("processes that start at once have different keys")
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}

	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, got[0].Recipient())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, "row"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := age.Decrypt(&sealed, again.Identity())
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(r); err != nil || string(b) != "row" {
		t.Errorf("opened %q, %v", b, err)
	}
}

func TestBadFiles(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, "good.json")
	if _, err := LoadOrCreate(good); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		content string
		perm    fs.FileMode
		want    string
	}{
		"readable by others": {string(data), 0o644, "chmod 600"},
		"cut":                {string(data[:len(data)/2]), 0o600, "damaged"},
		"empty":              {"", 0o600, "damaged"},
		"newer":              {strings.Replace(string(data), `"format": 1`, `"format": 2`, 1), 0o600, "format 2"},
		"no active key":      {strings.Replace(string(data), `"active": "`, `"active": "x`, 1), 0o600, "is missing"},
		"no seal":            {strings.Replace(string(data), "AGE-SECRET-KEY-", "AGE-", 1), 0o600, "sealing key is damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, strings.ReplaceAll(name, " ", "-"))
			if err := os.WriteFile(path, []byte(tc.content), tc.perm); err != nil {
				t.Fatal(err)
			}
			_, err := LoadOrCreate(path)
			if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
			if err != nil && strings.Contains(err.Error(), "SECRET") {
				t.Error("the error shows a secret")
			}
		})
	}
	if _, err := LoadOrCreate(dir); err == nil {
		t.Error("a directory is taken for a key file")
	}
	if _, err := Load(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v of a missing file", err)
	}
}

func TestOutside(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(data, link); err != nil {
		t.Fatal(err)
	}
	for path, ok := range map[string]bool{
		filepath.Join(dir, "keys.json"):           true,
		filepath.Join(dir, "data-keys.json"):      true,
		filepath.Join(data, "..", "keys.json"):    true,
		filepath.Join(data, "keys.json"):          false,
		filepath.Join(data, "new", "keys.json"):   false,
		filepath.Join(link, "deeper", "key.json"): false,
	} {
		if err := Outside(path, data); (err == nil) != ok {
			t.Errorf("Outside(%s): %v", path, err)
		}
	}
}
