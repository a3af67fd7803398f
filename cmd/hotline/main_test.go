package main

import (
	"os"
	"testing"

	"hotline12333/internal/testkit"
)

// beHotline in the environment makes the test binary the program itself.
const beHotline = "TEST_BINARY_IS_HOTLINE"

func TestMain(m *testing.M) {
	os.Exit(testkit.Main(m, func() (bool, int) {
		if os.Getenv(beHotline) == "" {
			return false, 0
		}
		main() // exits
		return true, 1
	}))
}
