package store

import "time"

// RecomputeSQL shows a statement to tests.
func (s *Store) RecomputeSQL(buckets []time.Time, version uint64) string {
	return s.recomputeSQL(buckets, version)
}

// Form and Migration show the rendering to tests.
type (
	Form      = form
	Migration = migration
)

// Render renders the migrations.
func (f form) Render() ([]Migration, error) { return f.migrations() }
