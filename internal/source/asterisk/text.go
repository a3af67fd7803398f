package asterisk

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"

	"hotline12333/internal/hotline"
	"hotline12333/internal/source"
)

// decoder reads lines as UTF-8, and those that are not as what the description says:
// Asterisk writes the bytes it was given, which may be of another kind in every line.
type decoder struct{ other encoding.Encoding }

func newDecoder(name string) decoder {
	if name == encGB18030 {
		return decoder{simplifiedchinese.GB18030}
	}
	return decoder{charmap.Windows1252}
}

func (d decoder) text(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	out, err := d.other.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	return string(out)
}

// name makes text fit for a queue or an agent: digits that could be a caller's number are
// masked. An error says what is wrong with it.
func name(keys source.Pseudonyms, field, s string) (string, *hotline.RejectError) {
	s = conceal(keys, strings.TrimSpace(s))
	if len(s) > hotline.MaxName {
		return "", hotline.Reject(hotline.TooLong, field, "%d bytes, at most %d", len(s), hotline.MaxName)
	}
	if strings.ContainsFunc(s, unicode.IsControl) {
		return "", hotline.Reject(hotline.BadRow, field, "a control character")
	}
	return s, nil
}

// minNumber is how many digits in a row are taken for a telephone number. Extensions,
// queues and the counters in channel names have fewer.
const minNumber = 9

// conceal masks the telephone numbers in a text.
func conceal(keys source.Pseudonyms, s string) string {
	var b strings.Builder
	done := 0
	for i := 0; i < len(s); {
		if s[i] < '0' || s[i] > '9' {
			i++
			continue
		}
		run := i
		digits := 0
		for run < len(s) && (isDigit(s[run]) || (s[run] == '-' || s[run] == ' ') && run+1 < len(s) && isDigit(s[run+1])) {
			if isDigit(s[run]) {
				digits++
			}
			run++
		}
		if digits >= minNumber && !channelCounter(s[i:run]) {
			b.WriteString(s[done:i])
			b.WriteString(mask(keys, s[i:run]))
			done = run
		}
		i = run
	}
	if done == 0 {
		return s
	}
	b.WriteString(s[done:])
	return b.String()
}

// channelCounter knows an extension with the counter of its channel behind it, as
// 8001-0000001a: no number.
func channelCounter(s string) bool {
	before, after, ok := strings.Cut(s, "-")
	return ok && len(before) < minNumber && len(after) <= 8 && strings.HasPrefix(after, "00")
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func mask(keys source.Pseudonyms, number string) string {
	if keys == nil {
		return "****"
	}
	return keys.Mask(number)
}

// uniqueID says whether an id has the form Asterisk makes: [system-]seconds.counter. The
// seconds are when the channel came to be.
func uniqueID(s string) (seconds int64, ok bool) {
	if i := strings.LastIndexByte(s, '-'); i >= 0 {
		s = s[i+1:]
	}
	whole, counter, found := strings.Cut(s, ".")
	if !found || len(whole) != 10 || len(counter) == 0 || len(counter) > 10 {
		return 0, false
	}
	for i := range len(whole) {
		if !isDigit(whole[i]) {
			return 0, false
		}
		seconds = seconds*10 + int64(whole[i]-'0')
	}
	for i := range len(counter) {
		if !isDigit(counter[i]) {
			return 0, false
		}
	}
	return seconds, true
}

// callID is the identity of a call. An id that is none of Asterisk's own may be anything,
// also a number: then it is made a pseudonym.
func callID(keys source.Pseudonyms, prefix, id string) string {
	if _, ok := uniqueID(id); !ok && keys != nil && conceal(keys, id) != id {
		id = keys.PseudonymOfID(id)
	}
	if prefix != "" {
		return prefix + "-" + id
	}
	return id
}

// device is what a channel belongs to: SIP/301 of SIP/301-00000012.
func device(channel string) string {
	i := strings.LastIndexByte(channel, '-')
	if i < 0 {
		return channel
	}
	counter, _, _ := strings.Cut(channel[i+1:], ";")
	if len(counter) < 8 || strings.Trim(counter, "0123456789abcdef") != "" {
		return channel
	}
	return channel[:i]
}

// concealChannel masks the number in a channel's name and leaves its counter, by which
// channels differ.
func concealChannel(keys source.Pseudonyms, channel string) string {
	owner := device(channel)
	return conceal(keys, owner) + channel[len(owner):]
}

// local splits the name of a Local channel's half: of Local/x@y-0000001;2 the name
// Local/x@y-0000001 and 2. The half is 0 where it is no Local channel.
func local(channel string) (pair string, half int) {
	if !strings.HasPrefix(channel, "Local/") {
		return "", 0
	}
	switch pair, n, _ := strings.Cut(channel, ";"); n {
	case "1":
		return pair, 1
	case "2":
		return pair, 2
	default:
		return pair, 1
	}
}

// extension is the number of an agent in a member's name: 2004 of
// Local/2004@from-internal/n; empty where there is none.
func extension(member string) string {
	_, s, ok := strings.Cut(member, "/")
	if !ok {
		s = member
	}
	if i := strings.IndexAny(s, "@-/;"); i >= 0 {
		s = s[:i]
	}
	if s == "" || len(s) > 8 || strings.Trim(s, "0123456789") != "" {
		return ""
	}
	return s
}
