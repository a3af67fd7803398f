package audit

import (
	"testing"
	"time"

	"hotline12333/internal/testkit"
)

// Whoever writes first is often root, who rotates the keys: the service, which may show no
// number without a line here, must be able to write the second.
func TestLogIsTheServices(t *testing.T) {
	testkit.StaysTheServices(t, "audit.jsonl", func(path string) error {
		_, err := Append(path, time.Now(), Entry{Action: RotateKeys, Subject: "k1"})
		return err
	})
}
