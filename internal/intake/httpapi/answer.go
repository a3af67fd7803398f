package httpapi

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"hotline12333/internal/hotline"
)

// Forbidden is why a record is rejected that its token may not send. It is a reason of
// this interface alone: nothing of the kind reaches Kafka.
const Forbidden hotline.Reason = "forbidden"

// status of one record in an answer.
type status string

const (
	accepted status = "accepted"
	ignored  status = "ignored"
	rejected status = "rejected"
)

// result is what became of one record.
type result struct {
	line   int64 // of the body, from 1
	id     string
	status status
	reason string // why it is ignored or rejected
	field  string
	detail string
}

func rejection(line int64, id string, err *hotline.RejectError) result {
	return result{line: line, id: id, status: rejected, reason: string(err.Reason), field: err.Field, detail: err.Detail}
}

// answer is what a request of records is told.
type answer struct {
	request string // its id
	results []result
}

func (a *answer) count(s status) int {
	n := 0
	for i := range a.results {
		if a.results[i].status == s {
			n++
		}
	}
	return n
}

// code is 202 when anything was taken, or there was nothing to refuse. Else the reason
// they have in common decides.
func (a *answer) code() int {
	if a.count(rejected) < len(a.results) || len(a.results) == 0 {
		return http.StatusAccepted
	}
	common := a.results[0].reason
	for i := range a.results {
		if a.results[i].reason != common {
			return http.StatusBadRequest
		}
	}
	switch hotline.Reason(common) {
	case hotline.TooLarge:
		return http.StatusRequestEntityTooLarge
	case Forbidden:
		return http.StatusForbidden
	}
	return http.StatusBadRequest
}

// appendJSON writes the answer by hand: of a thousand records it is a thousand objects.
func (a *answer) appendJSON(b []byte) []byte {
	b = append(b, `{"request":`...)
	b = quote(b, a.request)
	b = append(b, `,"read":`...)
	b = strconv.AppendInt(b, int64(len(a.results)), 10)
	for _, s := range []status{accepted, ignored, rejected} {
		b = append(b, ',', '"')
		b = append(b, s...)
		b = append(b, '"', ':')
		b = strconv.AppendInt(b, int64(a.count(s)), 10)
	}
	b = append(b, `,"results":[`...)
	for i := range a.results {
		r := &a.results[i]
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"index":`...)
		b = strconv.AppendInt(b, int64(i), 10)
		b = append(b, `,"line":`...)
		b = strconv.AppendInt(b, r.line, 10)
		b = append(b, `,"status":"`...)
		b = append(b, r.status...)
		b = append(b, '"')
		for _, f := range [...]struct{ name, value string }{{"id", r.id}, {"reason", r.reason}, {"field", r.field}, {"detail", r.detail}} {
			if f.value != "" {
				b = append(b, ',', '"')
				b = append(b, f.name...)
				b = append(b, '"', ':')
				b = quote(b, f.value)
			}
		}
		b = append(b, '}')
	}
	return append(b, "]}\n"...)
}

func quote(b []byte, s string) []byte {
	out, err := jsontext.AppendQuote(b, s)
	if err != nil { // not UTF-8: AppendQuote has written it with U+FFFD
		return out
	}
	return out
}

// problem is why a request as a whole is refused (RFC 9457).
type problem struct {
	Type    string `json:"type"`
	Title   string `json:"title"`
	Status  int    `json:"status"`
	Code    string `json:"code"`
	Detail  string `json:"detail"`
	Request string `json:"request"`
	Line    int64  `json:"line,omitempty"` // of the body, where it is about a place in it

	retry time.Duration // 0: repeating it is of no use
	allow string        // methods, of 405
}

// The codes of problems, for programs.
const (
	codeMalformed   = "malformed"
	codeToken       = "unauthorized"
	codeScope       = "forbidden"
	codeRoute       = "not_found"
	codeMethod      = "method_not_allowed"
	codeSlow        = "slow_body"
	codeLarge       = "too_large"
	codeMedia       = "unsupported_media_type"
	codeRate        = "too_many"
	codeUnavailable = "unavailable"
)

func refuse(status int, code, detail string) *problem {
	return &problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: code, Detail: detail}
}

// unavailable asks to come again.
func unavailable(retry time.Duration, detail string) *problem {
	p := refuse(http.StatusServiceUnavailable, codeUnavailable, detail)
	p.retry = retry
	return p
}

func tooMany(retry time.Duration, detail string) *problem {
	p := refuse(http.StatusTooManyRequests, codeRate, detail)
	p.retry = retry
	return p
}

func (p *problem) write(w http.ResponseWriter) (int, error) {
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	if p.retry > 0 {
		h.Set("Retry-After", strconv.Itoa(seconds(p.retry)))
	}
	if p.allow != "" {
		h.Set("Allow", p.allow)
	}
	if p.Status == http.StatusUnauthorized {
		h.Add("WWW-Authenticate", `Bearer realm="hotline"`)
		h.Add("WWW-Authenticate", `Basic realm="hotline"`)
	}
	body, err := json.Marshal(p)
	if err != nil {
		return 0, err
	}
	w.WriteHeader(p.Status)
	return w.Write(append(body, '\n'))
}
