// Package freeswitch reads the call detail records of FreeSWITCH: those of mod_json_cdr
// and those of mod_cdr_csv in its default template. Both log every leg of a call; what is
// counted is the caller's.
//
// The package will not join legs of several machines, and will not read mod_cdr_csv's
// other templates: those are described as delimited text, one row per call.
package freeswitch

import (
	"strings"

	"hotline12333/internal/hotline"
	"hotline12333/internal/source"
)

// The reasons why a record of FreeSWITCH is no call.
const (
	agentLeg  = "agent_leg"  // an agent's side of a call that is counted by the caller's
	secondLeg = "second_leg" // a leg FreeSWITCH placed for a call that is counted by its first leg
)

// placedByUs is the name FreeSWITCH gives legs that it placed itself.
const placedByUs = "Outbound Call"

// unanswered tells from the cause of hanging up why nobody spoke.
func unanswered(cause string) hotline.Outcome {
	switch cause {
	case "NO_ANSWER", "NO_USER_RESPONSE", "ALLOTTED_TIMEOUT", "RECOVERY_ON_TIMER_EXPIRE", "PROGRESS_TIMEOUT", "MEDIA_TIMEOUT":
		return hotline.TimedOut
	case "USER_BUSY", "CALL_REJECTED", "NO_ROUTE_DESTINATION", "NO_ROUTE_TRANSIT_NET", "UNALLOCATED_NUMBER",
		"USER_NOT_REGISTERED", "SUBSCRIBER_ABSENT", "NORMAL_CIRCUIT_CONGESTION", "NORMAL_TEMPORARY_FAILURE",
		"SWITCH_CONGESTION", "REQUESTED_CHAN_UNAVAIL", "NETWORK_OUT_OF_ORDER", "DESTINATION_OUT_OF_ORDER",
		"SERVICE_UNAVAILABLE", "INVALID_GATEWAY", "GATEWAY_DOWN", "INCOMPATIBLE_DESTINATION", "OUTGOING_CALL_BARRED",
		"INCOMING_CALL_BARRED", "BEARERCAPABILITY_NOTAVAIL", "FACILITY_REJECTED":
		return hotline.Blocked
	}
	return hotline.AbandonedRinging
}

// anonymous is what stands where a caller shows no number.
func anonymous(number string) bool {
	switch strings.ToLower(strings.TrimSpace(number)) {
	case "", "0", "0000000000", "anonymous", "unknown", "unavailable", "private", "restricted", "freeswitch":
		return true
	}
	return false
}

// Natives are the formats by the names that descriptions give.
func Natives() source.Natives {
	return source.Natives{"freeswitch-json-cdr": JSON{}, "freeswitch-cdr-csv": CSV{}}
}
