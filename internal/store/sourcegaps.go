package store

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"hotline12333/internal/kpi"
)

// NoteSourceGaps notes what each source cannot tell, for dashboards that ask the tables
// themselves; of a source that is not named, nothing is missing. Only what has changed is
// written, and whoever writes last is believed.
func (s *Store) NoteSourceGaps(ctx context.Context, cannot map[string][]kpi.Capability) error {
	noted, err := s.sourceGaps(ctx)
	if err != nil {
		return err
	}
	all := make(map[string][]kpi.Capability, len(noted)+len(cannot))
	for source := range noted {
		all[source] = nil
	}
	maps.Copy(all, cannot)
	var sources []string
	var gaps [][]string
	for _, source := range slices.Sorted(maps.Keys(all)) {
		missing := make([]string, len(all[source]))
		for i, c := range all[source] {
			missing[i] = string(c)
		}
		slices.Sort(missing)
		if !slices.Equal(missing, noted[source]) {
			sources, gaps = append(sources, source), append(gaps, missing)
		}
	}
	return s.insert(ctx, "", insertion{
		table:   tableSourceGaps,
		columns: []columnDef{{"source", "String"}, {"cannot", "Array(String)"}},
		values:  []any{sources, gaps},
		rows:    len(sources),
	})
}

func (s *Store) sourceGaps(ctx context.Context) (map[string][]string, error) {
	type line struct {
		source string
		cannot []string
	}
	sql := fmt.Sprintf("SELECT toString(source), arrayMap(c -> toString(c), cannot) FROM %s FINAL", s.table(tableSourceGaps))
	list, err := collect(ctx, s, "source_gaps", sql, func(rows driver.Rows, l *line) error { return rows.Scan(&l.source, &l.cannot) })
	noted := make(map[string][]string, len(list))
	for _, l := range list {
		noted[l.source] = l.cannot
	}
	return noted, err
}
