// Package callback makes of lost calls the list of callers to call back: one item for each
// caller, with what people have done about it and what the records say became of it.
//
// A lost call is one that asked for an agent and reached none, as kpi counts it, or left a
// message. The list is work and no figure: it is in no rate and no indicator, and no rate
// is taken from it.
//
// The package is pure: no clock, no I/O.
package callback
