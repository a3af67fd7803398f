package wire

import (
	"fmt"
	"strings"

	"hotline12333/internal/hotline"
)

// example is a record and what must become of it.
type example struct {
	name   string
	json   string
	reason hotline.Reason // empty: accepted
	field  string

	// beyondSchema: JSON Schema cannot see it (bytes, duplicate keys, what is not JSON) or
	// sees it otherwise (1.0 is an integer to it).
	beyondSchema bool
}

// record is a minimal valid one with further members.
func record(members string) string {
	const minimal = `{"call_id":"c-1","version":1,"started_at":"2026-03-02T09:30:00+08:00","outcome":"answered"`
	if members != "" {
		members = "," + members
	}
	return minimal + members + "}"
}

// without is a record with one member given in place of the minimal's, or none.
func without(name, member string) string {
	var members []string
	for _, m := range []string{`"call_id":"c-1"`, `"version":1`, `"started_at":"2026-03-02T09:30:00+08:00"`, `"outcome":"answered"`} {
		switch {
		case !strings.HasPrefix(m, `"`+name+`"`):
			members = append(members, m)
		case member != "":
			members = append(members, `"`+name+`":`+member)
		}
	}
	return "{" + strings.Join(members, ",") + "}"
}

func examples() []example {
	started := func(s string) string { return without("started_at", s) }
	return []example{
		{name: "minimal", json: record("")},
		{name: "everything", json: record(`"centre":"xianyang","queued_at":"2026-03-02T09:30:20.5Z","answered_at":"2026-03-02T09:30:30Z","ended_at":"2026-03-02T09:35:00-03:30",` +
			`"direction":"callback","excluded":"test","queue":"养老待遇","agent":"8001","topics":["工伤认定","其他"],"wait_seconds":9.5,"talk_seconds":100,"hold_seconds":0,` +
			`"wrapup_seconds":30.25,"ivr_seconds":20,"legs":[{"agent":"8001","queue":"q","answered_at":"2026-03-02T09:30:30Z","ended_at":"2026-03-02T09:31:00Z","hold_seconds":1},{}],` +
			`"transfers":1,"caller_hash":"ab12","caller_masked":"138****5678","caller_sealed":"xyz","region":"陕西咸阳","rating":{"invited":true,"value":5,"scale":"5"},` +
			`"source":"pbx","attributes":{"trunk":"7","":""}`)},
		{name: "unknown fields are ignored", json: record(`"colour":"red","x":{"y":[1,{"z":null}]},"rating":{"mood":1},"legs":[{"seat":4}]`)},
		{name: "null is absent", json: record(`"centre":null,"queued_at":null,"direction":null,"excluded":null,"topics":null,"wait_seconds":null,"legs":null,"transfers":null,"rating":null,"attributes":null,"deleted":null`)},
		{name: "null inside", json: record(`"legs":[null,{"agent":null}],"rating":{"invited":null,"value":null,"scale":null},"attributes":{"a":null},"topics":[null]`)},
		{name: "spaces", json: " \n" + record("") + "\t\r\n"},
		{name: "deleted", json: `{"call_id":"c-1","version":2,"deleted":true}`},
		{name: "deleted: what else it says does not matter", json: `{"call_id":"c-1","version":2,"deleted":true,"outcome":"whatever"}`},
		{name: "not deleted after all", json: `{"call_id":"c-1","version":2,"deleted":false}`, reason: hotline.Missing, field: "started_at"},

		{name: "not JSON", json: "hello", reason: hotline.NotJSON, beyondSchema: true},
		{name: "empty", json: "", reason: hotline.NotJSON, beyondSchema: true},
		{name: "cut off", json: record("")[:40], reason: hotline.NotJSON, beyondSchema: true},
		{name: "two records", json: record("") + record(""), reason: hotline.NotJSON, beyondSchema: true},
		{name: "a trailing comma", json: `{"call_id":"c",}`, reason: hotline.NotJSON, beyondSchema: true},
		{name: "a byte-order mark", json: "\ufeff" + record(""), reason: hotline.NotJSON, beyondSchema: true},
		{name: "NaN", json: record(`"wait_seconds":NaN`), reason: hotline.NotJSON, field: "wait_seconds", beyondSchema: true},
		{name: "Infinity", json: record(`"talk_seconds":-Infinity`), reason: hotline.NotJSON, field: "talk_seconds", beyondSchema: true},
		{name: "single quotes", json: record(`"queue":'a'`), reason: hotline.NotJSON, field: "queue", beyondSchema: true},
		{name: "half a surrogate pair", json: record(`"queue":"\ud800"`), reason: hotline.NotJSON, field: "queue", beyondSchema: true},
		{name: "a number with a leading zero", json: record(`"transfers":01`), reason: hotline.NotJSON, beyondSchema: true},
		{name: "5 MB", json: record(`"attributes":{"a":"` + strings.Repeat("x", 5<<20) + `"}`), reason: hotline.TooLarge, beyondSchema: true},
		{name: "nested without end", json: record(`"x":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000)), reason: hotline.NotJSON, field: "*", beyondSchema: true},
		{name: "not UTF-8", json: record("\"queue\":\"\xff\""), reason: hotline.InvalidUTF8, field: "queue", beyondSchema: true},
		{name: "not UTF-8 where nobody reads", json: record("\"x\":\"a\xc3\""), reason: hotline.InvalidUTF8, field: "x", beyondSchema: true},
		{name: "GB18030", json: record("\"queue\":\"\xd1\xf8\xc0\xcf\""), reason: hotline.InvalidUTF8, field: "queue", beyondSchema: true},
		{name: "a key twice", json: record(`"queue":"a","queue":"a"`), reason: hotline.DuplicateKey, field: "queue", beyondSchema: true},
		{name: "a key twice in a leg", json: record(`"legs":[{},{"agent":"a","agent":"b"}]`), reason: hotline.DuplicateKey, field: "legs[1].agent", beyondSchema: true},
		{name: "a key twice in the attributes", json: record(`"attributes":{"0":"a","0":"b"}`), reason: hotline.DuplicateKey, field: "attributes.0", beyondSchema: true},
		{name: "a key twice, once escaped", json: record(`"queue":"a","qu\u0065ue":"a"`), reason: hotline.DuplicateKey, field: "queue", beyondSchema: true},
		{name: "a key twice where nobody reads", json: record(`"x":{"y":1,"y":1}`), reason: hotline.DuplicateKey, field: "x.y", beyondSchema: true},

		{name: "null", json: "null", reason: hotline.WrongType},
		{name: "a list", json: "[" + record("") + "]", reason: hotline.WrongType},
		{name: "a text", json: `"call"`, reason: hotline.WrongType},
		{name: "id is a number", json: without("call_id", "5"), reason: hotline.WrongType, field: "call_id"},
		{name: "version is a text", json: without("version", `"1"`), reason: hotline.WrongType, field: "version"},
		{name: "version has a fraction", json: without("version", "1.5"), reason: hotline.WrongType, field: "version"},
		{name: "version is 1.0", json: without("version", "1.0"), reason: hotline.WrongType, field: "version", beyondSchema: true},
		{name: "version is 1e3", json: without("version", "1e3"), reason: hotline.WrongType, field: "version", beyondSchema: true},
		{name: "arrival is a number", json: started("1772415000"), reason: hotline.WrongType, field: "started_at"},
		{name: "wait is a text", json: record(`"wait_seconds":"5"`), reason: hotline.WrongType, field: "wait_seconds"},
		{name: "topics is a text", json: record(`"topics":"a"`), reason: hotline.WrongType, field: "topics"},
		{name: "a topic is a number", json: record(`"topics":["a",5]`), reason: hotline.WrongType, field: "topics[1]"},
		{name: "legs is an object", json: record(`"legs":{}`), reason: hotline.WrongType, field: "legs"},
		{name: "a leg is a text", json: record(`"legs":["8001"]`), reason: hotline.WrongType, field: "legs[0]"},
		{name: "a leg's agent is a number", json: record(`"legs":[{},{"agent":8001}]`), reason: hotline.WrongType, field: "legs[1].agent"},
		{name: "rating is a number", json: record(`"rating":5`), reason: hotline.WrongType, field: "rating"},
		{name: "invited is a text", json: record(`"rating":{"invited":"yes"}`), reason: hotline.WrongType, field: "rating.invited"},
		{name: "a rating of 4.5", json: record(`"rating":{"value":4.5,"scale":"5"}`), reason: hotline.WrongType, field: "rating.value"},
		{name: "attributes is a list", json: record(`"attributes":[]`), reason: hotline.WrongType, field: "attributes"},
		{name: "an attribute is a number", json: record(`"attributes":{"trunk":7}`), reason: hotline.WrongType, field: "attributes.trunk"},
		{name: "deleted is 1", json: record(`"deleted":1`), reason: hotline.WrongType, field: "deleted"},
		{name: "arrival without an offset", json: started(`"2026-03-02T09:30:00"`), reason: hotline.WrongType, field: "started_at"},
		{name: "arrival with a space", json: started(`"2026-03-02 09:30:00Z"`), reason: hotline.WrongType, field: "started_at"},
		{name: "arrival with an hour of one digit", json: started(`"2026-03-02T9:30:00+08:00"`), reason: hotline.WrongType, field: "started_at"},
		{name: "arrival with a comma", json: started(`"2026-03-02T09:30:00,5Z"`), reason: hotline.WrongType, field: "started_at"},
		{name: "an offset of a day", json: started(`"2026-03-02T09:30:00+24:00"`), reason: hotline.WrongType, field: "started_at"},
		{name: "an offset of 60 minutes", json: started(`"2026-03-02T09:30:00+07:60"`), reason: hotline.WrongType, field: "started_at"},
		{name: "the 30th of February", json: started(`"2026-02-30T09:30:00Z"`), reason: hotline.WrongType, field: "started_at"},
		{name: "the 29th of February of a leap year", json: started(`"2028-02-29T09:30:00Z"`)},
		{name: "a leap second", json: started(`"2026-06-30T23:59:60Z"`), reason: hotline.WrongType, field: "started_at"},
		{name: "no date", json: started(`""`), reason: hotline.WrongType, field: "started_at"},

		{name: "no id", json: without("call_id", ""), reason: hotline.Missing, field: "call_id"},
		{name: "id is null", json: without("call_id", "null"), reason: hotline.Missing, field: "call_id"},
		{name: "id is empty", json: without("call_id", `""`), reason: hotline.Missing, field: "call_id"},
		{name: "no arrival", json: started(""), reason: hotline.Missing, field: "started_at"},
		{name: "arrival is null", json: started("null"), reason: hotline.Missing, field: "started_at"},
		{name: "no outcome", json: without("outcome", ""), reason: hotline.Missing, field: "outcome"},
		{name: "no version", json: without("version", ""), reason: hotline.OutOfRange, field: "version"},
		{name: "a rating without a scale", json: record(`"rating":{"value":5}`), reason: hotline.Missing, field: "rating.scale"},

		{name: "unknown outcome", json: without("outcome", `"lost"`), reason: hotline.UnknownValue, field: "outcome"},
		{name: "unknown exclusion", json: record(`"excluded":"spam"`), reason: hotline.UnknownValue, field: "excluded"},
		{name: "unknown direction", json: record(`"direction":"sideways"`), reason: hotline.UnknownValue, field: "direction"},

		{name: "year 0001", json: started(`"0001-01-01T00:00:00Z"`), reason: hotline.OutOfRange, field: "started_at"},
		{name: "year 9999", json: started(`"9999-12-31T23:59:59Z"`), reason: hotline.OutOfRange, field: "started_at"},
		{name: "the last day of 1989", json: started(`"1989-12-31T23:59:59.999Z"`), reason: hotline.OutOfRange, field: "started_at"},
		{name: "the first instant of 1990", json: started(`"1990-01-01T00:00:00Z"`)},
		{name: "1990 in China, not yet in UTC", json: started(`"1990-01-01T07:59:59+08:00"`), reason: hotline.OutOfRange, field: "started_at", beyondSchema: true},
		{name: "the year 2100", json: started(`"2100-01-01T00:00:00Z"`), reason: hotline.OutOfRange, field: "started_at"},
		{name: "a leg in 2100", json: record(`"legs":[{"ended_at":"2100-01-01T00:00:00Z"}]`), reason: hotline.OutOfRange, field: "legs[0].ended_at"},
		{name: "version 0", json: without("version", "0"), reason: hotline.OutOfRange, field: "version"},
		{name: "version -1", json: without("version", "-1"), reason: hotline.OutOfRange, field: "version"},
		{name: "version 2^53-1", json: without("version", "9007199254740991")},
		{name: "version 2^53", json: without("version", "9007199254740992"), reason: hotline.OutOfRange, field: "version"},
		{name: "version 10^30", json: without("version", "1000000000000000000000000000000"), reason: hotline.OutOfRange, field: "version"},
		{name: "a week of waiting", json: record(`"wait_seconds":604800`)},
		{name: "a week and a millisecond", json: record(`"wait_seconds":604800.001`), reason: hotline.OutOfRange, field: "wait_seconds"},
		{name: "a negative wait", json: record(`"wait_seconds":-3.25`)},
		{name: "a wait of 10^400", json: record(`"wait_seconds":1e400`), reason: hotline.OutOfRange, field: "wait_seconds"},
		{name: "transfers -1", json: record(`"transfers":-1`), reason: hotline.OutOfRange, field: "transfers"},
		{name: "transfers 1001", json: record(`"transfers":1001`), reason: hotline.OutOfRange, field: "transfers"},
		{name: "a rating of 256", json: record(`"rating":{"value":256,"scale":"5"}`), reason: hotline.OutOfRange, field: "rating.value"},
		{name: "a control character", json: record(`"queue":"a\u0007b"`), reason: hotline.OutOfRange, field: "queue"},
		{name: "a control character in an attribute", json: record(`"attributes":{"a":"b\u0085"}`), reason: hotline.OutOfRange, field: "attributes.a"},

		{name: "id of 128 bytes", json: without("call_id", `"`+strings.Repeat("x", 128)+`"`)},
		{name: "id of 129 bytes", json: without("call_id", `"`+strings.Repeat("x", 129)+`"`), reason: hotline.TooLong, field: "call_id"},
		{name: "queue of 43 Chinese characters", json: record(`"queue":"` + strings.Repeat("养", 43) + `"`), reason: hotline.TooLong, field: "queue", beyondSchema: true},
		{name: "17 topics", json: record(`"topics":["` + strings.Repeat(`a","`, 16) + `a"]`), reason: hotline.TooLong, field: "topics"},
		{name: "65 legs", json: record(`"legs":[` + strings.Repeat("{},", 64) + `{}]`), reason: hotline.TooLong, field: "legs"},
		{name: "2000 legs", json: record(`"legs":[` + strings.Repeat("{},", 1999) + `{}]`), reason: hotline.TooLong, field: "legs"},
		{name: "33 attributes", json: record(`"attributes":{` + members(33) + `}`), reason: hotline.TooLong, field: "attributes"},
		{name: "32 attributes", json: record(`"attributes":{` + members(32) + `}`)},
		{name: "an attribute of 1025 bytes", json: record(`"attributes":{"a":"` + strings.Repeat("x", 1025) + `"}`), reason: hotline.TooLong, field: "attributes.a"},
		{name: "an attribute's name of 129 bytes", json: record(`"attributes":{"` + strings.Repeat("x", 129) + `":""}`), reason: hotline.TooLong, field: "attributes"},
	}
}

func members(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(`"k%d":"v"`, i)
	}
	return strings.Join(list, ",")
}
