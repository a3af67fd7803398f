package personal

import "strings"

// Normalize brings the ways one number is written to one form: national for numbers of
// mainland China (mobiles without, fixed lines with the leading 0), "+" and digits for
// others. It is empty when there are no digits.
func Normalize(number string) string {
	if _, inside, ok := strings.Cut(number, "<"); ok { // "name" <sip:…>
		number, _, _ = strings.Cut(inside, ">")
	}
	number = strings.TrimSpace(number)
	for _, scheme := range []string{"sip:", "sips:", "tel:"} {
		if len(number) > len(scheme) && strings.EqualFold(number[:len(scheme)], scheme) {
			number = number[len(scheme):]
			break
		}
	}
	number, _, _ = strings.Cut(number, "@")
	number, _, _ = strings.Cut(number, ";")
	digits, plus := digitsOf(number)
	abroad := plus
	if rest, ok := strings.CutPrefix(digits, "00"); ok && len(rest) >= 8 {
		digits, abroad = rest, true
	}
	rest, china := strings.CutPrefix(digits, "86")
	switch {
	case china && (abroad || mobile(rest)):
		return national(rest)
	case abroad:
		return "+" + digits
	}
	// Exchanges show mobiles from elsewhere with a 0 in front.
	if rest, ok := strings.CutPrefix(digits, "0"); ok && mobile(rest) {
		return rest
	}
	return digits
}

// national restores the 0 that a fixed line loses behind the country's code.
func national(s string) string {
	switch {
	case mobile(s), strings.HasPrefix(s, "0"), len(s) < 9:
		return strings.TrimPrefix(s, mobilePrefix(s))
	case len(s) == 10 && (strings.HasPrefix(s, "400") || strings.HasPrefix(s, "800")):
		return s
	}
	return "0" + s
}

// mobilePrefix is the 0 some write before a mobile even after the country's code.
func mobilePrefix(s string) string {
	if rest, ok := strings.CutPrefix(s, "0"); ok && mobile(rest) {
		return "0"
	}
	return ""
}

func mobile(s string) bool { return len(s) == 11 && s[0] == '1' && s[1] >= '3' }

func digitsOf(s string) (digits string, plus bool) {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r >= '０' && r <= '９':
			b.WriteRune(r - '０' + '0')
		case (r == '+' || r == '＋') && b.Len() == 0:
			plus = true
		}
	}
	return b.String(), plus
}

// hidden is what stands for the digits that are not shown, however many they are.
const hidden = "****"

// Mask shows a number as 138****5678 or 029****3321: the area and the last digits, with
// at least four digits hidden. Short numbers show nothing.
func Mask(number string) string {
	n := Normalize(number)
	if n == "" {
		return ""
	}
	area, rest := "", n
	switch {
	case mobile(n):
		area, rest = n[:3], n[3:]
	case strings.HasPrefix(n, "+"):
		area, rest = "+", n[1:]
	case len(n) >= 10 && (strings.HasPrefix(n, "01") || strings.HasPrefix(n, "02")):
		area, rest = n[:3], n[3:]
	case len(n) >= 10 && strings.HasPrefix(n, "0"):
		area, rest = n[:4], n[4:]
	case len(n) < 9:
		return hidden
	}
	shown := min(4, len(rest)-4)
	if shown <= 0 {
		return hidden
	}
	return area + hidden + rest[len(rest)-shown:]
}
