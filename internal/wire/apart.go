package wire

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"

	"hotline12333/internal/hotline"
)

// Supplement decodes and validates one supplement. The error is a [*hotline.RejectError].
func (d *Decoder) Supplement(data []byte) (*hotline.Supplement, error) {
	return validated(read(d, data, supplementField))
}

func supplementField(r *reader, s *hotline.Supplement, name string) {
	switch name {
	case "call_id":
		s.CallID = r.text(name)
	case "version":
		s.Version = r.integer(name, hotline.MaxVersion)
	case "kind":
		s.Kind = hotline.SupplementKind(r.word(name))
	case "centre":
		s.Centre = r.word(name)
	case "source":
		s.Source = r.word(name)
	case "rating":
		s.Rating = rating(r)
	case "ivr_seconds":
		s.IVR = r.span(name)
	case "ivr_path":
		s.IVRPath = r.texts(name)
	case "topics":
		s.Topics = r.texts(name)
	case "deleted":
		s.Deleted = r.boolean(name)
	default:
		r.skip()
	}
}

// AppendSupplement appends the supplement's canonical JSON, as [AppendCall] does.
func AppendSupplement(b []byte, s *hotline.Supplement) []byte {
	e := encoder{append(b, '{')}
	e.text("call_id", s.CallID)
	e.version(s.Version)
	e.text("kind", string(s.Kind))
	e.supplement(s)
	return append(e.b, '}')
}

// RankSupplement returns the supplement's rank among those of its call and kind.
func RankSupplement(s *hotline.Supplement) hotline.Rank {
	e := content()
	e.supplement(s)
	return e.rank(s.Version)
}

func (e *encoder) supplement(s *hotline.Supplement) {
	e.text("centre", s.Centre)
	e.text("source", s.Source)
	e.rating(s.Rating)
	e.span("ivr_seconds", s.IVR)
	e.texts("ivr_path", s.IVRPath)
	e.texts("topics", s.Topics)
	e.flag("deleted", s.Deleted)
}

// AgentState decodes and validates one agent's state. The error is a [*hotline.RejectError].
func (d *Decoder) AgentState(data []byte) (*hotline.AgentState, error) {
	return validated(read(d, data, agentStateField))
}

func agentStateField(r *reader, a *hotline.AgentState, name string) {
	switch name {
	case "agent":
		a.Agent = r.word(name)
	case "centre":
		a.Centre = r.word(name)
	case "state":
		a.State = hotline.State(r.word(name))
	case "reason":
		a.Reason = r.word(name)
	case "since":
		a.Since = r.instant(name)
	case "version":
		a.Version = r.integer(name, hotline.MaxVersion)
	case "source":
		a.Source = r.word(name)
	default:
		r.skip()
	}
}

// AppendAgentState appends the state's canonical JSON, as [AppendCall] does.
func AppendAgentState(b []byte, a *hotline.AgentState) []byte {
	e := encoder{append(b, '{')}
	e.text("agent", a.Agent)
	e.text("centre", a.Centre)
	e.instant("since", a.Since)
	e.version(a.Version)
	e.agentState(a)
	return append(e.b, '}')
}

// RankAgentState returns the state's rank among those of its agent and instant.
func RankAgentState(a *hotline.AgentState) hotline.Rank {
	e := content()
	e.agentState(a)
	return e.rank(a.Version)
}

func (e *encoder) agentState(a *hotline.AgentState) {
	e.text("state", string(a.State))
	e.text("reason", a.Reason)
	e.text("source", a.Source)
}

// Ticket decodes and validates one ticket. The error is a [*hotline.RejectError].
func (d *Decoder) Ticket(data []byte) (*hotline.Ticket, error) {
	return validated(read(d, data, ticketField))
}

func ticketField(r *reader, t *hotline.Ticket, name string) {
	switch name {
	case "ticket_id":
		t.ID = r.text(name)
	case "version":
		t.Version = r.integer(name, hotline.MaxVersion)
	case "centre":
		t.Centre = r.word(name)
	case "call_id":
		t.CallID = r.text(name)
	case "kind":
		t.Kind = hotline.TicketKind(r.word(name))
	case "opened_at":
		t.OpenedAt = r.instant(name)
	case "respond_by":
		t.RespondBy = r.instant(name)
	case "responded_at":
		t.RespondedAt = r.instant(name)
	case "resolve_by":
		t.ResolveBy = r.instant(name)
	case "resolved_at":
		t.ResolvedAt = r.instant(name)
	case "on_the_spot":
		t.OnTheSpot = r.boolean(name)
	case "topics":
		t.Topics = r.texts(name)
	case "agent":
		t.Agent = r.word(name)
	case "source":
		t.Source = r.word(name)
	case "deleted":
		t.Deleted = r.boolean(name)
	default:
		r.skip()
	}
}

// AppendTicket appends the ticket's canonical JSON, as [AppendCall] does.
func AppendTicket(b []byte, t *hotline.Ticket) []byte {
	e := encoder{append(b, '{')}
	e.text("ticket_id", t.ID)
	e.version(t.Version)
	e.ticket(t)
	return append(e.b, '}')
}

// RankTicket returns the ticket's rank among its versions.
func RankTicket(t *hotline.Ticket) hotline.Rank {
	e := content()
	e.ticket(t)
	return e.rank(t.Version)
}

func (e *encoder) ticket(t *hotline.Ticket) {
	e.text("centre", t.Centre)
	e.text("call_id", t.CallID)
	e.text("kind", string(t.Kind))
	e.instant("opened_at", t.OpenedAt)
	e.instant("respond_by", t.RespondBy)
	e.instant("responded_at", t.RespondedAt)
	e.instant("resolve_by", t.ResolveBy)
	e.instant("resolved_at", t.ResolvedAt)
	e.flag("on_the_spot", t.OnTheSpot)
	e.texts("topics", t.Topics)
	e.text("agent", t.Agent)
	e.text("source", t.Source)
	e.flag("deleted", t.Deleted)
}

// content begins the encoding that is hashed.
func content() *encoder { return &encoder{append(make([]byte, 0, 512), '{')} }

func (e *encoder) rank(version uint64) hotline.Rank {
	sum := sha256.Sum256(e.b)
	return hotline.Rank{Version: version, Hash: binary.BigEndian.Uint64(sum[:8])}
}

func (e *encoder) version(v uint64) {
	e.key("version")
	e.b = strconv.AppendUint(e.b, v, 10)
}

func (e *encoder) flag(name string, set bool) {
	if set {
		e.key(name)
		e.b = append(e.b, "true"...)
	}
}
