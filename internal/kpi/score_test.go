package kpi

import (
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func rat(t testing.TB, s string) *big.Rat {
	t.Helper()
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		t.Fatalf("%q is no number", s)
	}
	return r
}

// The score vectors of the definitions, and the edges beside them.
func TestScoreVectors(t *testing.T) {
	for _, c := range []struct {
		name                string
		sign                Sign
		value, target, want string // want: the share of the weight
	}{
		{"98,000 of 100,000 calls", AtLeast, "98000", "100000", "0.98"},
		{"the same in the target's unit", AtLeast, "9.8", "10", "0.98"},
		{"78.56% against 83%", AtLeast, "78.56", "83", "7856/8300"}, // 0.946506…
		{"as counts", AtLeast, "85582/1089.34", "83", "8558200/9041522"},
		{"91.15% against 83%", AtLeast, "91.15", "83", "1"},
		{"exactly reached", AtLeast, "83", "83", "1"},
		{"a hair below", AtLeast, "82.999999", "83", "82.999999/83"},
		{"nothing", AtLeast, "0", "83", "0"},
		{"a cost within its limit", AtMost, "2.75", "2.75", "1"},
		{"a cost above it", AtMost, "3", "2.75", "2.75/3"},
		{"no cost at all", AtMost, "0", "2.75", "1"},
		{"45 days of 60", AtMost, "45", "60", "1"},
		{"80 days of 60", AtMost, "80", "60", "0.75"},
		{"9 heads of 10", Equals, "9", "10", "0.9"},
		{"10 heads of 10", Equals, "10", "10", "1"},
		{"11 heads of 10: capped", Equals, "11", "10", "1"},
		{"99.5% against 100%", Equals, "99.5", "100", "0.995"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, weight := range []string{"1", "2.5", "15"} {
				got := Score(c.sign, divided(t, c.value), rat(t, c.target), rat(t, weight))
				want := new(big.Rat).Mul(divided(t, c.want), rat(t, weight))
				if got.Cmp(want) != 0 {
					t.Errorf("score at weight %s = %s, want %s", weight, got.RatString(), want.RatString())
				}
			}
		})
	}
	if got := Score(AtLeast, rat(t, "78.56"), rat(t, "83"), rat(t, "1")).FloatString(6); got != "0.946506" {
		t.Errorf("78.56 against 83 scores %s", got)
	}
	if Score(Graded, rat(t, "1"), rat(t, "1"), rat(t, "5")) != nil {
		t.Error("a graded indicator has no score by its value")
	}
}

// divided reads a quotient of decimals.
func divided(t testing.TB, s string) *big.Rat {
	t.Helper()
	for i := range s {
		if s[i] == '/' {
			return new(big.Rat).Quo(rat(t, s[:i]), rat(t, s[i+1:]))
		}
	}
	return rat(t, s)
}

func anyNumber(t *rapid.T, name string) *big.Rat {
	return big.NewRat(rapid.Int64Range(0, 200_000).Draw(t, name), rapid.Int64Range(1, 1000).Draw(t, name+" over"))
}

// More of what is wanted never costs points; a score is never negative and never above its
// weight; the whole weight is given exactly when the target is reached.
func TestScoreIsMonotoneAndCapped(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sign := rapid.SampledFrom([]Sign{AtLeast, AtMost, Equals}).Draw(t, "sign")
		target := anyNumber(t, "target")
		target.Add(target, big.NewRat(1, 1000))
		weight := big.NewRat(rapid.Int64Range(1, 40).Draw(t, "weight"), 2)
		a, b := anyNumber(t, "a"), anyNumber(t, "b")
		if a.Cmp(b) > 0 {
			a, b = b, a
		}
		low, high := Score(sign, a, target, weight), Score(sign, b, target, weight)
		if sign == AtMost {
			low, high = high, low
		}
		if low.Cmp(high) > 0 {
			t.Fatalf("%s %s: %s scores less than what is worse", sign, target.RatString(), b.RatString())
		}
		for _, s := range []*big.Rat{low, high} {
			if s.Sign() < 0 || s.Cmp(weight) > 0 {
				t.Fatalf("a score of %s of %s", s.RatString(), weight.RatString())
			}
		}
		for _, v := range []*big.Rat{a, b} {
			if whole := Score(sign, v, target, weight).Cmp(weight) == 0; whole != reached(sign, v, target) {
				t.Fatalf("%s %s %s: whole weight %v", v.RatString(), sign, target.RatString(), whole)
			}
		}
	})
}

// Scores are added unrounded: their order does not matter, and thirds do not get lost.
func TestTotalDoesNotDependOnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var scores []*big.Rat
		points := new(big.Rat)
		for range rapid.IntRange(1, 40).Draw(t, "rows") {
			weight := big.NewRat(rapid.Int64Range(1, 30).Draw(t, "weight"), 2)
			points.Add(points, weight)
			scores = append(scores, Score(AtLeast, anyNumber(t, "value"), big.NewRat(83, 1), weight))
		}
		want := Total(scores, points)
		if want.Cmp(big.NewRat(100, 1)) > 0 {
			t.Fatalf("a total of %s", want.RatString())
		}
		shuffled := rapid.Permutation(scores).Draw(t, "order")
		if got := Total(shuffled, points); got.Cmp(want) != 0 {
			t.Fatalf("in another order the total is %s, not %s", got.RatString(), want.RatString())
		}
		slices.Reverse(scores)
		if got := Rounded(Total(scores, points)); got.Cmp(Rounded(want)) != 0 {
			t.Fatal("the rounded total depends on the order")
		}
	})
}

func TestTotalIsRoundedOnce(t *testing.T) {
	third := big.NewRat(1, 3)
	scores := []*big.Rat{third, third, third, big.NewRat(88, 1)}
	if got := Rounded(Total(scores, big.NewRat(100, 1))); got.Cmp(big.NewRat(89, 1)) != 0 {
		t.Errorf("three thirds and 88 = %s, want 89: rounded each, they were 88.99", got.RatString())
	}
	for total, want := range map[string]string{"89.995": "90.00", "89.9949": "89.99", "79.994999": "79.99"} {
		if got := Rounded(rat(t, total)).FloatString(2); got != want {
			t.Errorf("%s is rounded to %s, want %s", total, got, want)
		}
	}
	// 45 of the 50 points that apply are 90 of 100.
	if got := Total([]*big.Rat{big.NewRat(45, 1)}, big.NewRat(50, 1)); got.Cmp(big.NewRat(90, 1)) != 0 {
		t.Errorf("45 of 50 rescaled = %s", got.RatString())
	}
}

func grades() []GradeBand {
	return []GradeBand{
		{Wording{"优", "excellent"}, Whole(90)},
		{Wording{"良", "good"}, Whole(80)},
		{Wording{"中", "fair"}, Whole(60)},
		{Wording{"差", "poor"}, Whole(0)},
	}
}

func TestGrades(t *testing.T) {
	for total, want := range map[string]string{"100": "优", "90": "优", "89.99": "良", "80": "良", "79.99": "中", "60": "中", "59.99": "差", "0": "差"} {
		if g, ok := GradeOf(grades(), rat(t, total)); !ok || g.Name.ZH != want {
			t.Errorf("grade of %s = %s, want %s", total, g.Name.ZH, want)
		}
	}
}

func TestExecution(t *testing.T) {
	for _, c := range []struct {
		adjusted, executed, score string
		flag                      Flag
	}{
		{"170", "170", "10", ""},
		{"170", "153", "9", ""}, // exactly 90%
		{"170", "152.99", "15299/1700", FlagExecutionLow},
		{"170.00", "180", "10", FlagExecutionAbove},
		{"24", "0", "0", FlagExecutionLow},
	} {
		r, err := execute(Execution{Adjusted: rat(t, c.adjusted), Executed: rat(t, c.executed)}, Whole(10))
		if err != nil || r.Score.Cmp(divided(t, c.score)) != 0 {
			t.Errorf("%s of %s scores %v (%v), want %s", c.executed, c.adjusted, r.Score, err, c.score)
		}
		if flagged := len(r.Flags) > 0; flagged != (c.flag != "") || flagged && r.Flags[0] != c.flag {
			t.Errorf("%s of %s has the flags %v, want %q", c.executed, c.adjusted, r.Flags, c.flag)
		}
	}
	with, err := execute(Execution{Adjusted: rat(t, "100"), Executed: rat(t, "50"), Reason: "项目延期"}, Whole(20))
	if err != nil || len(with.Flags) != 0 || with.Score.Cmp(rat(t, "10")) != 0 {
		t.Errorf("half of the budget, with a reason, of 20 points: %v %v %v", with.Score, with.Flags, err)
	}
	for _, wrong := range []Execution{
		{Adjusted: rat(t, "0"), Executed: rat(t, "1")},
		{Adjusted: rat(t, "1"), Executed: rat(t, "-1")},
		{NotApplicable: true, Reason: "无预算"},
	} {
		if _, err := execute(wrong, Whole(10)); err == nil {
			t.Errorf("%+v was taken", wrong)
		}
	}
}

// A missed target never shows as met: values are cut, and rounded up where less is better.
func TestPrintedValuesKeepTheSideOfTheTarget(t *testing.T) {
	percent := Row{Indicator: Indicator{Sign: AtLeast}, Target: Whole(83), Unit: Unit{Decimals: 2}}
	wan := Row{Indicator: Indicator{Sign: AtLeast}, Target: Whole(10), Unit: Unit{Decimals: 2}}
	cost := Row{Indicator: Indicator{Sign: AtMost}, Target: Fraction{11, 4}, Unit: Unit{Decimals: 2}}
	fine := Row{Indicator: Indicator{Sign: AtLeast}, Target: Fraction{99995, 1000}, Unit: Unit{Decimals: 2}}
	for _, c := range []struct {
		row   *Row
		value string
		fixed bool
		want  string
	}{
		{&percent, "82.996", true, "82.99"},
		{&percent, "83", true, "83.00"},
		{&percent, "83", false, "83"},
		{&percent, "82.9", false, "82.9"},
		{&wan, "9.996", true, "9.99"}, // 99,960 calls
		{&wan, "10", true, "10.00"},
		{&cost, "2.7501", false, "2.76"},
		{&cost, "2.75", false, "2.75"},
		{&cost, "2.741", false, "2.75"},
		{&fine, "99.992", true, "99.992"}, // as many decimals as the target has
	} {
		if got := Print(rat(t, c.value), c.row, c.fixed); got != c.want {
			t.Errorf("%s %s %s prints %s, want %s", c.value, c.row.Sign, c.row.Target, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		row := Row{
			Indicator: Indicator{Sign: rapid.SampledFrom([]Sign{AtLeast, AtMost, Equals}).Draw(t, "sign")},
			Target:    Fraction{rapid.Int64Range(1, 100_000).Draw(t, "target"), rapid.SampledFrom([]int64{1, 2, 4, 10, 100, 1000}).Draw(t, "over")},
			Unit:      Unit{Decimals: rapid.IntRange(0, 4).Draw(t, "decimals")},
		}
		value := anyNumber(t, "value")
		shown, ok := new(big.Rat).SetString(Print(value, &row, rapid.Bool().Draw(t, "fixed")))
		if !ok || reached(row.Sign, shown, row.Target.Rat()) != reached(row.Sign, value, row.Target.Rat()) {
			t.Fatalf("%s shows as %s beside the target %s %s", value.RatString(), shown.FloatString(6), row.Sign, row.Target)
		}
	})
}

func TestFractions(t *testing.T) {
	for text, want := range map[string]Fraction{
		"2.5": {5, 2}, "100000": {100_000, 1}, "0.25": {1, 4}, "-1.50": {-3, 2}, "0": {0, 1}, "170.00": {170, 1},
	} {
		got, err := ParseFraction(text)
		if err != nil || got != want {
			t.Errorf("%s = %v, %v; want %v", text, got, err, want)
		}
		var back Fraction
		if written, err := got.MarshalText(); err != nil || back.UnmarshalText(written) != nil || back != got {
			t.Errorf("%s is written as %s and read as %v", text, written, back)
		}
	}
	for _, wrong := range []string{"", ".", "1.", ".5", "1e3", "1,000", "--1", "+1", "0x1", "1/2", "１", "1234567890123456"} {
		if got, err := ParseFraction(wrong); err == nil {
			t.Errorf("%q was read as %v", wrong, got)
		}
	}
	third := Fraction{1, 3}
	var back Fraction
	if written, err := third.MarshalText(); err != nil || string(written) != "1/3" || back.UnmarshalText(written) != nil || back != third {
		t.Errorf("a third is written and read as %v", back)
	}
	if err := back.UnmarshalText([]byte("1/0")); err == nil {
		t.Error("a number over 0 was read")
	}
	if (Fraction{}).String() != "0" {
		t.Error("the zero value is 0")
	}
}
