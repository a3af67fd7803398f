package config

import (
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

func TestDumpSaysWhereFrom(t *testing.T) {
	file := write(t, "store:\n  rows: 5\n")
	l, err := Load(defaultSample(), Layers{File: file, Environ: []string{"HOTLINE_STORE_PASSWORD=s3cret", "HOTLINE_STORE_RATIO=0.25"}})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := l.Dump(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"# A name. [default]\nname: centre\n",
		"  # Rows per batch. [file hotline.yaml:2:3]\n  rows: 5\n",
		"  # Share of memory. [env HOTLINE_STORE_RATIO]\n  ratio: 0.25\n",
		"  # Password of the user. [env HOTLINE_STORE_PASSWORD]\n  # password: not shown; set password_file or HOTLINE_STORE_PASSWORD\n",
		"  timeout: 2s\n", "  block: 16MiB\n", "  limits: {a: 1}\n", "  quota: [{centre: x, every: 1m}]\n",
		"  # The live page.\n  page:\n    # Title of the page. [default]\n    title: \"Live\"\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("dump lacks %q:\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "s3cret") {
		t.Error("dump shows the secret")
	}
}

// Whatever is in the struct, the dumped file loads to the same.
func TestDumpRoundTrip(t *testing.T) {
	dir := t.TempDir()
	text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "~", "null", "yes", "1e3", "0x10", "- a", "a: b", "#", "a #b", "[", "5ms", "<<", "*a", "&a", "!t", "\u2028", "\x00", "'", "a\nb", "  x ", "2026-01-01"}))
	rapid.Check(t, func(rt *rapid.T) {
		want := sample{
			Name: text.Draw(rt, "name"),
			Store: sampleStore{
				Addresses: rapid.SliceOfN(text, 0, 4).Draw(rt, "addresses"), Timeout: time.Duration(rapid.Int64().Draw(rt, "timeout")),
				Block: rapid.Int64Min(0).Draw(rt, "block"), CacheBytes: rapid.Uint32().Draw(rt, "cache"), Rows: rapid.Int().Draw(rt, "rows"),
				Ratio: rapid.Float64().Draw(rt, "ratio"), Verify: rapid.Bool().Draw(rt, "verify"),
				Limits: rapid.MapOfN(text, rapid.Int(), 0, 3).Draw(rt, "limits"), User: text.Draw(rt, "user"),
				Quota: []sampleQuota{{Centre: text.Draw(rt, "centre"), Every: time.Duration(rapid.Int64Range(0, 1<<50).Draw(rt, "every")) * time.Second}},
			},
			Web: sampleWeb{
				Listen: netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), rapid.Uint16().Draw(rt, "port")),
				Page:   samplePage{Title: text.Draw(rt, "title"), Refresh: rapid.Uint8().Draw(rt, "refresh")},
			},
		}
		first, err := Load(want, Layers{})
		if err != nil {
			rt.Fatal(err)
		}
		var out bytes.Buffer
		if err := first.Dump(&out); err != nil {
			rt.Fatal(err)
		}
		file := filepath.Join(dir, "dump.yaml")
		if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
			rt.Fatal(err)
		}
		second, err := Load(sample{}, Layers{File: file})
		if err != nil {
			rt.Fatalf("%v\n%s", err, out.String())
		}
		if diff := cmp.Diff(want, second.Value, compare(), cmpopts.EquateEmpty()); diff != "" {
			rt.Fatalf("%s\n%s", diff, out.String())
		}
	})
}

func TestDefaultRootRoundTrip(t *testing.T) {
	first, err := Load(DefaultRoot(), Layers{})
	if err != nil {
		t.Fatal(err)
	}
	var out, again bytes.Buffer
	if err := first.Dump(&out); err != nil {
		t.Fatal(err)
	}
	second, err := Load(Root{}, Layers{File: write(t, out.String())})
	if err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	if err := second.Check(); err != nil {
		t.Error(err)
	}
	if err := second.Dump(&again); err != nil {
		t.Fatal(err)
	}
	origins := regexp.MustCompile(` \[(default|file [^\]]*)\]\n`)
	if diff := cmp.Diff(origins.ReplaceAllString(out.String(), "\n"), origins.ReplaceAllString(again.String(), "\n")); diff != "" {
		t.Error(diff)
	}
}

func TestReference(t *testing.T) {
	var out bytes.Buffer
	if err := Reference(&out, defaultSample()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"## store\n\nWhere rows go.\n\n| Key | Default | Variable | Meaning |\n",
		"| `rows` | `1000` | `HOTLINE_STORE_ROWS` | Rows per batch. |\n",
		"| `password` (secret) | not in the file | `HOTLINE_STORE_PASSWORD` |",
		"| `verify` | `true` | `HOTLINE_STORE_VERIFY` | Whether to verify \\| to trust. |",
		"## web.page\n", "| `HOTLINE_CONFIG` |",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("reference lacks %q:\n%s", want, out.String())
		}
	}
}

func TestEnvNames(t *testing.T) {
	names, err := EnvNames[Root]()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"HOTLINE_LOG_LEVEL", "HOTLINE_LOG_FORMAT"} {
		if !strings.Contains(strings.Join(names, " "), want) {
			t.Errorf("%s is not in %q", want, names)
		}
	}
}

func TestScalarText(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 200 * time.Millisecond: "200ms", 90 * time.Second: "1m30s", 10 * time.Minute: "10m", time.Hour: "1h",
		24 * time.Hour: "24h", 48 * time.Hour: "2d", 49 * time.Hour: "49h", -time.Minute: "-1m", time.Hour + time.Second: "1h0m1s",
	} {
		if got := formatDuration(d); got != want {
			t.Errorf("%v is written %s, want %s", int64(d), got, want)
		}
		if back, err := parseDuration(want); err != nil || back != d {
			t.Errorf("%s is read %v, %v", want, back, err)
		}
	}
	for n, want := range map[uint64]string{0: "0B", 1: "1B", 1023: "1023B", 1024: "1KiB", 1536: "1536B", 16 << 20: "16MiB", 1 << 60: "1EiB", 1e6: "1MB", 900_000: "900kB", 1_024_000: "1000KiB"} {
		if got := formatBytes(n); got != want {
			t.Errorf("%d is written %s, want %s", n, got, want)
		}
	}
	for _, bad := range []string{"", "d", "-1d", "999999999999d", "1", "1 s", "1.5d"} {
		if d, err := parseDuration(bad); err == nil {
			t.Errorf("%q is read as %v", bad, d)
		}
	}
}

func TestNearest(t *testing.T) {
	for _, c := range []struct{ name, want string }{{"levle", "level"}, {"format", "format"}, {"xyz", ""}, {"", ""}, {"formatt", "format"}} {
		if got := nearest(c.name, []string{"level", "format"}); got != c.want {
			t.Errorf("nearest to %q is %q, want %q", c.name, got, c.want)
		}
	}
}
