package store

import (
	"context"
	"io/fs"

	"hotline12333/internal/journal"
)

// MigrateTo applies the first migrations of files: what an older program would do.
func (s *Store) MigrateTo(ctx context.Context, files fs.FS) error {
	list, err := s.form().render(files)
	if err != nil {
		return err
	}
	return s.migrate(ctx, list)
}

// Statements are those of each migration, in their order.
func (s *Store) Statements() ([][]string, error) {
	list, err := s.form().migrations()
	if err != nil {
		return nil, err
	}
	var all [][]string
	for _, m := range list {
		all = append(all, m.Statements)
	}
	return all, nil
}

// ParseHist and ParseCounts read maps.
var (
	ParseHist   = parseHist
	ParseCounts = parseCounts
	Classify    = classify
)

// GatherUpTo is how many buckets' calls are counted by kind.
const GatherUpTo = gatherUpTo

// EntryToken is the first token an entry is inserted under.
func EntryToken(e journal.Entry) string { return entryToken(&e) + "/0" }
