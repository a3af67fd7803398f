-- Every statement is idempotent: a migration that was interrupted is run again
-- from its start. The same text renders one server's tables and, when a cluster is
-- configured, replicated and sharded ones (see the store package's render.go).

-- One row per call and bucket the call was ever seen in: its newest version, or a
-- tombstone. Tombstones must stay for ever, since a late old version could live
-- again without them; merges that clean up are therefore switched off by name.
-- A time of zero (1970) is unknown; lengths are milliseconds.
CREATE TABLE IF NOT EXISTS {{local "calls"}} {{onCluster}}
(
    bucket         DateTime('UTC'),
    call_id        String,
    version        UInt64,
    content_hash   UInt64,
    rank           UInt128 MATERIALIZED bitOr(bitShiftLeft(toUInt128(version), 64), toUInt128(content_hash)),
    deleted        UInt8,
    centre         LowCardinality(String),
    source         LowCardinality(String),
    direction      LowCardinality(String),
    outcome        LowCardinality(String),
    excluded       LowCardinality(String),
    queue          LowCardinality(String),
    agent          LowCardinality(String),
    region         LowCardinality(String),
    topics         Array(LowCardinality(String)),
    started_at     DateTime64(3, 'UTC'),
    queued_at      DateTime64(3, 'UTC'),
    answered_at    DateTime64(3, 'UTC'),
    ended_at       DateTime64(3, 'UTC'),
    decided_at     DateTime64(3, 'UTC'),
    last_event     DateTime64(3, 'UTC'),
    queued         Bool,
    skewed         Bool,
    wait_ms        UInt64,
    talk_ms        UInt64,
    hold_ms        UInt64,
    wrapup_ms      UInt64,
    ivr_ms         UInt64,
    transfers      UInt32,
    leg_agents     Array(LowCardinality(String)),
    leg_queues     Array(LowCardinality(String)),
    leg_talk_ms    Array(UInt64),
    leg_hold_ms    Array(UInt64),
    rating_invited Bool,
    rating_given   Bool,
    rating_value   UInt8,
    rating_scale   LowCardinality(String),
    caller_hash    String,
    caller_masked  String,
    caller_sealed  String,
    attributes     Map(LowCardinality(String), String),
    run            LowCardinality(String),
    origin         String
)
ENGINE = {{localEngine "calls" "rank, deleted"}}
PARTITION BY toYYYYMM(bucket)
ORDER BY (bucket, call_id)
SETTINGS {{durable}}, {{deduplicate}},
    allow_experimental_replacing_merge_with_cleanup = 0,
    enable_replacing_merge_with_cleanup_for_min_age_to_force_merge = 0;

{{distributed "calls"}}

-- The registry: every version ever seen, where it lay and which run brought it first.
-- earliness keeps the first of two equal rows and orders versions by arrival.
CREATE TABLE IF NOT EXISTS {{local "call_versions"}} {{onCluster}}
(
    call_id      String,
    version      UInt64,
    content_hash UInt64,
    bucket       DateTime('UTC'),
    deleted      Bool,
    run          LowCardinality(String),
    earliness    UInt64 DEFAULT bitNot(toUInt64(toUnixTimestamp64Milli(now64(3))))
)
ENGINE = {{localEngine "call_versions" "earliness"}}
ORDER BY (call_id, version, content_hash)
SETTINGS {{durable}}, {{deduplicate}};

{{distributed "call_versions"}}

-- The ledger: what became of every consumed offset.
CREATE TABLE IF NOT EXISTS {{shared "load_batches"}} {{onCluster}}
(
    topic        LowCardinality(String),
    epoch        UInt16,
    partition    UInt32,
    first_offset Int64,
    last_offset  Int64,
    run          LowCardinality(String),
    accepted     UInt64,
    rejected     UInt64,
    written_at   DateTime('UTC') DEFAULT now('UTC')
)
ENGINE = {{sharedEngine "load_batches" ""}}
ORDER BY (topic, epoch, partition, first_offset, run)
SETTINGS {{durable}}, {{deduplicate}};

-- The counts of one bucket and group, additive. A vanished group becomes a row of
-- zeros, told by its data_to of zero; and a bucket's row of the blank dimension has the
-- version of its newest recomputation, without which no row counts. Recomputation repeats itself freely, so inserts
-- are not deduplicated.
CREATE TABLE IF NOT EXISTS {{shared "tallies"}} {{onCluster}}
(
    dimension          LowCardinality(String),
    bucket             DateTime('UTC'),
    centre             LowCardinality(String),
    source             LowCardinality(String),
    name               String,
    version            UInt64,
    calls              UInt64,
    open               UInt64,
    answered           UInt64,
    self_service       UInt64,
    abandoned_ivr      UInt64,
    abandoned_queue    UInt64,
    abandoned_ringing  UInt64,
    timed_out          UInt64,
    blocked            UInt64,
    voicemail          UInt64,
    callback_requested UInt64,
    voicemail_queued   UInt64,
    excluded           Map(String, UInt64),
    wait_answered      Map(UInt16, UInt64),
    wait_abandoned     Map(UInt16, UInt64),
    wait_ms            UInt64,
    wait_ms_max        UInt64,
    lost_ms            UInt64,
    talk_ms            UInt64,
    hold_ms            UInt64,
    wrapup_ms          UInt64,
    invited            UInt64,
    rated              UInt64,
    ratings            Map(String, UInt64),
    transfers          UInt64,
    legs               UInt64,
    skewed             UInt64,
    data_to            DateTime64(3, 'UTC')
)
ENGINE = {{sharedEngine "tallies" "version"}}
PARTITION BY toYear(bucket)
ORDER BY (dimension, bucket, centre, source, name)
SETTINGS {{durable}}, {{repeatable}};

-- The ordinal of each incarnation of a topic: a topic that was deleted and made
-- again starts at offset 0, and its offsets must not be taken for the old ones.
CREATE TABLE IF NOT EXISTS {{shared "topic_epochs"}} {{onCluster}}
(
    topic     String,
    topic_id  String,
    epoch     UInt16,
    seniority UInt16 MATERIALIZED bitNot(epoch),
    seen_at   DateTime('UTC') DEFAULT now('UTC')
)
ENGINE = {{sharedEngine "topic_epochs" "seniority"}}
ORDER BY (topic, topic_id)
SETTINGS {{durable}}, {{repeatable}};
