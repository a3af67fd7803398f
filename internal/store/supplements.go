package store

import "context"

// InsertSupplements writes supplements under the batch's token. One that is there already
// stays as it first came.
func (s *Store) InsertSupplements(ctx context.Context, b Batch, list []SupplementRow) error {
	n := len(list)
	var (
		ids, kinds, centres, sources = make([]string, n), make([]string, n), make([]string, n), make([]string, n)
		number, hash, ivr            = make([]uint64, n), make([]uint64, n), make([]uint64, n)
		deleted, invited, given      = make([]bool, n), make([]bool, n), make([]bool, n)
		skewed                       = make([]bool, n)
		rating                       = make([]uint8, n)
		scale, runs, origins         = make([]string, n), make([]string, n), make([]string, n)
		path, topics                 = make([][]string, n), make([][]string, n)
	)
	for i := range list {
		row, f := &list[i], list[i].Supplement
		ids[i], kinds[i], centres[i], sources[i] = f.CallID, string(f.Kind), f.Centre, f.Source
		number[i], hash[i], deleted[i] = row.Rank.Version, row.Rank.Hash, f.Deleted
		runs[i], origins[i] = row.Run, row.Origin
		if f.Deleted {
			continue // which tells nothing but that
		}
		invited[i], given[i], rating[i], scale[i] = f.Rating.Invited, f.Rating.Given, f.Rating.Value, f.Rating.Scale
		ivr[i], skewed[i] = length(f.IVR.Millis), f.IVR.Millis < 0
		path[i], topics[i] = f.IVRPath, f.Topics
	}
	return s.insert(ctx, b.Token(tableSupplements), insertion{
		table: tableSupplements,
		columns: []columnDef{
			{"call_id", "String"},
			{"kind", "String"},
			{"version", "UInt64"},
			{"content_hash", "UInt64"},
			{"deleted", "Bool"},
			{"centre", "String"},
			{"source", "String"},
			{"rating_invited", "Bool"},
			{"rating_given", "Bool"},
			{"rating_value", "UInt8"},
			{"rating_scale", "String"},
			{"ivr_ms", "UInt64"},
			{"ivr_skewed", "Bool"},
			{"ivr_path", "Array(String)"},
			{"topics", "Array(String)"},
			{"run", "String"},
			{"origin", "String"},
		},
		values: []any{
			ids, kinds, number, hash, deleted, centres, sources, invited, given, rating, scale,
			ivr, skewed, path, topics, runs, origins,
		},
		rows: n,
	})
}
