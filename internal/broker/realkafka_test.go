package broker

import (
	"testing"

	"hotline12333/internal/testkit"
)

// TestRealKafka holds the face to the contract against Apache Kafka itself.
func TestRealKafka(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Apache Kafka, which takes seconds")
	}
	contract(t, testkit.RealKafka(t))
}
