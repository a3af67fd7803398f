package personal

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

// parsed is where the library says a number of the mainland is from when it parses it.
func parsed(n string) string {
	p, err := phonenumbers.Parse(n, "CN")
	if err != nil {
		return ""
	}
	place, err := phonenumbers.GetGeocodingForNumber(p, "zh")
	if err != nil || place == "中国" {
		return ""
	}
	return place
}

// TestRegionAsParsed: a number that is not parsed is from where it is when it is: every
// beginning of a mobile and every area code. The tables go by seven digits of a mobile;
// HOTLINE_SOAK=1 tries each of them, else each five with others drawn.
func TestRegionAsParsed(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	step := 100
	if os.Getenv("HOTLINE_SOAK") == "1" {
		step = 1
	}
	places := map[string]int{}
	check := func(n string) {
		n = Normalize(n)
		got, want := Region(n), parsed(n)
		if !mobile(n) && !fixed(n) {
			return
		}
		if strings.HasPrefix(n, "179") { // dialled before numbers abroad, and no mobile's: see mainland
			want = ""
		}
		if got != want {
			t.Errorf("%s is from %q, parsed %q", n, got, want)
		}
		places[got]++
	}
	for prefix := 1_300_000; prefix < 2_000_000; prefix += step {
		check(fmt.Sprintf("%07d%04d", prefix+r.IntN(step), r.IntN(10_000)))
	}
	for area := range 1000 {
		for _, local := range []int{7, 8} {
			for first := range 10 {
				check(fmt.Sprintf("0%d%d%0*d", area, first, local-1, r.IntN(1_000_000)))
			}
		}
	}
	t.Logf("%d places", len(places))
	if len(places) < 300 {
		t.Errorf("only %d places", len(places))
	}
}

// BenchmarkRegion shows what it costs beside parsing, in one run.
func BenchmarkRegion(b *testing.B) {
	for _, n := range []string{"13891090001", "02987654321"} {
		for name, region := range map[string]func(string) string{"direct": Region, "parsed": parsed} {
			b.Run(n[:4]+"/"+name, func(b *testing.B) {
				region(n) // loads the tables
				for b.Loop() {
					region(n)
				}
			})
		}
	}
}
