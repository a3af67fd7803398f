package write

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/simulate"
)

// freeSwitchJSON is what mod_json_cdr posts, one object a line: the caller's leg with the
// variables of mod_callcenter, and the agent's.
func freeSwitchJSON() *Format {
	return &Format{
		Name: "freeswitch-json-cdr", Title: "FreeSWITCH, mod_json_cdr with the variables of mod_callcenter", File: "cdr.ndjson",
		Cannot: []string{
			"What became of a caller in the menu: self-service, voicemail, a full queue and closed lines look like hanging up there.",
			"Earlier queues of a caller who overflowed: the variables are those of the last one, and so is the wait.",
			"Losses while a phone rang, apart from those in the queue, and what a key meant by which a caller left it.",
			"The colleague who took over a transferred call, and the talk with them.",
			"Calls in progress, and those of which no end was told: a record is written at the end.",
			"Why a call counts nowhere; calls back are outbound calls.",
			"Wrap-up, topics, ratings, tickets, agent states; parts of seconds of calls that reached a queue.",
		},
		Can:   []kpi.Capability{kpi.CanRequests, kpi.CanQueueWait, kpi.CanCallers},
		carry: carryFreeSwitchJSON,
		open:  func(w io.Writer, _ Options) Writer { return &freeSwitchJSONWriter{out: bufio.NewWriterSize(w, 1<<16)} },
	}
}

func carryFreeSwitchJSON(e *simulate.Event) *hotline.Call {
	c, story := e.Story.Plain, e.Story
	if c.EndedAt.IsZero() {
		return nil
	}
	out := &hotline.Call{
		ID: c.ID, Version: c.Version, Centre: c.Centre, Direction: hotline.Inbound, Outcome: hotline.AbandonedIVR,
		StartedAt: c.StartedAt, EndedAt: c.EndedAt,
	}
	if c.Direction != hotline.Inbound {
		out.Direction, out.Outcome, out.AnsweredAt = hotline.Outbound, c.Outcome, c.AnsweredAt
		return out
	}
	if len(story.Stays) == 0 {
		return out
	}
	last := story.Stays[len(story.Stays)-1]
	out.StartedAt, out.QueuedAt, out.EndedAt = second(c.StartedAt), second(last.From), second(c.EndedAt)
	out.Queue = last.Queue
	switch c.Outcome {
	case hotline.Answered:
		first := legsOf(c)[0]
		out.Outcome, out.AnsweredAt, out.Agent, out.Hold, out.Transfers = hotline.Answered, second(c.AnsweredAt), c.Agent, c.Hold, c.Transfers
		out.Legs = []hotline.Leg{{
			Agent: c.Agent, Queue: last.Queue, AnsweredAt: out.AnsweredAt, EndedAt: second(first.EndedAt), Hold: c.Hold,
		}}
	case hotline.TimedOut:
		out.Outcome = hotline.TimedOut
	default:
		out.Outcome = hotline.AbandonedQueue
	}
	return out
}

type freeSwitchJSONWriter struct{ out *bufio.Writer }

func (w *freeSwitchJSONWriter) Close() error { return w.out.Flush() }

func (w *freeSwitchJSONWriter) Write(e *simulate.Event) error {
	if e.Call == nil || carryFreeSwitchJSON(e) == nil {
		return nil
	}
	c, story := e.Story.Plain, e.Story
	vars := map[string]string{
		"uuid": uuid(c.ID, "a"), "direction": "inbound", "caller_id_number": story.Number, "hangup_cause": "NORMAL_CLEARING",
		"duration": strconv.FormatInt(whole(c.StartedAt, c.EndedAt), 10), "billsec": strconv.FormatInt(whole(c.StartedAt, c.EndedAt), 10),
	}
	moment(vars, "start", c.StartedAt)
	moment(vars, "end", c.EndedAt)
	destination := hotlineNumber
	switch {
	case c.Direction != hotline.Inbound:
		vars["direction"], destination = "outbound", story.Number
		vars["dialed_user"] = story.Number
		moment(vars, "answer", c.AnsweredAt)
		moment(vars, "bridge", c.AnsweredAt)
		if c.AnsweredAt.IsZero() {
			vars["hangup_cause"], vars["billsec"] = "NO_ANSWER", "0"
		}
	default:
		moment(vars, "answer", c.StartedAt)
		if len(story.Stays) > 0 {
			memberOf(vars, e)
		}
	}
	if err := w.object(vars, story.Number, destination); err != nil || c.Outcome != hotline.Answered || c.Direction != hotline.Inbound {
		return err
	}
	first := legsOf(c)[0]
	agent := map[string]string{
		"uuid": uuid(c.ID, "b"), "direction": "outbound", "cc_side": "agent", "cc_agent": c.Agent, "cc_queue": c.Queue,
		"cc_member_uuid": vars["cc_member_uuid"], "originating_leg_uuid": vars["uuid"], "hangup_cause": "NORMAL_CLEARING",
	}
	moment(agent, "start", c.AnsweredAt)
	moment(agent, "answer", c.AnsweredAt)
	moment(agent, "end", first.EndedAt)
	return w.object(agent, story.Number, c.Agent)
}

// memberOf sets the variables of mod_callcenter.
func memberOf(vars map[string]string, e *simulate.Event) {
	c, story := e.Story.Plain, e.Story
	last := story.Stays[len(story.Stays)-1]
	epoch := func(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }
	vars["cc_side"], vars["cc_queue"], vars["cc_member_uuid"] = "member", last.Queue, uuid(c.ID, "m")
	vars["cc_queue_joined_epoch"] = epoch(last.From)
	if c.Outcome == hotline.Answered {
		legs := legsOf(c)
		vars["cc_cause"], vars["cc_cancel_reason"], vars["cc_agent"] = "answered", "NONE", c.Agent
		vars["cc_queue_answered_epoch"], vars["cc_queue_terminated_epoch"] = epoch(c.AnsweredAt), epoch(legs[0].EndedAt)
		vars["hold_accum_ms"] = strconv.FormatInt(c.Hold.Millis, 10)
		vars["hold_accum_seconds"] = strconv.FormatInt(c.Hold.Millis/1000, 10)
		var history []string
		for i, l := range legs[1:] {
			history = append(history, fmt.Sprintf("%s:%s:bl_xfer:%s/default/XML", epoch(l.AnsweredAt), uuid(c.ID, "t"+strconv.Itoa(i)), l.Agent))
		}
		if len(history) > 0 {
			vars["transfer_history"] = "ARRAY::" + strings.Join(history, "|:")
		}
		return
	}
	vars["cc_cause"], vars["cc_cancel_reason"] = "cancel", "NONE"
	vars["cc_queue_canceled_epoch"] = epoch(c.EndedAt)
	switch {
	case c.Outcome == hotline.TimedOut && story.Emptied:
		vars["cc_cancel_reason"] = "NO_AGENT_TIMEOUT"
	case c.Outcome == hotline.TimedOut:
		vars["cc_cancel_reason"] = "TIMEOUT"
	case c.Outcome == hotline.CallbackRequested:
		vars["cc_cancel_reason"] = "EXIT_WITH_KEY"
	}
}

// object writes one leg. Values are URL-encoded, as they are by default.
func (w *freeSwitchJSONWriter) object(vars map[string]string, from, to string) error {
	encoded := make(map[string]string, len(vars))
	for k, v := range vars {
		encoded[k] = url.PathEscape(v)
	}
	data, err := json.Marshal(map[string]any{
		"core-uuid": uuid("core", "0"), "switchname": "simulator",
		"channel_data": map[string]string{"state": "CS_REPORTING", "direction": vars["direction"]},
		"variables":    encoded,
		"callflow": []any{map[string]any{
			"dialplan": "XML", "profile_index": "1",
			"caller_profile": map[string]any{"caller_id_number": from, "destination_number": to, "uuid": vars["uuid"], "context": "default"},
		}},
	})
	if err != nil {
		return err
	}
	_, err = w.out.Write(append(data, '\n'))
	return err
}

// moment sets the variables of a time, to the second and to the microsecond.
func moment(vars map[string]string, name string, at time.Time) {
	if at.IsZero() {
		vars[name+"_epoch"], vars[name+"_uepoch"] = "0", "0"
		return
	}
	vars[name+"_epoch"] = strconv.FormatInt(at.Unix(), 10)
	vars[name+"_uepoch"] = strconv.FormatInt(at.UnixMicro(), 10)
}

// uuid names what belongs to a call, always the same way.
func uuid(id, what string) string {
	sum := sha256.Sum256([]byte(what + "/" + id))
	b := sum[:16]
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// freeSwitchCSV is mod_cdr_csv in its default template.
func freeSwitchCSV() *Format {
	return &Format{
		Name: "freeswitch-cdr-csv", Title: "FreeSWITCH, mod_cdr_csv (default template)", File: "Master.csv",
		Cannot: []string{
			"Queues, and with them who asked for an agent: every caller whom nobody answered looks like one who hung up in the announcement.",
			"When the caller began to wait: the time to the answer is counted from arrival.",
			"Transfers: the whole talk is that of the agent who answered. Phones that rang in vain.",
			"Calls in progress, and those of which no end was told: a row is written at the end.",
			"Why a call counts nowhere; calls back are outbound calls.",
			"Hold, wrap-up, topics, ratings, tickets, agent states, parts of seconds.",
		},
		Can:   []kpi.Capability{kpi.CanCallers},
		carry: carryFreeSwitchCSV,
		open: func(w io.Writer, o Options) Writer {
			return &freeSwitchCSVWriter{out: bufio.NewWriterSize(w, 1<<16), zone: o.Zone}
		},
	}
}

func carryFreeSwitchCSV(e *simulate.Event) *hotline.Call {
	c := e.Story.Plain
	if c.EndedAt.IsZero() {
		return nil
	}
	out := &hotline.Call{
		ID: c.ID, Version: c.Version, Centre: c.Centre, Direction: hotline.Inbound, Outcome: hotline.AbandonedIVR,
		StartedAt: second(c.StartedAt), EndedAt: second(c.EndedAt),
	}
	if c.Direction != hotline.Inbound {
		out.Direction = hotline.Outbound
		return out
	}
	if c.Outcome != hotline.Answered {
		return out
	}
	out.Outcome, out.AnsweredAt, out.Agent = hotline.Answered, second(c.AnsweredAt), c.Agent
	out.Wait, out.Talk = between(c.StartedAt, c.AnsweredAt), between(c.AnsweredAt, c.EndedAt)
	return out
}

type freeSwitchCSVWriter struct {
	out  *bufio.Writer
	zone *time.Location
}

func (w *freeSwitchCSVWriter) Close() error { return w.out.Flush() }

func (w *freeSwitchCSVWriter) Write(e *simulate.Event) error {
	if e.Call == nil || carryFreeSwitchCSV(e) == nil {
		return nil
	}
	c, story := e.Story.Plain, e.Story
	a, b := uuid(c.ID, "a"), ""
	if c.Direction != hotline.Inbound {
		cause := "NORMAL_CLEARING"
		if c.AnsweredAt.IsZero() {
			cause = "NO_ANSWER"
		}
		return w.row(legRow{"Outbound Call", phoneOf(c), story.Number, c.StartedAt, c.AnsweredAt, c.EndedAt, cause, a, b})
	}
	if c.Outcome == hotline.Answered { // both legs are written at the hang-up
		b = uuid(c.ID, "b")
		if err := w.row(legRow{hotlineNumber, story.Number, c.Agent, c.AnsweredAt, c.AnsweredAt, c.EndedAt, "NORMAL_CLEARING", b, ""}); err != nil {
			return err
		}
	}
	return w.row(legRow{story.Number, story.Number, hotlineNumber, c.StartedAt, c.StartedAt, c.EndedAt, "NORMAL_CLEARING", a, b})
}

// legRow is one leg.
type legRow struct {
	name, from, to     string
	start, answer, end time.Time
	cause, id, second  string
}

func (w *freeSwitchCSVWriter) row(r legRow) error {
	at := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.In(w.zone).Format(time.DateTime)
	}
	billed := int64(0)
	if !r.answer.IsZero() {
		billed = whole(r.answer, r.end)
	}
	fields := []string{
		r.name, r.from, r.to, "default", at(r.start), at(r.answer), at(r.end),
		strconv.FormatInt(whole(r.start, r.end), 10), strconv.FormatInt(billed, 10), r.cause, r.id, r.second, "", "PCMA", "PCMA",
	}
	for i, f := range fields {
		fields[i] = quoted(f)
	}
	_, err := w.out.WriteString(strings.Join(fields, ",") + "\n")
	return err
}
