package aggregate_test

import (
	"fmt"
	"testing"

	"hotline12333/internal/testkit"
)

// A statement read the calls, and its rows arrive only after a later recomputation has
// passed: the server was slow, its client gave up on it. The group it had seen has
// vanished since, so no row of the later one stands against it by key.
func TestStatementThatArrivesLate(t *testing.T) {
	s := newStack(t, 1)
	s.run()
	s.mark(s.put(call("a", 1, base(), "general"))...)
	s.mark(s.put(call("a", 2, base(), "cards"))...)
	s.settle()
	s.check("before the late rows")
	db := s.config.Database
	late := fmt.Sprintf(`INSERT INTO %[1]s.tallies (dimension, bucket, centre, source, name, version, calls, answered, data_to)
SELECT 'queue', toDateTime(%[2]d, 'UTC'), 'xy', 'pbx', 'never seen since', 1, 1, 1, toDateTime64(%[2]d, 3, 'UTC')`, db, base().Unix())
	if err := testkit.Exec(t.Context(), s.config, late); err != nil {
		t.Fatal(err)
	}
	s.check("after them")
	// A bucket that has no calls left, and never had a tally.
	empty := fmt.Sprintf(`INSERT INTO %[1]s.tallies (dimension, bucket, centre, source, name, version, calls, answered, data_to)
SELECT 'queue', toDateTime(%[2]d, 'UTC'), 'xy', 'pbx', 'never seen since', 1, 1, 1, toDateTime64(%[2]d, 3, 'UTC')`, db, base().AddDate(0, 0, 1).Unix())
	s.mark(base().AddDate(0, 0, 1))
	s.settle()
	if err := testkit.Exec(t.Context(), s.config, empty); err != nil {
		t.Fatal(err)
	}
	s.check("after late rows of a bucket without calls")
}
