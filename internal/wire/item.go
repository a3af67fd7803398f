package wire

import "hotline12333/internal/hotline"

// Position is a place in an input from which reading may go on: everything before it
// has been told, nothing after it has.
type Position struct {
	Offset int64 // bytes from the start of the (decompressed) input
	Line   int64 // lines that end before it
}

// Item is what became of one piece of an input. Exactly one of the records, Ignored and
// Rejected is set. It belongs to the reader and holds only until its next step.
type Item struct {
	// Accepted and valid: one of these.
	Call       *hotline.Call
	Supplement *hotline.Supplement
	AgentState *hotline.AgentState
	Ticket     *hotline.Ticket

	Ignored  string               // the reason why the piece is no record; bounded, fit to be a label
	Rejected *hotline.RejectError // why it cannot be counted

	Raw     []byte   // the bytes of a rejected piece; its beginning when it is longer than the reader keeps
	Length  int64    // of the whole piece in bytes
	SHA256  [32]byte // of the whole piece, where Raw is only its beginning
	Line    int64    // of its first byte, from 1
	Columns []string // the names in the input's header, where Raw needs them to be read again
	Next    Position // after it
}

// Cut says that Raw is only the beginning of the piece.
func (it *Item) Cut() bool { return it.Length > int64(len(it.Raw)) }
