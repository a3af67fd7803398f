// Package store is everything the product says to ClickHouse, embedded or a server or
// a cluster: migrations, inserts, recomputation and queries, through clickhouse-go.
//
// Queries return additive counts only; ratios are the business of package kpi.
package store
