package people

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"hotline12333/internal/credential"
)

// A session is id.expiry.mac: who has signed in, until when it holds (unix seconds; 0: as
// long as the token), and an HMAC-SHA-256 of both under the token's hash. So it outlives a
// restart and is known to every replica with the same file, it ends with the token, and it
// does not hold the token.

// Session makes one for somebody with a token. Viewers' last as long as their token: a
// screen on a wall is signed in once.
func Session(p *Person, now time.Time, lasts time.Duration) (text string, until time.Time) {
	seconds := int64(0)
	if p.Role != Viewer {
		until = now.Add(lasts)
		seconds = until.Unix()
	}
	head := p.ID + "." + strconv.FormatInt(seconds, 10)
	return head + "." + mac(p, head), until
}

func mac(p *Person, head string) string {
	key, err := hex.DecodeString(p.SHA256)
	if err != nil {
		return "" // which no session has
	}
	h := hmac.New(sha256.New, key)
	h.Write([]byte("session " + head))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// BySession finds who has signed in, and until when; the zero time: as long as the token.
// The errors are those of credential; ErrExpired is also that of a session.
func (w *Watched) BySession(text string, now time.Time) (*Person, time.Time, error) {
	head, sum := text, ""
	if i := strings.LastIndexByte(text, '.'); i >= 0 {
		head, sum = text[:i], text[i+1:]
	}
	id, seconds, _ := strings.Cut(head, ".")
	until, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil || sum == "" {
		return nil, time.Time{}, credential.ErrUnknown
	}
	p, err := w.ByID(id, now)
	if p == nil {
		return nil, time.Time{}, err
	}
	if subtle.ConstantTimeCompare([]byte(sum), []byte(mac(p, head))) != 1 {
		return nil, time.Time{}, credential.ErrUnknown
	}
	if err != nil {
		return nil, time.Time{}, err
	}
	if until == 0 {
		return p, time.Time{}, nil
	}
	if end := time.Unix(until, 0); now.Before(end) {
		return p, end, nil
	}
	return nil, time.Time{}, credential.ErrExpired
}
