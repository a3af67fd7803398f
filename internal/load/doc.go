// Package load takes call records from Kafka into ClickHouse, exactly once in effect:
// whatever is redelivered, corrected, moved or deleted, and wherever a process dies, each
// call ends as one row, the one of its newest rank, in one bucket.
//
// One worker per partition cuts batches, contiguous ranges of offsets, and takes each
// through the same eight steps (see worker.load). Nothing is dropped: a record ends in the
// store or as a dead letter before its offset is committed, and the ledger says so for
// every offset. While the store is away nothing more is read.
//
// The package does not aggregate: it marks the buckets it has touched and lets others
// recompute them. What a batch means is decided by a function without I/O (plan.go).
//
// Memory is bounded by three batches per partition, one being written, one looked up and
// one being read, of Config.BatchBytes each and about three times that decoded, and by
// one answer of the broker of Config.FetchBytes before decompression.
package load
