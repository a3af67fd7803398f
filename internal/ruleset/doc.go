// Package ruleset reads the rules that a centre lives by and may choose otherwise: the
// files of pipelines/calendar, indicators and forms, pipelines/definitions.yaml, and a
// centre's own beside them (rules.dir). They become types of the core, which knows no
// files.
//
// Reading is strict: every fault of every file is told with file, line and column, unknown
// keys are refused, and nothing is guessed. A file of the centre's own replaces the
// built-in one of the same name, year, or form and table. Every file is kept as it was
// read, with its SHA-256, as evidence of what a figure was computed by.
//
// The package will not watch its files: rules hold from one start of the program to the
// next.
package ruleset
