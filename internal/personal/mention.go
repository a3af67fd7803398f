package personal

import "strings"

// Mentions says whether a text holds a number, in whatever way it is written there: in
// groups, with the country's code, in full-width digits. The number is in the form of
// [Normalize].
func Mentions(s, number string) bool {
	if number == "" {
		return false
	}
	runs := digitRuns(s)
	for i := range runs {
		var digits strings.Builder
		if runs[i].plus > 0 {
			digits.WriteByte('+')
		}
		for j := i; j < len(runs) && digits.Len() <= mostDigits; j++ {
			if j > i && !runs[j].tied {
				break
			}
			digits.WriteString(runs[j].digits)
			if Normalize(digits.String()) == number {
				return true
			}
		}
	}
	return false
}
