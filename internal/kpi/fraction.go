package kpi

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// Fraction is an exact number: a target, a weight, a value somebody entered. The zero
// value is 0.
type Fraction struct{ Num, Den int64 }

// mostDigits keeps numerator and denominator of what people write within an int64.
const mostDigits = 15

// ParseFraction reads a decimal number as people write it: 2.5, 100000, -0.25. Its digits
// are kept exactly.
func ParseFraction(text string) (Fraction, error) {
	digits, sign := text, int64(1)
	if strings.HasPrefix(digits, "-") {
		digits, sign = digits[1:], -1
	}
	before, after, pointed := strings.Cut(digits, ".")
	plain := func(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
	if !plain(before) || (pointed && !plain(after)) {
		return Fraction{}, fmt.Errorf("%q is not a decimal number such as 2.5", text)
	}
	if len(before)+len(after) > mostDigits {
		return Fraction{}, fmt.Errorf("%q has more than %d digits", text, mostDigits)
	}
	num, err := strconv.ParseInt(before+after, 10, 64)
	if err != nil {
		return Fraction{}, fmt.Errorf("%q is not a decimal number such as 2.5: %w", text, err)
	}
	return fractionOf(new(big.Rat).SetFrac64(sign*num, pow10(len(after)).Int64())), nil
}

// Whole is a whole number.
func Whole(n int64) Fraction { return Fraction{Num: n, Den: 1} }

// fractionOf takes the value of a rational whose parts fit.
func fractionOf(r *big.Rat) Fraction { return Fraction{Num: r.Num().Int64(), Den: r.Denom().Int64()} }

// Rat is the number for calculations; the caller may change it.
func (f Fraction) Rat() *big.Rat {
	if f.Den == 0 {
		return new(big.Rat)
	}
	return big.NewRat(f.Num, f.Den)
}

// Float is the number as near as a float64 comes.
func (f Fraction) Float() float64 {
	v, _ := f.Rat().Float64()
	return v
}

// String writes the number as a decimal, exactly where that is possible, else as a
// fraction: 2.5, 1/3.
func (f Fraction) String() string {
	r := f.Rat()
	if digits, exact := r.FloatPrec(); exact {
		return r.FloatString(digits)
	}
	return r.RatString()
}

// MarshalText implements encoding.TextMarshaler.
func (f Fraction) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (f *Fraction) UnmarshalText(text []byte) error {
	num, den, divided := strings.Cut(string(text), "/")
	if !divided {
		read, err := ParseFraction(num)
		*f = read
		return err
	}
	n, errN := strconv.ParseInt(num, 10, 64)
	d, errD := strconv.ParseInt(den, 10, 64)
	if errN != nil || errD != nil || d <= 0 {
		return fmt.Errorf("%q is not a number such as 2.5 or 1/3", text)
	}
	*f = fractionOf(big.NewRat(n, d))
	return nil
}
