package store

import (
	"context"
	"fmt"
)

// SealedCaller returns the sealed number of a call's newest version; empty when there is
// none. Found says whether the call is there, and not deleted.
func (s *Store) SealedCaller(ctx context.Context, callID string) (sealed string, found bool, err error) {
	known, err := s.Versions(ctx, []string{callID})
	if err != nil {
		return "", false, err
	}
	var newest *Version
	for i := range known[callID] {
		if v := &known[callID][i]; newest == nil || newest.Rank.Compare(v.Rank) < 0 {
			newest = v
		}
	}
	if newest == nil || newest.Deleted {
		return "", false, nil
	}
	sql := fmt.Sprintf("SELECT any(caller_sealed), count() FROM %s FINAL WHERE bucket = toDateTime(%d, 'UTC') AND call_id = %s",
		s.table(tableCalls), newest.Bucket.Unix(), quote(callID))
	var n uint64
	if err := s.queryRow(ctx, "sealed_caller", sql, &sealed, &n); err != nil {
		return "", false, err
	}
	return sealed, n > 0, nil
}
