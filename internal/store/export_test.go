package store

import (
	"context"
	"io/fs"
)

// MigrateTo applies the first migrations of files: what an older program would do.
func (s *Store) MigrateTo(ctx context.Context, files fs.FS) error {
	list, err := s.form().render(files)
	if err != nil {
		return err
	}
	return s.migrate(ctx, list)
}

// Statements are those of the migration with the number.
func (s *Store) Statements(id int) ([]string, error) {
	list, err := s.form().migrations()
	if err != nil {
		return nil, err
	}
	return list[id].Statements, nil
}

// ParseHist and ParseCounts read maps.
var (
	ParseHist   = parseHist
	ParseCounts = parseCounts
	Classify    = classify
)
