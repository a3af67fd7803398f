package personal

import "strings"

// Lengths of the parts of a pseudonym: the name of its key in hexadecimal and 128 bits in
// base64.
const (
	keyName  = 8
	keyedSum = 22
)

// Keyed says whether a text has the form of a pseudonym made with a key, as
// 5f0c7a19.k3J2…: it is no number, although chance may put the digits of one into it.
func Keyed(s string) bool {
	name, sum, ok := strings.Cut(s, ".")
	return ok && len(name) == keyName && strings.Trim(name, "0123456789abcdef") == "" &&
		len(sum) == keyedSum && strings.Trim(sum, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == ""
}
