package aggregate_test

import (
	"os"
	"testing"

	"hotline12333/internal/testkit"
)

func TestMain(m *testing.M) { os.Exit(testkit.Main(m, zombieMain)) }
