package personal

import (
	"strings"
	"unicode/utf8"
)

// candidate is digits that may be one number.
type candidate struct {
	digits        string
	runs          []digitRun
	foreign       bool   // a plus stands before
	before, after string // the text around
}

// mask is what is shown instead, empty when the digits are no number of a person; extra
// is how many bytes behind the digits belong to it.
func (c *candidate) mask() (mask string, extra int) {
	if x := c.checkLetter(); x > 0 && identityCard(c.digits+"X") {
		return maskIdentity(c.digits), x
	}
	switch {
	case identityCard(c.digits), oldIdentityCard(c.digits):
		return maskIdentity(c.digits), 0
	case c.telephone():
		if c.foreign {
			return Mask("+" + c.digits), 0
		}
		return Mask(c.digits), 0
	case bankCard(c.digits):
		return hidden + c.digits[len(c.digits)-4:], 0
	case c.local():
		return hidden, 0
	}
	return "", 0
}

// checkLetter is the length of the X an identity card's number may end with.
func (c *candidate) checkLetter() int {
	if len(c.digits) != 17 {
		return 0
	}
	switch r, size := utf8.DecodeRuneInString(c.after); r {
	case 'x', 'X', 'ｘ', 'Ｘ':
		return size
	}
	return 0
}

// telephone knows mobiles and fixed lines of mainland China, with or without its code,
// and numbers of other countries that are written with a plus or 00.
func (c *candidate) telephone() bool {
	d := c.digits
	if c.foreign {
		return len(d) >= 8 && len(d) <= 15 && d[0] != '0'
	}
	if len(c.runs) > 1 && !c.groupsLikeANumber() {
		return false
	}
	abroad, ok := strings.CutPrefix(d, "00")
	if ok && len(abroad) >= 10 && len(abroad) <= 15 && abroad[0] != '0' {
		return true
	}
	n := Normalize(d)
	return mobile(n) || fixed(n) || strings.HasPrefix(n, "400") && len(n) == 10 && len(c.runs) > 1 || extension(d)
}

// groupsLikeANumber keeps 1760000000.1, an id of a call, apart from a number in groups.
func (c *candidate) groupsLikeANumber() bool {
	for _, r := range c.runs {
		if len(r.digits) > 8 && !strings.HasPrefix(r.digits, "0") && !strings.HasPrefix(r.digits, "86") && !mobile(r.digits) {
			return false
		}
		if r.dotted && len(r.digits) > 5 {
			return false
		}
	}
	return true
}

// extension is a fixed line or a mobile with an extension of up to four digits behind.
func extension(d string) bool {
	return len(d) > 12 && len(d) <= 16 && d[0] == '0' && d[1] != '0' && (fixed(d[:11]) || fixed(d[:12]))
}

// local is a fixed line without its area code, which only the words before tell from any
// other number: 电话 33213321.
func (c *candidate) local() bool {
	d := c.digits
	if len(d) < fewest || len(d) > 8 || d[0] < '2' || len(c.runs) > 2 || plausibleDay(d) {
		return false
	}
	before := c.before
	if cut := len(before) - 30; cut > 0 {
		before = before[cut:]
	}
	before = strings.ToLower(before)
	for _, word := range [...]string{"电话", "手机", "座机", "致电", "回电", "回拨", "来电", "联系", "号码", "tel", "phone", "mobile", "call"} {
		if strings.Contains(before, word) {
			return true
		}
	}
	return false
}

// plausibleDay says whether eight digits are a date of our time.
func plausibleDay(d string) bool {
	return len(d) == 8 && (d[:2] == "19" || d[:2] == "20") && monthAndDay(d[4:])
}

func monthAndDay(d string) bool {
	return d[:2] >= "01" && d[:2] <= "12" && d[2:4] >= "01" && d[2:4] <= "31"
}

// identityCard knows the 18 places of GB 11643: region, birth date, sequence, checksum. A
// wrong digit must not show the others, so the checksum decides only where the date is
// too young for a caller: there it is rather the day in an id of something else.
func identityCard(d string) bool {
	if len(d) != 18 || !province(d) || !monthAndDay(d[10:]) {
		return false
	}
	if year := d[6:10]; year >= "1900" && year < youngest {
		return true
	} else if year < "1900" || year > "2099" {
		return false
	}
	sum := 0
	weight := [...]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	for i, w := range weight {
		sum += int(d[i]-'0') * w
	}
	return "10X98765432"[sum%11] == d[17]
}

// youngest is the birth year from which on the checksum must be right.
const youngest = "2012"

// oldIdentityCard knows the 15 digits in use until 2013; they have no checksum.
func oldIdentityCard(d string) bool {
	return len(d) == 15 && province(d) && monthAndDay(d[8:])
}

func province(d string) bool {
	switch d[0] {
	case '1':
		return d[1] >= '1' && d[1] <= '5'
	case '2':
		return d[1] >= '1' && d[1] <= '3'
	case '3':
		return d[1] >= '1' && d[1] <= '7'
	case '4':
		return d[1] >= '1' && d[1] <= '6'
	case '5':
		return d[1] >= '0' && d[1] <= '4'
	case '6':
		return d[1] >= '1' && d[1] <= '5'
	case '7', '9':
		return d[1] == '1'
	case '8':
		return d[1] >= '1' && d[1] <= '3'
	}
	return false
}

// bankCard knows 16 to 19 digits that begin as cards do and pass the checksum (Luhn).
func bankCard(d string) bool {
	if len(d) < 16 || len(d) > 19 {
		return false
	}
	known := d[0] == '4' || d[0] == '5'
	for _, prefix := range [...]string{"62", "60", "81", "35", "37", "9558"} {
		known = known || strings.HasPrefix(d, prefix)
	}
	if !known {
		return false
	}
	sum := 0
	for i := range len(d) {
		v := int(d[len(d)-1-i] - '0')
		if i%2 == 1 {
			if v *= 2; v > 9 {
				v -= 9
			}
		}
		sum += v
	}
	return sum%10 == 0
}

// maskIdentity shows the province alone.
func maskIdentity(d string) string { return d[:2] + hidden }
