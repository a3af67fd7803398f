// Package engine runs ClickHouse inside the program's own family of processes:
// a supervised child process loads libchdb and serves one data directory in
// ClickHouse's HTTP protocol on loopback, so that clickhouse-go, curl and
// Grafana use it exactly as they use a server.
//
// Engine is the parent's side: it starts the child, restarts it after a crash
// and stops it. ChildMain and Serve are the child's side. The child never
// outlives its parent.
//
// It will not listen beyond loopback, keep sessions between requests, know
// users or passwords, replicate, or pretend: what the embedded engine cannot
// do is answered with an error in ClickHouse's form.
package engine
