-- Facts about a call that arrive apart from it and in any order: every version ever seen,
-- and which run brought it first. The newest of a call and kind joins the call when its
-- bucket is counted. Never written before, the table of the earlier schema goes.
DROP TABLE IF EXISTS {{shared "supplements"}} {{onCluster}};

DROP TABLE IF EXISTS {{local "supplements"}} {{onCluster}};

CREATE TABLE IF NOT EXISTS {{local "call_supplements"}} {{onCluster}}
(
    call_id        String,
    kind           LowCardinality(String),
    version        UInt64,
    content_hash   UInt64,
    rank           UInt128 MATERIALIZED bitOr(bitShiftLeft(toUInt128(version), 64), toUInt128(content_hash)),
    deleted        Bool,
    centre         LowCardinality(String),
    source         LowCardinality(String),
    rating_invited Bool,
    rating_given   Bool,
    rating_value   UInt8,
    rating_scale   LowCardinality(String),
    ivr_ms         UInt64,
    ivr_skewed     Bool,
    ivr_path       Array(LowCardinality(String)),
    topics         Array(LowCardinality(String)),
    run            LowCardinality(String),
    origin         String,
    earliness      UInt64 DEFAULT bitNot(toUInt64(toUnixTimestamp64Milli(now64(3))))
)
ENGINE = {{localEngine "call_supplements" "earliness"}}
ORDER BY (call_id, kind, version, content_hash)
SETTINGS {{durable}}, {{deduplicate}};

{{distributed "call_supplements"}}

-- What a time in the IVR that arrives apart changes of a call's stored facts.
{{alter "calls" "ADD COLUMN IF NOT EXISTS ivr_missing LowCardinality(String) AFTER ivr_ms"}}

-- The calls of each caller: as calls is, by caller and bucket, tombstones included; in
-- the overlap after a change of keys under both names. It tells which calls have a further
-- one, and where they lie.
CREATE TABLE IF NOT EXISTS {{local "caller_calls"}} {{onCluster}}
(
    caller       String,
    bucket       DateTime('UTC'),
    call_id      String,
    version      UInt64,
    content_hash UInt64,
    rank         UInt128 MATERIALIZED bitOr(bitShiftLeft(toUInt128(version), 64), toUInt128(content_hash)),
    deleted      UInt8,
    started_at   DateTime64(3, 'UTC'),
    contact      Bool,
    repeats      Bool
)
ENGINE = {{localEngine "caller_calls" "rank, deleted"}}
PARTITION BY toYYYYMM(bucket)
ORDER BY (caller, bucket, call_id)
SETTINGS {{durable}}, {{deduplicate}}, index_granularity = 1024,
    allow_experimental_replacing_merge_with_cleanup = 0,
    enable_replacing_merge_with_cleanup_for_min_age_to_force_merge = 0;

{{distributed "caller_calls"}}

-- The caller's name under the key before, in the overlap after a change of keys.
{{alter "calls" "ADD COLUMN IF NOT EXISTS caller_before String AFTER caller_hash"}}

-- Whose a version was, so that the calls around it are counted anew when it goes.
{{alter "call_versions" "ADD COLUMN IF NOT EXISTS caller String, ADD COLUMN IF NOT EXISTS caller_before String"}}

ALTER TABLE {{shared "tallies"}} {{onCluster}}
    ADD COLUMN IF NOT EXISTS offered_with_caller UInt64,
    ADD COLUMN IF NOT EXISTS repeat_callers UInt64,
    ADD COLUMN IF NOT EXISTS answered_with_caller UInt64,
    ADD COLUMN IF NOT EXISTS repeated_within_window UInt64;

-- What agents do, from an instant on: every version ever seen. Of those of one instant the
-- newest holds.
CREATE TABLE IF NOT EXISTS {{shared "agent_states"}} {{onCluster}}
(
    centre       LowCardinality(String),
    agent        String,
    since        DateTime64(3, 'UTC'),
    version      UInt64,
    content_hash UInt64,
    state        LowCardinality(String),
    reason       LowCardinality(String),
    source       LowCardinality(String),
    run          LowCardinality(String),
    origin       String,
    earliness    UInt64 DEFAULT bitNot(toUInt64(toUnixTimestamp64Milli(now64(3))))
)
ENGINE = {{sharedEngine "agent_states" "earliness"}}
PARTITION BY toYYYYMM(since)
ORDER BY (toDate(since, 'UTC'), centre, agent, since, version, content_hash)
SETTINGS {{durable}}, {{deduplicate}};
