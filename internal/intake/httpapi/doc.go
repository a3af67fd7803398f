// Package httpapi takes records over HTTP: calls, tickets, supplements and agents' states
// as the contract has them, and the formats of telephone systems through their sources.
//
// A request is answered 202 when Kafka has acknowledged every record in it that is good;
// what became of each stands in the answer. A record that is not good is told to its
// sender with line, field and reason, and counted; it becomes a dead letter only where the
// sender is a telephone system that reads no answers (the native formats). While Kafka
// takes nothing the answer is 503: nothing is acknowledged that is not stored.
//
// A caller's number may stand in a call that is posted, and leaves this package only as a
// pseudonym and a mask. Whatever a request is, it costs a bounded amount of memory and
// time, and one sender cannot use up what the others need.
//
// The package will not map native formats (package source), will not speak HTTP/2, will
// not keep what it could not deliver, and will not know that two centres use the same id:
// tokens can be bound to a prefix for that.
package httpapi
