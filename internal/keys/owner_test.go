package keys

import (
	"testing"
	"time"

	"hotline12333/internal/testkit"
)

// Root rotates the keys of a service that is not root: it must be able to read them still.
func TestKeysStayTheServices(t *testing.T) {
	testkit.StaysTheServices(t, "keys.json",
		func(path string) error {
			_, err := Init(path, start)
			return err
		},
		func(path string) error {
			_, err := Rotate(path, Rotation{Now: start.Add(time.Hour)})
			return err
		})
}
