package app

import (
	"strconv"

	"hotline12333/internal/broker"
	"hotline12333/internal/config"
	"hotline12333/internal/deadletter"
	"hotline12333/internal/wire"
)

// topicSpecs are the topics with what they need. Nothing is deleted by default: the
// records are the evidence behind every figure.
func topicSpecs(cfg config.Topics) []broker.TopicSpec {
	forever := func(most int) map[string]string {
		return map[string]string{"retention.ms": "-1", "retention.bytes": "-1", "max.message.bytes": strconv.Itoa(most)}
	}
	// A record of the contract has at most wire.MaxRecord bytes. What is larger must reach
	// the loader all the same, to be rejected with a reason instead of being refused unseen.
	records := forever(deadletter.MaxBytes)
	return []broker.TopicSpec{
		{Name: cfg.Calls, Partitions: cfg.Partitions, ReplicationFactor: cfg.Replication, Config: records},
		{Name: cfg.Supplements, Partitions: cfg.Partitions, ReplicationFactor: cfg.Replication, Config: records},
		{Name: cfg.Tickets, Partitions: cfg.Partitions, ReplicationFactor: cfg.Replication, Config: records},
		// An agent changes state a few hundred times a day: one partition is enough for a nation.
		{Name: cfg.Agents, Partitions: 1, ReplicationFactor: cfg.Replication, Config: records},
		{Name: cfg.Rejected, Partitions: 1, ReplicationFactor: cfg.Replication, Config: forever(deadletter.MaxRecord)},
		{Name: cfg.Erasures, Partitions: 1, ReplicationFactor: cfg.Replication, Config: forever(wire.MaxRecord)},
		// One partition: a centre's marks are few, and one aggregator keeps up with a nation.
		{Name: cfg.Touched, Partitions: 1, ReplicationFactor: cfg.Replication, Config: forever(wire.MaxRecord)},
	}
}
