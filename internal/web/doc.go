// Package web serves the live board, /metrics and the answers of health checks. It shows
// what kpi has computed: no figure is made here, only its text.
package web
