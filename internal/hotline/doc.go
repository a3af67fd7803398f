// Package hotline holds the records a public hotline produces and what they mean:
// one [Call] is one contact of one caller, whatever legs, queues or CDR rows it took.
//
// The package is pure: it reads no clock, does no I/O and knows neither Kafka nor
// ClickHouse. It will not aggregate (package kpi) and will not encode (package wire).
package hotline
