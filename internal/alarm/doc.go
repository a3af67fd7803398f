// Package alarm says which alerts are in force.
//
// Where no Prometheus runs it evaluates the very rules that are written for one, with
// Prometheus's own packages: the program's metrics are scraped into a small database of
// their own, the rules are run over it, and Alertmanager's packages group, hold back and
// repeat what fires, by Alertmanager's configuration. Where a Prometheus or an Alertmanager
// runs elsewhere it asks that one.
//
// It will not decide what an alert is (the rules do), nor reach anybody (who tells people
// is handed in), nor stop the program when its own files cannot be read: what is lost then
// is what it remembers, and that is said.
package alarm
