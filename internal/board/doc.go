// Package board makes the Grafana dashboards and brings them to a Grafana.
//
// The dashboards are data in Go: [All] builds them from the rules a hotline goes by, and
// go generate writes them to dashboards/*.json, which the program carries along and which
// Grafana can also read from files. A [Client] pushes them, holds them against what is in
// Grafana, and tells what somebody has edited there by hand.
//
// They are complete JSON of our own and not the typed panels of the SDK, which leave out
// what newer versions need and write null for lists: a dashboard that Grafana accepts and
// shows blank. What is sent is read back and compared.
//
// What it will not do: compute a figure. Queries take the program's own metrics as they
// are; only the history asks ClickHouse, for sums, and divides where no calendar is needed.
package board

//go:generate go run ./write ../../dashboards
