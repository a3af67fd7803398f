// Package broker is the project's only way to Kafka: segmentio/kafka-go behind
// a face of a dozen methods, the same against a real cluster and against the
// embedded broker of the package embedded.
//
// It produces with acknowledgement by all replicas, reads ranges and consumer
// group partitions in order, and commits offsets with metadata under the
// group's generation, so that a member that lost its partition is told so.
//
// Clusters are Kafka 3.1 or newer, or what speaks its protocol.
//
// What it will not do: decode records, decide what happens to a bad one,
// produce idempotently or in transactions (kafka-go cannot; a retried produce
// may duplicate and reorder, so records carry their own version), change the
// partition count of an existing topic, or create topics that nobody asked for.
package broker
