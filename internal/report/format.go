package report

import (
	"encoding/json"
	"fmt"
	"io"

	"hotline12333/internal/kpi"
)

// Format is a form of output.
type Format string

// The formats.
const (
	Table Format = "table"
	CSV   Format = "csv"
	JSON  Format = "json"
)

// ParseFormat reads a format as commands take it.
func ParseFormat(s string, allowed ...Format) (Format, error) {
	for _, f := range allowed {
		if s == string(f) {
			return f, nil
		}
	}
	return "", fmt.Errorf("format %q is not one of %v", s, allowed)
}

// Write prints the statement.
func Write(w io.Writer, f Format, s *kpi.Statement) error {
	switch f {
	case JSON:
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(s)
	case CSV:
		return writeCSV(w, s)
	default:
		return writeTable(w, s)
	}
}
