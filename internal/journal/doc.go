// Package journal has the entries that people make and no record gives: values of
// indicators, confirmations of definitions, control totals, outages. An entry is never
// changed; a newer one takes its place, and says which one its author had seen.
//
// The package is pure: no clock, no I/O. Package store keeps entries.
package journal
