// Package source turns the files of telephone systems into records: calls, facts about
// calls that arrive apart, agents' states.
//
// A source is described by a YAML file, built in or the centre's own: a format (delimited
// text, a workbook, JSON), which turns bytes into rows with line numbers, and a mapping,
// which turns a row into a record. Another system that writes such files needs another
// YAML file and no code; docs/sources.md is the reference of the notation. What no mapping
// describes, because several lines make one call, is a [Native] in a package below.
//
// Reading streams in constant memory, and every row of the input comes out as exactly
// one item: a call, a row ignored with its reason, or a row rejected with the field at
// fault. Numbers of callers leave the package only as pseudonyms and masks.
//
// The package will not open files, will not talk to Kafka, and will not guess: no
// sniffed delimiters or zones, and encodings only where a description asks for it, by a
// stated rule. What a description does not say is an error. Workbooks beyond some bounds
// are not read.
//
// # Local times
//
// A time without an offset is read in the zone of the description, or the one given
// instead. Where clocks are set back an hour and a local time happens twice, the first
// one is meant, unless it lies before the arrival of the same call: then the second.
// Where clocks are set forward, a local time that never happened is read with the offset
// before the change, so that 02:30 becomes 03:30.
package source
