// Package watch asks hotlines from another machine whether they are there, and says when
// one is gone, for how long, why, and when it is back. Whatever evaluates alerts dies with
// its machine; this is for what nothing on that machine can tell any more.
//
// One lost request is no alarm: checks must fail several times in a row. Planned maintenance
// that a program told of before it was stopped holds while it is down.
//
// It will not judge figures, nor say who is told: Deps.Tell does.
package watch
