package kpi

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// Target is what an indicator should reach, as an exact fraction or count, so that
// "met" never depends on a rounded number.
type Target struct {
	Num, Den int64 // 83/100, or 100000/1
}

// The hotline's targets of 2026.
var (
	AnswerRateTarget    = Target{Num: 83, Den: 100}
	TimelinessTarget    = Target{Num: 1, Den: 1}
	AnsweredCallsTarget = Target{Num: 100_000, Den: 1}
)

// Value is the target as a number.
func (t Target) Value() float64 { return float64(t.Num) / float64(t.Den) }

// MetBy says whether the ratio reaches the target (>=), compared exactly. It is false
// for a ratio without a value.
func (t Target) MetBy(r Ratio) bool {
	if _, ok := r.Value(); !ok {
		return false
	}
	return new(big.Int).Mul(big.NewInt(r.Num), big.NewInt(t.Den)).
		Cmp(new(big.Int).Mul(big.NewInt(t.Num), big.NewInt(r.Den))) >= 0
}

// MissesLeft is how many more requested calls may be lost, none more answered, before
// the ratio falls below the target. It is negative when the target is missed already:
// then so many answers in a row, rounded up, are needed to come back (see AnswersNeeded).
func (t Target) MissesLeft(r Ratio) int64 {
	if t.Num <= 0 {
		return math.MaxInt64
	}
	// answered / (requested + m) >= num/den  <=>  m <= answered*den/num - requested
	left := new(big.Int).Mul(big.NewInt(r.Num), big.NewInt(t.Den))
	left.Div(left, big.NewInt(t.Num)) // Euclidean: floors, both are positive
	return left.Int64() - r.Den
}

// AnswersNeeded is how many answered calls in a row bring a missed ratio back to the
// target; 0 when it is met, -1 when no number can (a target of 100% with a loss).
func (t Target) AnswersNeeded(r Ratio) int64 {
	if r.Den == 0 || t.MetBy(r) {
		return 0
	}
	if t.Num >= t.Den {
		return -1
	}
	// (answered+m)/(requested+m) >= num/den  <=>  m >= (requested*num - answered*den)/(den-num)
	short := new(big.Int).Sub(
		new(big.Int).Mul(big.NewInt(r.Den), big.NewInt(t.Num)),
		new(big.Int).Mul(big.NewInt(r.Num), big.NewInt(t.Den)))
	gap := big.NewInt(t.Den - t.Num)
	short.Add(short, gap).Sub(short, big.NewInt(1)).Div(short, gap)
	return short.Int64()
}

// CutPercent prints a ratio as a percentage, cut and not rounded: 82.996% is 82.99%, so
// that a missed target never shows as met. ok is false for a ratio without a value.
func CutPercent(r Ratio, decimals int) (s string, ok bool) {
	if _, ok := r.Value(); !ok {
		return "", false
	}
	scaled := new(big.Int).Mul(big.NewInt(r.Num), pow10(decimals+2))
	scaled.Quo(scaled, big.NewInt(r.Den))
	return point(scaled.String(), decimals) + "%", true
}

// CutSeconds prints a mean of milliseconds in seconds, cut to the decimals.
func CutSeconds(r Ratio, decimals int) (s string, ok bool) {
	if _, ok := r.Value(); !ok {
		return "", false
	}
	scaled := new(big.Int).Mul(big.NewInt(r.Num), pow10(decimals))
	scaled.Quo(scaled, new(big.Int).Mul(big.NewInt(r.Den), big.NewInt(1000)))
	return point(scaled.String(), decimals), true
}

// CutWan prints a count in units of ten thousand (万), cut to two decimals: 99,960 is 9.99.
func CutWan(n int64) string { return point(strconv.FormatInt(n/100, 10), 2) }

func pow10(n int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

// point puts the decimal point into a string of digits, which may start with a minus.
func point(digits string, decimals int) string {
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	if decimals == 0 {
		return sign + digits
	}
	if missing := decimals + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	return sign + digits[:len(digits)-decimals] + "." + digits[len(digits)-decimals:]
}

// trimZeros takes the zeros off the end of a number that has a decimal point.
func trimZeros(s string) string { return strings.TrimSuffix(strings.TrimRight(s, "0"), ".") }

// Wilson is the interval that holds the true share with the confidence of z (1.96 for
// 95%), for a ratio seen in few calls (E. B. Wilson, 1927). ok is false without calls.
func Wilson(r Ratio, z float64) (low, high float64, ok bool) {
	p, ok := r.Value()
	if !ok {
		return 0, 0, false
	}
	n := float64(r.Den)
	centre := p + z*z/(2*n)
	half := z * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	scale := 1 + z*z/n
	return max(0, (centre-half)/scale), min(1, (centre+half)/scale), true
}
