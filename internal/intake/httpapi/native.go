package httpapi

import (
	"bytes"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"hotline12333/internal/hotline"
	"hotline12333/internal/intake"
	"hotline12333/internal/intake/tokens"
	"hotline12333/internal/personal"
	"hotline12333/internal/wire"
)

var errTooManyPieces = errors.New("too many records")

// native takes a body through its source. What the source rejects is told and kept as a
// dead letter as well: telephone systems do not read answers.
func (s *Server) native(r *http.Request, b *batch, m media, raw []byte) *problem {
	payload, p := unform(raw, m)
	if p != nil {
		return p
	}
	name := r.PathValue("name")
	body := Body{Source: name, Bytes: payload, Centre: b.token.Centre, Zone: r.URL.Query().Get("zone")}
	if v := r.URL.Query().Get("revision"); v != "" {
		var err error
		if body.Revision, err = strconv.ParseUint(v, 10, 53); err != nil {
			return refuse(http.StatusBadRequest, codeMalformed, "revision is a whole number from 1 to 2^53-1")
		}
	}
	place := intake.Place{
		Source: name, Origin: string(b.headers[0].Value), Context: s.deps.Sources.Context(body), Fingerprint: s.deps.Fingerprint,
	}
	err := s.deps.Sources.Read(r.Context(), body, func(it *wire.Item) error {
		if len(b.answer.results) == s.cfg.MaxRecords {
			return errTooManyPieces
		}
		switch {
		case it.Rejected != nil:
			b.reject(it.Line, "", it.Rejected)
			b.letters = append(b.letters, intake.NewLetter(it, place))
		case it.Ignored != "":
			b.answer.results = append(b.answer.results, result{line: it.Line, status: ignored, reason: it.Ignored})
		case it.Call == nil && it.Supplement == nil && it.Ticket == nil && it.AgentState == nil:
			return errors.New("the source made nothing of a piece and gave no reason")
		default:
			b.item(it)
		}
		return nil
	})
	switch {
	case errors.Is(err, errTooManyPieces):
		return tooManyRecords(s.cfg.MaxRecords)
	case err != nil:
		return refuse(http.StatusBadRequest, codeMalformed, personal.Scrub(err.Error()))
	case len(b.answer.results) == 0:
		return refuse(http.StatusBadRequest, codeMalformed, "the body holds no record")
	}
	return nil
}

// item adds what a source made: checked, and without a caller's number.
func (b *batch) item(it *wire.Item) {
	at := len(b.arena)
	var r struct {
		kind       tokens.Kind
		id, centre string
		fields     []struct{ name, id string }
	}
	switch {
	case it.Call != nil:
		r.kind, r.id, r.centre = tokens.Calls, it.Call.ID, it.Call.Centre
		b.arena = append(b.arena, r.id...)
	case it.Supplement != nil:
		r.kind, r.id, r.centre = tokens.Supplements, it.Supplement.CallID, it.Supplement.Centre
		b.arena = append(b.arena, r.id...)
	case it.Ticket != nil:
		r.kind, r.id, r.centre = tokens.Tickets, it.Ticket.ID, it.Ticket.Centre
		b.arena = append(b.arena, r.id...)
	case it.AgentState != nil:
		r.kind, r.id, r.centre = tokens.Agents, it.AgentState.Agent, it.AgentState.Centre
		b.arena = append(b.arena, it.AgentState.Key()...)
	}
	key := len(b.arena) - at
	if err := b.allowed(r.kind, r.id, r.centre); err != nil {
		b.arena = b.arena[:at]
		b.reject(it.Line, r.id, err)
		return
	}
	switch r.kind {
	case tokens.Calls:
		b.arena = wire.AppendCall(b.arena, it.Call)
	case tokens.Supplements:
		b.arena = wire.AppendSupplement(b.arena, it.Supplement)
	case tokens.Tickets:
		b.arena = wire.AppendTicket(b.arena, it.Ticket)
	case tokens.Agents:
		b.arena = wire.AppendAgentState(b.arena, it.AgentState)
	}
	b.accept(r.kind, at, key, result{line: it.Line, id: r.id})
}

// allowed holds what a source made against the token's scope.
func (b *batch) allowed(k tokens.Kind, id, centre string) *hotline.RejectError {
	t := b.token
	if !t.May(k) {
		return hotline.Reject(Forbidden, "", "the token may not send %s", k)
	}
	if t.Centre != "" && centre != t.Centre {
		return hotline.Reject(Forbidden, "centre", "the token may send for the centre %s only", t.Centre)
	}
	if k == tokens.Agents {
		return nil
	}
	var rejected *hotline.RejectError
	if errors.As(b.id("call_id", id), &rejected) {
		return rejected
	}
	return nil
}

// cdrField is how FreeSWITCH's json_cdr and xml_cdr modules name the record in a form.
const cdrField = "cdr"

// unform takes the record out of the form that some telephone systems wrap it in.
func unform(body []byte, m media) ([]byte, *problem) {
	if m != formMedia && m != base64Media {
		return body, nil
	}
	bad := refuse(http.StatusBadRequest, codeMalformed, "the form has no field cdr")
	name, value, ok := bytes.Cut(bytes.TrimSpace(body), []byte{'='})
	if !ok || string(name) != cdrField {
		if t := bytes.TrimSpace(body); len(t) > 0 && (t[0] == '{' || t[0] == '[') {
			return body, nil // declared wrongly, as by curl -d
		}
		return nil, bad
	}
	if m == base64Media {
		plain, err := base64.StdEncoding.DecodeString(string(value))
		if err != nil {
			return nil, refuse(http.StatusBadRequest, codeMalformed, "the form's field cdr is not base64")
		}
		return plain, nil
	}
	value, _, _ = bytes.Cut(value, []byte{'&'})
	plain, err := url.QueryUnescape(string(value))
	if err != nil {
		return nil, refuse(http.StatusBadRequest, codeMalformed, "the form's field cdr is not URL-encoded")
	}
	return []byte(plain), nil
}
