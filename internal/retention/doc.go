// Package retention removes what has been kept long enough, kind by kind: calls, numbers
// sealed to call back, facts that arrived apart, agents' states, rejected records, and what
// Kafka holds of them all.
//
// Figures outlive the calls they were counted from. Before calls go, the tallies of their
// quarter hours are sealed: nothing recomputes them any more, and a record that would change
// one is rejected by the loader. A run consists of steps that are noted in the database as
// they are reached. Every one may be repeated, by another replica at the same time too, so
// it does not matter where a run dies or how many there are.
//
// The package decides nothing about single callers: that is package subject.
package retention
