// Package pipeline_test holds the whole pipeline against counting in Go: records into
// Kafka on one side, figures on the other, everything in between real.
package pipeline_test

import (
	"flag"
	"os"
	"testing"

	"hotline12333/internal/testkit"
)

func TestMain(m *testing.M) { os.Exit(testkit.Main(m, fewChecks)) }

// fewChecks makes property tests short unless told otherwise: each check here goes
// through a broker and a database.
func fewChecks() (ran bool, code int) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.checks" })
	if !given {
		if err := flag.Set("rapid.checks", "25"); err != nil {
			return true, 2
		}
	}
	return false, 0
}
