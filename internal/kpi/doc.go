// Package kpi turns additive counts into the figures a hotline is judged by: rates,
// service levels, percentiles, targets. Every output of the product (screen, metric,
// dashboard, report, command line) gets its figures from here, so they cannot differ.
//
// The package is pure: no clock, no I/O. It will not average ratios: a figure is always
// computed from summed counts.
package kpi
