package journal

import (
	"encoding/json"
	"math/big"
	"regexp"
	"strings"

	"hotline12333/internal/refusal"
)

// Decimal is an exact number as a person wrote it: 95.30 stays 95.30. The empty one is no
// number.
type Decimal string

var decimalForm = regexp.MustCompile(`^-?(0|[1-9]\d{0,17})(\.\d{1,9})?$`)

// ParseDecimal reads a number with a point and without separators of thousands.
func ParseDecimal(s string) (Decimal, error) {
	s = strings.TrimSpace(s)
	if !decimalForm.MatchString(s) {
		return "", refusal.Errorf("“%s”不是数字:只填数字,如 95 或 95.3", "%q is no number: write it as 95 or 95.3, without separators and without a unit", s)
	}
	return Decimal(s), nil
}

// Rat is the number; nil for none.
func (d Decimal) Rat() *big.Rat {
	r, ok := new(big.Rat).SetString(string(d))
	if !ok {
		return nil
	}
	return r
}

// Compare orders two numbers, of which none is empty.
func (d Decimal) Compare(o Decimal) int { return d.Rat().Cmp(o.Rat()) }

// MarshalJSON writes a JSON number.
func (d Decimal) MarshalJSON() ([]byte, error) {
	if d == "" {
		return []byte("null"), nil
	}
	return []byte(d), nil
}

// UnmarshalJSON keeps the digits of a JSON number.
func (d *Decimal) UnmarshalJSON(b []byte) error {
	var n *json.Number
	if err := json.Unmarshal(b, &n); err != nil {
		return err
	}
	if *d = ""; n == nil {
		return nil
	}
	read, err := ParseDecimal(n.String())
	*d = read
	return err
}
