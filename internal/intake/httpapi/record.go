package httpapi

import (
	"errors"
	"strings"
	"unicode"

	"hotline12333/internal/hotline"
	"hotline12333/internal/intake/tokens"
	"hotline12333/internal/personal"
	"hotline12333/internal/wire"
)

// take decodes one posted record, completes it by its token's scope, hides what identifies
// the caller, checks it, and adds it to the batch.
func (s *Server) take(b *batch, dec *wire.Decoder, k tokens.Kind, p piece) {
	id, err := "", error(nil)
	at := len(b.arena)
	key := 0
	switch k {
	case tokens.Calls:
		id, key, err = s.call(b, dec, p.raw)
	case tokens.Supplements:
		id, key, err = s.supplement(b, dec, p.raw)
	case tokens.Tickets:
		id, key, err = s.ticket(b, dec, p.raw)
	case tokens.Agents:
		id, key, err = s.agentState(b, dec, p.raw)
	}
	var rejected *hotline.RejectError
	if errors.As(err, &rejected) {
		b.arena = b.arena[:at]
		b.reject(p.line, id, rejected)
		return
	}
	b.accept(k, at, key, result{line: p.line, id: id})
}

func (s *Server) call(b *batch, dec *wire.Decoder, raw []byte) (id string, key int, err error) {
	c, caller, err := dec.PostedCall(raw)
	if err != nil {
		return "", 0, err
	}
	if c.Deleted { // what else it says does not matter, and must not be stored unseen
		c = &hotline.Call{ID: c.ID, Version: c.Version, Centre: c.Centre, Source: c.Source, Deleted: true}
		caller = ""
	}
	if err := b.scope(&c.Source, &c.Centre); err != nil {
		return c.ID, 0, err
	}
	if err := s.caller(b.token, c, caller); err != nil {
		return c.ID, 0, err
	}
	scrubCall(c)
	if err := c.Validate(); err != nil {
		return c.ID, 0, err
	}
	if err := b.id("call_id", c.ID); err != nil {
		return c.ID, 0, err
	}
	b.arena = append(b.arena, c.ID...)
	b.arena = wire.AppendCall(b.arena, c)
	return c.ID, len(c.ID), nil
}

// caller replaces the number. A pseudonym from outside is taken from tokens alone that may
// make them: who can choose one could join two callers, or pass a number off as one.
func (s *Server) caller(t *tokens.Token, c *hotline.Call, number string) error {
	for _, f := range []struct{ name, value string }{
		{"caller_hash", c.CallerHash},
		{"caller_masked", c.CallerMasked},
		{"caller_sealed", c.CallerSealed},
		{"attributes." + hotline.CallerPrevious, c.Attributes[hotline.CallerPrevious]},
	} {
		switch {
		case f.value == "":
		case !t.Pseudonyms:
			return hotline.Reject(Forbidden, f.name, "pseudonyms are made here: send the number as caller; it is not kept")
		case number != "":
			return hotline.Reject(hotline.UnknownValue, f.name, "send either caller or a pseudonym, not both")
		}
	}
	if !personal.Keyed(c.CallerHash) && personal.Holds(c.CallerHash) {
		return hotline.Reject(hotline.UnknownValue, "caller_hash", "a number in clear: it must be a keyed hash, or left out")
	}
	if number != "" {
		if len(number) > hotline.MaxName {
			return hotline.Reject(hotline.TooLong, "caller", "%d bytes, at most %d", len(number), hotline.MaxName)
		}
		s.deps.Caller(c, number)
	}
	return nil
}

// scrubCall masks what looks like a telephone number in every text that people fill in.
func scrubCall(c *hotline.Call) {
	scrub(&c.Queue, &c.Agent, &c.Region, &c.Source, &c.Centre, &c.CallerMasked, &c.Rating.Scale)
	scrubAll(c.Topics)
	for i := range c.Legs {
		scrub(&c.Legs[i].Agent, &c.Legs[i].Queue)
	}
	for k, v := range c.Attributes {
		if k == hotline.CallerPrevious || !personal.Holds(k) && !personal.Holds(v) {
			continue
		}
		delete(c.Attributes, k)
		c.Attributes[personal.Scrub(k)] = personal.Scrub(v)
	}
}

func scrub(texts ...*string) {
	for _, t := range texts {
		*t = personal.Scrub(*t)
	}
}

func scrubAll(list []string) {
	for i := range list {
		list[i] = personal.Scrub(list[i])
	}
}

func (s *Server) supplement(b *batch, dec *wire.Decoder, raw []byte) (id string, key int, err error) {
	r, err := dec.PostedSupplement(raw)
	if err != nil {
		return "", 0, err
	}
	if r.Deleted {
		r = &hotline.Supplement{CallID: r.CallID, Version: r.Version, Kind: r.Kind, Centre: r.Centre, Source: r.Source, Deleted: true}
	}
	if err := b.scope(&r.Source, &r.Centre); err != nil {
		return r.CallID, 0, err
	}
	scrub(&r.Source, &r.Centre, &r.Rating.Scale)
	scrubAll(r.Topics)
	scrubAll(r.IVRPath)
	if err := r.Validate(); err != nil {
		return r.CallID, 0, err
	}
	if err := b.id("call_id", r.CallID); err != nil {
		return r.CallID, 0, err
	}
	b.arena = append(b.arena, r.CallID...)
	b.arena = wire.AppendSupplement(b.arena, r)
	return r.CallID, len(r.CallID), nil
}

func (s *Server) ticket(b *batch, dec *wire.Decoder, raw []byte) (id string, key int, err error) {
	r, err := dec.PostedTicket(raw)
	if err != nil {
		return "", 0, err
	}
	if r.Deleted {
		r = &hotline.Ticket{ID: r.ID, Version: r.Version, Centre: r.Centre, Source: r.Source, Deleted: true}
	}
	if err := b.scope(&r.Source, &r.Centre); err != nil {
		return r.ID, 0, err
	}
	scrub(&r.Source, &r.Centre, &r.Agent)
	scrubAll(r.Topics)
	if err := r.Validate(); err != nil {
		return r.ID, 0, err
	}
	if err := b.id("ticket_id", r.ID); err != nil {
		return r.ID, 0, err
	}
	if r.CallID != "" {
		if err := b.id("call_id", r.CallID); err != nil {
			return r.ID, 0, err
		}
	}
	b.arena = append(b.arena, r.ID...)
	b.arena = wire.AppendTicket(b.arena, r)
	return r.ID, len(r.ID), nil
}

func (s *Server) agentState(b *batch, dec *wire.Decoder, raw []byte) (id string, key int, err error) {
	r, err := dec.PostedAgentState(raw)
	if err != nil {
		return "", 0, err
	}
	if err := b.scope(&r.Source, &r.Centre); err != nil {
		return r.Agent, 0, err
	}
	scrub(&r.Source, &r.Centre, &r.Agent, &r.Reason)
	if err := r.Validate(); err != nil {
		return r.Agent, 0, err
	}
	at := len(b.arena)
	b.arena = append(b.arena, r.Key()...)
	key = len(b.arena) - at
	b.arena = wire.AppendAgentState(b.arena, r)
	return r.Agent, key, nil
}

// liveSource is the source of records that name none, from a token bound to none.
const liveSource = "http"

// scope fills in what a record leaves to its token, and refuses what it may not send.
func (b *batch) scope(source, centre *string) error {
	t := b.token
	switch {
	case *source == "" && len(t.Sources) > 0:
		*source = t.Sources[0]
	case *source == "":
		*source = liveSource
	case !t.MayBe(*source):
		return hotline.Reject(Forbidden, "source", "the token may send for %s only", strings.Join(t.Sources, ", "))
	}
	switch {
	case *centre == "":
		*centre = t.Centre
	case t.Centre != "" && *centre != t.Centre:
		return hotline.Reject(Forbidden, "centre", "the token may send for the centre %s only", t.Centre)
	}
	return nil
}

// id checks an identity. Identities are stored in clear and are what records are joined
// by, so they are never masked.
func (b *batch) id(field, id string) error {
	if p := b.token.IDPrefix; !strings.HasPrefix(id, p) {
		return hotline.Reject(Forbidden, field, "the token may send ids only that begin with %s", p)
	}
	if holdsMobile(id) {
		return hotline.Reject(hotline.UnknownValue, field, "it holds a telephone number: ids are stored in clear, send one without")
	}
	return nil
}

// holdsMobile looks for a part of an id, between anything but letters and digits, that is
// a mobile number of mainland China and nothing else. Parts of UUIDs have other lengths.
func holdsMobile(id string) bool {
	if len(id) < 11 {
		return false
	}
	for part := range strings.FieldsFuncSeq(id, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if len(part) == 13 {
			part = strings.TrimPrefix(part, "86")
		}
		if len(part) != 11 || part[0] != '1' || part[1] < '3' {
			continue
		}
		if strings.Trim(part, "0123456789") == "" {
			return true
		}
	}
	return false
}
