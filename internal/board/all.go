package board

import (
	"fmt"

	"hotline12333/internal/ruleset"
)

// All builds the dashboards; the rules give the words of definitions and indicators.
func All(rules *ruleset.Rules) ([]Dashboard, error) {
	t := &texts{rules: rules}
	table, err := indicators(t)
	if err != nil {
		return nil, fmt.Errorf("building the dashboard of the indicators: %w", err)
	}
	all := []Dashboard{supervisor(t), table, pipeline(), history(t)}
	if t.err != nil {
		return nil, fmt.Errorf("describing the panels: %w", t.err)
	}
	return all, nil
}
