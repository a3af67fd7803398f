// Package audit keeps the log of everything that brings a person's data to light or takes
// it away: which rejected record was opened, whose number was revealed, what was exported
// or erased, by whom, when and why.
//
// The log is a file of JSON lines that only grows. Each line carries the hash of the one
// before, so that a line that was changed, removed or put in between is found. Who can
// write the file can also write a whole new chain: keep the last hash elsewhere from time
// to time and ask whether it is still there.
//
// The package holds no numbers and decides nothing about who may do what.
package audit
