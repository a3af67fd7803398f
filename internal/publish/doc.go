// Package publish makes the state of the hotline visible: a [Follower] keeps this year's
// tallies and the calls of the last hours in memory and makes a [kpi.Snapshot] of them,
// and [Metrics] exports the snapshot to Prometheus.
//
// The follower learns of changes from the log of recomputations and reads anew only what
// they touched. Windows and ages depend on an instant that is an argument, so the page,
// the metrics and the tests see the same figures at the same instant.
//
// What it will not do: compute a figure (package kpi does), write anything, or show a
// failed reading as an empty one: until the first reading there is no snapshot, and
// later failures leave the last one standing, with the time it was checked.
package publish
