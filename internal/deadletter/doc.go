// Package deadletter is the format of the records that cannot be counted, as they lie
// in a topic of their own: sealed bytes, and headers that say what was wrong and where.
// Intake and load write letters; whoever holds the identity lists, opens and replays
// them.
//
// The bytes are sealed with an age recipient, for they may hold a caller's number: a
// writer cannot read what it wrote. The package keeps no keys and will not decide what
// is rejected.
package deadletter
