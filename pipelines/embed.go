// Package pipelines holds the product's data about data: how sources are read, what
// records look like, which tables there are. It is files and nothing else; the packages
// that use them give them meaning.
package pipelines

import "embed"

// ClickHouse holds the migrations, named 0001_….sql and up, in the folder clickhouse.
//
//go:embed clickhouse/*.sql
var ClickHouse embed.FS

// Simulation holds the scenarios of hotlines that do not exist, in the folder simulation.
//
//go:embed simulation/*.yaml
var Simulation embed.FS

// Sources holds the descriptions of call sources, in the folder sources.
//
//go:embed sources/*.yaml
var Sources embed.FS

// Schema holds the contracts of the records as JSON Schema, in the folder schema.
//
//go:embed schema/*.json
var Schema embed.FS

// Rules holds what a centre may choose otherwise, as internal/ruleset reads it: working
// calendars in the folder calendar, the performance tables of each year in indicators, the
// layouts of forms in forms, and what each figure means in definitions.yaml.
//
//go:embed calendar/*.yaml indicators/*.yaml forms/*.yaml definitions.yaml
var Rules embed.FS
