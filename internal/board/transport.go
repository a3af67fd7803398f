package board

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// maxAnswer bounds what is read of an answer; a dashboard has some 100 KB.
const maxAnswer = 32 << 20

// answerError is an answer that is none: the status is no success, or it is no JSON.
type answerError struct {
	Status  int
	Message string // what Grafana says, in one line
	Kind    string // Grafana's own word for it, as version-mismatch; seldom there
}

func (e *answerError) Error() string {
	if e.Message == "" {
		return fmt.Sprintf("Grafana answered %d %s", e.Status, http.StatusText(e.Status))
	}
	return fmt.Sprintf("Grafana answered %d: %s", e.Status, e.Message)
}

// status is the status of an answer that was an error, 0 for other errors.
func status(err error) int {
	var e *answerError
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}

// guard stands between the SDK and the network. The SDK looks into an error's message
// without asking whether there is one, and knows folders by numbers only, which Grafana is
// giving up. So whatever is no success never reaches it, and the folder's uid is put into
// what it sends.
type guard struct {
	next    http.RoundTripper
	folder  string // uid
	message string // of the version that is stored
}

var _ http.RoundTripper = (*guard)(nil)

// RoundTrip gives only answers that are a success and JSON; all others are an error.
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method == http.MethodPost && strings.HasSuffix(req.URL.Path, "/api/dashboards/db") {
		var err error
		if req, err = g.addressed(req); err != nil {
			return nil, err
		}
	}
	res, err := g.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if cerr := res.Body.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, fmt.Errorf("reading Grafana's answer: %w", err)
	}
	switch {
	case res.StatusCode >= 300 && res.StatusCode < 400:
		return nil, &answerError{Status: res.StatusCode, Message: "it sends elsewhere, to " + oneLine(res.Header.Get("Location")) + "; give that address in grafana.url"}
	case res.StatusCode != http.StatusOK:
		return nil, refusal(res.StatusCode, body)
	case len(body) > maxAnswer:
		return nil, &answerError{Status: res.StatusCode, Message: fmt.Sprintf("an answer of more than %d MB", maxAnswer>>20)}
	case !json.Valid(body):
		return nil, &answerError{Status: res.StatusCode, Message: "not in JSON: " + oneLine(string(body))}
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	res.ContentLength = int64(len(body))
	return res, nil
}

// addressed names the folder, and says who writes.
func (g *guard) addressed(req *http.Request) (*http.Request, error) {
	text, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	var body map[string]json.RawMessage
	if err := json.Unmarshal(text, &body); err != nil {
		return nil, fmt.Errorf("the dashboard to send is no JSON: %w", err)
	}
	for field, value := range map[string]string{"folderUid": g.folder, "message": g.message} {
		if body[field], err = json.Marshal(value); err != nil {
			return nil, err
		}
	}
	if text, err = json.Marshal(body); err != nil {
		return nil, err
	}
	copied := req.Clone(req.Context())
	copied.Body = io.NopCloser(bytes.NewReader(text))
	copied.ContentLength = int64(len(text))
	copied.GetBody = nil
	return copied, nil
}

// refusal makes an error of an answer, whatever form it has.
func refusal(code int, body []byte) error {
	var answer struct {
		Message *string `json:"message"`
		Status  string  `json:"status"`
	}
	e := &answerError{Status: code}
	switch err := json.Unmarshal(body, &answer); {
	case err == nil && answer.Message != nil:
		e.Message, e.Kind = oneLine(*answer.Message), answer.Status
	case err != nil: // a page of a proxy, or nothing
		e.Message = oneLine(string(body))
	}
	return e
}

// oneLine is foreign text, short enough for a message.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	const most = 160
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
