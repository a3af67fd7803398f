package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// plantedInput is a file of one source with numbers in it.
type plantedInput struct{ name, source, content string }

// nativeInputs are files of the formats of telephone systems: a good record, again for
// each of its text fields, with a number there. Ids and times are left as they are.
func nativeInputs(t *testing.T, p *plants) []plantedInput {
	t.Helper()
	return []plantedInput{
		{"queue_log", "asterisk-queue-log", p.lines("asterisk-queue-log", "|", []int{2, 3, 5, 6, 7}, func(i int) []string {
			at := 1772415000 + 100*i
			id := fmt.Sprintf("%d.%d", at, i)
			return []string{
				fmt.Sprintf("%d|%s|700|NONE|DID|7001", at, id),
				fmt.Sprintf("%d|%s|700|NONE|ENTERQUEUE|x|8001|1|", at, id),
				fmt.Sprintf("%d|%s|700|SIP/301|RINGNOANSWER|1000|||", at+2, id),
				fmt.Sprintf("%d|%s|700|SIP/301|CONNECT|6|%d.9|2|", at+6, id, at+2),
				fmt.Sprintf("%d|%s|700|SIP/301|PAUSE|lunch|||", at+7, id),
				fmt.Sprintf("%d|%s|700|SIP/301|ATTENDEDTRANSFER|BRIDGE|x|6|20|1", at+20, id),
				fmt.Sprintf("%d|%s|700|SIP/301|EXITWITHKEY|1|1|1|7|", at+30, id),
				fmt.Sprintf("%d|%s|700|SIP/301|NEWEVENT|1|1|1|7|", at+31, id),
			}
		})},
		{"Master.csv", "asterisk-cdr", p.lines("asterisk-cdr", ",", []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 14, 15, 17}, func(i int) []string {
			return []string{fmt.Sprintf(`"","8001","700","from-pstn","x","SIP/trunk-0000000%d","SIP/301-0000000%d","Queue","700,t","2026-03-02 15:07:24","2026-03-02 15:07:24","2026-03-02 15:07:51",27,27,"ANSWERED","DOCUMENTATION","%d.0",""`, i%10, i%10, 1772435244+i)}
		})},
		{"cel.csv", "asterisk-cel", p.lines("asterisk-cel", ",", []int{2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 16, 17, 18, 19}, func(i int) []string {
			var out []string
			for k, kind := range []string{"CHAN_START", "APP_START", "ANSWER", "HANGUP", "CHAN_END", "LINKEDID_END"} {
				at := 1772435244 + 100*i
				out = append(out, fmt.Sprintf(`"%s","%d.000000","n","8001","8001","","700","700","from-pstn","SIP/trunk-0000000%d","Queue","700","3","%s","%d.1","%d.1","","","",""`, kind, at+k, i%10, "", at, at))
			}
			return out
		})},
		{"fs.csv", "freeswitch-cdr-csv", p.lines("freeswitch-cdr-csv", ",", []int{0, 1, 2, 3, 9, 12, 13, 14}, func(i int) []string {
			return []string{fmt.Sprintf(`"spypi","8001","1001","default","2026-03-02 08:43:13","2026-03-02 08:43:18","2026-03-02 08:43:22","9","4","NORMAL_CLEARING","1c2888e3-b3ab-4d66-be6b-91b6430f%04x","","1001","PCMA","PCMA"`, i)}
		})},
		{"fs.json", "freeswitch-json-cdr", p.objects(t, "freeswitch-json-cdr", `{"core-uuid":"c","switchname":"s","channel_data":{"state":"CS_REPORTING","direction":"inbound","flags":"0=1"},
			"variables":{"direction":"inbound","uuid":"ID","start_stamp":"2026-03-02 15:07:24","start_epoch":"1772435244","start_uepoch":"1772435244000000","answer_epoch":"1772435250","answer_uepoch":"1772435250000000","end_epoch":"1772435270","end_uepoch":"1772435270000000","hangup_cause":"NORMAL_CLEARING","sip_from_user":"8001","caller_id_name":"n","cc_queue":"support@default","cc_agent":"1001@default","cc_side":"member","cc_cause":"answered","cc_queue_joined_epoch":"1772435245","cc_queue_answered_epoch":"1772435250","last_arg":"x","duration":"26","billsec":"20"},
			"app_log":{"applications":[{"app_name":"callcenter","app_data":"support@default"}]},
			"callflow":[{"dialplan":"XML","profile_index":"1","caller_profile":{"username":"8001","caller_id_name":"n","caller_id_number":"8001","ani":"8001","destination_number":"700","uuid":"ID","context":"public","chan_name":"sofia/x"}}]}`)},
		{"connect.json", "amazon-connect", p.objects(t, "amazon-connect", `{"AWSAccountId":"1","Channel":"VOICE","ContactId":"ID","InitiationMethod":"INBOUND","InitiationTimestamp":"2026-03-02T07:07:24Z","ConnectedToSystemTimestamp":"2026-03-02T07:07:24Z","DisconnectTimestamp":"2026-03-02T07:08:24Z","DisconnectReason":"CUSTOMER_DISCONNECT","LastUpdateTimestamp":"2026-03-02T07:10:24Z",
			"CustomerEndpoint":{"Type":"TELEPHONE_NUMBER","Address":"8001"},"SystemEndpoint":{"Type":"TELEPHONE_NUMBER","Address":"8001"},
			"Queue":{"Name":"q","ARN":"arn","EnqueueTimestamp":"2026-03-02T07:07:30Z","DequeueTimestamp":"2026-03-02T07:07:40Z","Duration":10},
			"Agent":{"Username":"a","ARN":"arn","ConnectedToAgentTimestamp":"2026-03-02T07:07:40Z","AgentInteractionDuration":44,"CustomerHoldDuration":0,"AfterContactWorkDuration":10},
			"Attributes":{"note":"n"},"Tags":{"t":"v"}}`)},
		{"records.ndjson", "hotline-record", p.objects(t, "hotline-record", `{"call_id":"ID","version":1,"centre":"c","started_at":"2026-03-02T15:07:24+08:00","direction":"inbound","outcome":"answered","queue":"q","agent":"a","topics":["t"],"legs":[{"agent":"a","queue":"q"}],"caller_hash":"h","caller_masked":"m","region":"r","rating":{"invited":true,"value":5,"scale":"5"},"source":"s","attributes":{"note":"n"}}`)},
		{"supplements.ndjson", "hotline-supplements", p.objects(t, "hotline-supplements", `{"call_id":"ID","version":1,"kind":"ivr","centre":"c","source":"s","ivr_seconds":5,"ivr_path":["p"]}`) +
			p.objects(t, "hotline-supplements", `{"call_id":"ID","version":1,"kind":"topics","topics":["t"]}`) +
			p.objects(t, "hotline-supplements", `{"call_id":"ID","version":1,"kind":"rating","rating":{"invited":true,"value":5,"scale":"5"}}`)},
		{"agents.ndjson", "hotline-agents", p.objects(t, "hotline-agents", `{"agent":"a","centre":"c","state":"paused","reason":"r","since":"2026-03-02T15:07:24+08:00","version":1,"source":"s"}`)},
		{"tickets.ndjson", "hotline-tickets", p.objects(t, "hotline-tickets", `{"ticket_id":"ID","version":1,"centre":"c","call_id":"ID","kind":"consultation","opened_at":"2026-03-02T15:07:24+08:00","respond_by":"2026-03-03T15:07:24+08:00","topics":["t"],"agent":"a","source":"s"}`)},
	}
}

// lines repeats the lines of a record for every field that is text and puts a number there,
// in each line in turn.
func (p *plants) lines(source, separator string, fields []int, record func(i int) []string) string {
	var b strings.Builder
	i := 0
	for range record(0) {
		for _, f := range fields {
			n := p.number(fmt.Sprintf("%s: field %d", source, f))
			for _, form := range []string{n, "+86" + n, "Local/" + n + "@x"} {
				for k, line := range record(i) {
					cells := strings.Split(line, separator)
					if k == i/3/len(fields)%len(record(0)) && f < len(cells) {
						if strings.HasPrefix(cells[f], `"`) {
							cells[f] = `"` + form + `"`
						} else {
							cells[f] = form
						}
					}
					b.WriteString(strings.Join(cells, separator) + "\n")
				}
				i++
			}
		}
	}
	return b.String()
}

// objects repeats a JSON object for every text in it and puts a number there. ID stands
// for what tells the records apart.
func (p *plants) objects(t *testing.T, source, object string) string {
	t.Helper()
	var parsed any
	if err := json.Unmarshal([]byte(object), &parsed); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	i := 0
	var visit func(path string, v any, put func(any))
	visit = func(path string, v any, put func(any)) {
		switch v := v.(type) {
		case map[string]any:
			for name := range v {
				visit(path+"."+name, v[name], func(x any) { v[name] = x })
			}
		case []any:
			for k := range v {
				visit(path+"[]", v[k], func(x any) { v[k] = x })
			}
		case string:
			if v == "ID" {
				return
			}
			n := p.number(source + ": " + path)
			for _, form := range []string{n, "+86" + n, "请回电" + spaced(n)} {
				put(form)
				line, err := json.Marshal(parsed)
				if err != nil {
					t.Fatal(err)
				}
				i++
				b.WriteString(strings.ReplaceAll(string(line), `"ID"`, fmt.Sprintf(`"%s-%d"`, source, i)) + "\n")
			}
			put(v)
		}
	}
	visit("", parsed, nil)
	return b.String()
}
