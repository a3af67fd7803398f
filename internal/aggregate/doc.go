// Package aggregate keeps the tallies right: it follows the marks on the topic of
// touched buckets and has each marked bucket counted anew from the deduplicated calls.
//
// Nothing is incremented, so a mark read twice, or by two replicas at once, does no
// harm; the version of what is written comes from the mark's offset, so a replica that
// slept through its successor's work loses against it. No clock decides what is
// recomputed.
//
// What it will not do: count (package store does, in SQL; kpi says what must come out),
// keep figures in memory (package publish does), or skip a bucket it could not count: it
// tries again for ever and says so in its metrics.
package aggregate
