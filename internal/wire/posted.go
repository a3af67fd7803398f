package wire

import "hotline12333/internal/hotline"

// What is posted from outside is decoded as strictly as everything else, but completed
// before it is validated: the sender's scope fills in what it left out, and the number of
// a caller is replaced. These methods decode alone; their callers validate.

// PostedCall decodes a call and the caller's number that may stand beside it, as "caller".
// The call has not been validated. The error is a [*hotline.RejectError] and never holds
// the number.
func (d *Decoder) PostedCall(data []byte) (c *hotline.Call, caller string, err error) {
	c = new(hotline.Call)
	err = d.record(data, func(r *reader, name string) {
		if name == "caller" {
			caller = r.text(name)
			return
		}
		callField(r, c, name)
	})
	if err != nil {
		return nil, "", err
	}
	return c, caller, nil
}

// PostedSupplement decodes a supplement that has not been validated.
func (d *Decoder) PostedSupplement(data []byte) (*hotline.Supplement, error) {
	return read(d, data, supplementField)
}

// PostedTicket decodes a ticket that has not been validated.
func (d *Decoder) PostedTicket(data []byte) (*hotline.Ticket, error) {
	return read(d, data, ticketField)
}

// PostedAgentState decodes an agent's state that has not been validated.
func (d *Decoder) PostedAgentState(data []byte) (*hotline.AgentState, error) {
	return read(d, data, agentStateField)
}
