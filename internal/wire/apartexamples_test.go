package wire

import (
	"strings"
	"time"

	"hotline12333/internal/hotline"
)

// fullSupplement has a value in every field, more than a valid one may have.
func fullSupplement() *hotline.Supplement {
	return &hotline.Supplement{
		CallID: "c-1", Version: 3, Kind: hotline.SupplementRating, Centre: "xianyang", Source: "ratings",
		Rating: hotline.Rating{Invited: true, Given: true, Value: 5, Scale: "5"},
		IVR:    hotline.Millis(12_500), IVRPath: []string{"1", "9"}, Topics: []string{"工伤认定"}, Deleted: true,
	}
}

func fullAgentState() *hotline.AgentState {
	return &hotline.AgentState{
		Agent: "8001", Centre: "xianyang", State: hotline.Paused, Reason: "午餐",
		Since: time.Date(2026, 3, 2, 1, 30, 0, 0, time.UTC), Version: 7, Source: "pbx",
	}
}

func fullTicket() *hotline.Ticket {
	at := time.Date(2026, 3, 2, 1, 30, 0, 0, time.UTC)
	return &hotline.Ticket{
		ID: "t-1", Version: 2, Centre: "xianyang", CallID: "c-1", Kind: hotline.TicketConsultation,
		OpenedAt: at, RespondBy: at.Add(48 * time.Hour), RespondedAt: at.Add(24 * time.Hour),
		ResolveBy: at.Add(168 * time.Hour), ResolvedAt: at.Add(time.Hour), OnTheSpot: true,
		Topics: []string{"工伤认定"}, Agent: "8001", Source: "desk", Deleted: true,
	}
}

func supplementExamples() []example {
	of := func(kind, members string) string {
		if members != "" {
			members = "," + members
		}
		return `{"call_id":"c-1","version":1,"kind":"` + kind + `"` + members + `}`
	}
	return []example{
		{name: "a rating", json: of("rating", `"rating":{"invited":true,"value":5,"scale":"5"},"centre":"x","source":"s"`)},
		{name: "only the invitation", json: of("rating", `"rating":{"invited":true}`)},
		{name: "a rating of zero", json: of("rating", `"rating":{"value":0,"scale":"0-10"}`)},
		{name: "IVR", json: of("ivr", `"ivr_seconds":0,"ivr_path":["1","3","0"]`)},
		{name: "topics", json: of("topics", `"topics":["a","b"]`)},
		{name: "unknown fields and nulls", json: of("topics", `"topics":["a"],"rating":null,"ivr_seconds":null,"ivr_path":null,"mood":[1]`)},
		{name: "empty payloads of other kinds", json: of("ivr", `"ivr_seconds":1,"rating":{},"topics":[]`)},
		{name: "withdrawn", json: of("ivr", `"deleted":true`)},

		{name: "not JSON", json: "hello", reason: hotline.NotJSON, beyondSchema: true},
		{name: "a key twice", json: of("topics", `"topics":["a"],"topics":["b"]`), reason: hotline.DuplicateKey, field: "topics", beyondSchema: true},
		{name: "not UTF-8", json: of("topics", "\"topics\":[\"\xff\"]"), reason: hotline.InvalidUTF8, field: "topics[0]", beyondSchema: true},
		{name: "null", json: "null", reason: hotline.WrongType},
		{name: "no id", json: `{"version":1,"kind":"ivr","ivr_seconds":1}`, reason: hotline.Missing, field: "call_id"},
		{name: "no version", json: `{"call_id":"c","kind":"ivr","ivr_seconds":1}`, reason: hotline.OutOfRange, field: "version"},
		{name: "no kind", json: `{"call_id":"c","version":1,"ivr_seconds":1}`, reason: hotline.Missing, field: "kind"},
		{name: "unknown kind", json: of("mood", `"deleted":true`), reason: hotline.UnknownValue, field: "kind"},
		{name: "a rating without one", json: of("rating", ""), reason: hotline.Missing, field: "rating"},
		{name: "a rating that says nothing", json: of("rating", `"rating":{}`), reason: hotline.Missing, field: "rating"},
		{name: "a rating without a scale", json: of("rating", `"rating":{"value":5}`), reason: hotline.Missing, field: "rating.scale"},
		{name: "a rating that is a number", json: of("rating", `"rating":5`), reason: hotline.WrongType, field: "rating"},
		{name: "IVR without seconds", json: of("ivr", `"ivr_path":["1"]`), reason: hotline.Missing, field: "ivr_seconds"},
		{name: "IVR of a week and more", json: of("ivr", `"ivr_seconds":604801`), reason: hotline.OutOfRange, field: "ivr_seconds"},
		{name: "no topics", json: of("topics", `"topics":[]`), reason: hotline.Missing, field: "topics"},
		{name: "17 topics", json: of("topics", `"topics":["`+strings.Repeat(`a","`, 16)+`a"]`), reason: hotline.TooLong, field: "topics"},
		{name: "a way of 65 steps", json: of("ivr", `"ivr_seconds":1,"ivr_path":["`+strings.Repeat(`a","`, 64)+`a"]`), reason: hotline.TooLong, field: "ivr_path"},
		{name: "a rating beside topics", json: of("topics", `"topics":["a"],"rating":{"invited":true}`), reason: hotline.UnknownValue, field: "rating"},
		{name: "topics beside a rating", json: of("rating", `"rating":{"invited":true},"topics":["a"]`), reason: hotline.UnknownValue, field: "topics"},
		{name: "seconds beside a rating", json: of("rating", `"rating":{"invited":true},"ivr_seconds":0`), reason: hotline.UnknownValue, field: "ivr_seconds"},
		{name: "a control character", json: of("topics", `"topics":["a\u0007"]`), reason: hotline.OutOfRange, field: "topics[0]"},
	}
}

func agentStateExamples() []example {
	const since = `"since":"2026-03-02T09:30:00+08:00"`
	of := func(members string) string { return `{"agent":"8001","version":1,` + members + `}` }
	return []example{
		{name: "minimal", json: of(since + `,"state":"free"`)},
		{name: "a pause with its reason", json: of(since + `,"state":"paused","reason":"午餐","centre":"x","source":"s"`)},
		{name: "a pause without", json: of(since + `,"state":"paused","reason":null`)},
		{name: "unknown fields", json: of(since + `,"state":"signed_out","seat":{"floor":3}`)},

		{name: "not JSON", json: "{", reason: hotline.NotJSON, beyondSchema: true},
		{name: "no agent", json: `{"version":1,` + since + `,"state":"free"}`, reason: hotline.Missing, field: "agent"},
		{name: "no state", json: of(since), reason: hotline.Missing, field: "state"},
		{name: "no instant", json: of(`"state":"free"`), reason: hotline.Missing, field: "since"},
		{name: "no version", json: `{"agent":"8001",` + since + `,"state":"free"}`, reason: hotline.OutOfRange, field: "version"},
		{name: "unknown state", json: of(since + `,"state":"lunch"`), reason: hotline.UnknownValue, field: "state"},
		{name: "a reason of none", json: of(since + `,"state":"free","reason":"午餐"`), reason: hotline.UnknownValue, field: "reason"},
		{name: "the year 2100", json: of(`"since":"2100-01-01T00:00:00Z","state":"free"`), reason: hotline.OutOfRange, field: "since"},
		{name: "an agent of 129 bytes", json: `{"agent":"` + strings.Repeat("x", 129) + `","version":1,` + since + `,"state":"free"}`, reason: hotline.TooLong, field: "agent"},
	}
}

func ticketExamples() []example {
	const opened = `"opened_at":"2026-03-02T09:30:00+08:00"`
	of := func(members string) string { return `{"ticket_id":"t-1","version":1,` + members + `}` }
	return []example{
		{name: "minimal", json: of(`"kind":"complaint",` + opened)},
		{name: "everything", json: of(`"kind":"consultation",` + opened + `,"centre":"x","call_id":"c-1","respond_by":"2026-03-04T09:30:00+08:00","responded_at":null,` +
			`"resolve_by":"2026-03-09T09:30:00+08:00","resolved_at":"2026-03-03T09:30:00Z","on_the_spot":false,"topics":["a"],"agent":"8001","source":"s","deleted":false`)},
		{name: "deleted", json: of(`"deleted":true`)},

		{name: "not JSON", json: "hello", reason: hotline.NotJSON, beyondSchema: true},
		{name: "no id", json: `{"version":1,"kind":"complaint",` + opened + `}`, reason: hotline.Missing, field: "ticket_id"},
		{name: "no version", json: `{"ticket_id":"t","kind":"complaint",` + opened + `}`, reason: hotline.OutOfRange, field: "version"},
		{name: "no kind", json: of(opened), reason: hotline.Missing, field: "kind"},
		{name: "unknown kind", json: of(`"kind":"fax",` + opened), reason: hotline.UnknownValue, field: "kind"},
		{name: "not opened", json: of(`"kind":"complaint"`), reason: hotline.Missing, field: "opened_at"},
		{name: "a deadline without an offset", json: of(`"kind":"complaint",` + opened + `,"respond_by":"2026-03-04T09:30:00"`), reason: hotline.WrongType, field: "respond_by"},
		{name: "resolved in 2100", json: of(`"kind":"complaint",` + opened + `,"resolved_at":"2100-03-04T09:30:00Z"`), reason: hotline.OutOfRange, field: "resolved_at"},
		{name: "a call of 129 bytes", json: of(`"kind":"complaint",` + opened + `,"call_id":"` + strings.Repeat("x", 129) + `"`), reason: hotline.TooLong, field: "call_id"},
		{name: "on the spot is a text", json: of(`"kind":"complaint",` + opened + `,"on_the_spot":"yes"`), reason: hotline.WrongType, field: "on_the_spot"},
	}
}
