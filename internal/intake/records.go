package intake

import (
	"slices"
	"strconv"

	"hotline12333/internal/broker"
	"hotline12333/internal/wire"
)

// Kind is a kind of records; each has a topic of its own.
type Kind string

// The kinds.
const (
	Call       Kind = "call"
	Supplement Kind = "supplement"
	AgentState Kind = "agent_state"
	Ticket     Kind = "ticket"
)

// Kinds are all of them, in the order in which a batch is written.
func Kinds() []Kind { return []Kind{Call, Supplement, AgentState, Ticket} }

// of is the topic of a kind.
func (t Topics) of(k Kind) string {
	switch k {
	case Supplement:
		return t.Supplements
	case AgentState:
		return t.Agents
	case Ticket:
		return t.Tickets
	}
	return t.Calls
}

// kindOf is the kind of the item's record, empty where it has none.
func kindOf(it *wire.Item) Kind {
	switch {
	case it.Call != nil:
		return Call
	case it.Supplement != nil:
		return Supplement
	case it.AgentState != nil:
		return AgentState
	case it.Ticket != nil:
		return Ticket
	}
	return ""
}

// appendKey appends the Kafka key of the item's record, and appendValue its canonical JSON.
func appendKey(b []byte, it *wire.Item) []byte {
	switch kindOf(it) {
	case Supplement:
		return append(b, it.Supplement.CallID...)
	case AgentState:
		return append(b, it.AgentState.Key()...)
	case Ticket:
		return append(b, it.Ticket.ID...)
	}
	return append(b, it.Call.ID...)
}

func appendValue(b []byte, it *wire.Item) []byte {
	switch kindOf(it) {
	case Supplement:
		return wire.AppendSupplement(b, it.Supplement)
	case AgentState:
		return wire.AppendAgentState(b, it.AgentState)
	case Ticket:
		return wire.AppendTicket(b, it.Ticket)
	}
	return wire.AppendCall(b, it.Call)
}

// records are the records of one kind in a batch.
type records struct {
	kind Kind
	list []broker.Record
}

// accept encodes the record of an item into the batch. The arena may move as it grows:
// what was cut from it before keeps its old place.
func (p *pipe) accept(b *batch, kind Kind, it *wire.Item) {
	cut := func(from int) []byte { return b.arena[from:len(b.arena):len(b.arena)] }
	at := len(b.arena)
	b.arena = appendKey(b.arena, it)
	key := cut(at)
	at = len(b.arena)
	b.arena = appendValue(b.arena, it)
	value := cut(at)
	at = len(b.arena)
	b.arena = append(b.arena, p.origin...)
	b.arena = append(b.arena, ':')
	b.arena = strconv.AppendInt(b.arena, it.Line, 10)
	first := len(b.headers)
	b.headers = append(b.headers,
		broker.Header{Key: "run", Value: p.runID}, broker.Header{Key: "origin", Value: cut(at)})
	rec := broker.Record{Key: key, Value: value, Headers: b.headers[first:len(b.headers):len(b.headers)]}
	i := slices.IndexFunc(b.records, func(r records) bool { return r.kind == kind })
	b.records[i].list = append(b.records[i].list, rec)
	b.count++
}
