// Package embedded is the broker of the one-machine mode: franz-go's kfake on a
// loopback port, speaking Kafka's own protocol, so that every client connects
// to it as to a cluster.
//
// An acknowledged record is on the disk (fsync per batch) and survives kill -9.
// kfake is made for tests; what a product needs beyond it is here: a lock on the
// directory, a refusal while the disk has room left to work with, retention
// that never forgets where a partition ends, offsets that do not expire, a log
// of commits that heals, and connections that cannot crash it.
//
// What it will not do: replicate, encrypt, ask for a password, take part in
// transactions, compact, delete anything unless a topic's retention says so, or
// listen on every interface.
package embedded
