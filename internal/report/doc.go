// Package report prints statements of figures for people and programs: a table for an
// 80-column terminal, CSV, JSON. It computes nothing: every figure comes from kpi.
package report
