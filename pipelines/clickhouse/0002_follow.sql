-- Which buckets each recomputation replaced; publishers follow it.
CREATE TABLE IF NOT EXISTS {{shared "tally_log"}} {{onCluster}}
(
    touched_partition UInt32,
    version           UInt64,
    buckets           Array(DateTime('UTC')),
    written_at        DateTime('UTC') DEFAULT now('UTC')
)
ENGINE = {{sharedEngine "tally_log" ""}}
ORDER BY (touched_partition, version)
TTL written_at + INTERVAL 7 DAY
SETTINGS {{durable}}, {{repeatable}};

-- Facts about a call that arrive apart from it and in any order.
CREATE TABLE IF NOT EXISTS {{local "supplements"}} {{onCluster}}
(
    call_id       String,
    kind          LowCardinality(String),
    version       UInt64,
    content_hash  UInt64,
    rank          UInt128 MATERIALIZED bitOr(bitShiftLeft(toUInt128(version), 64), toUInt128(content_hash)),
    rating_value  UInt8,
    rating_scale  LowCardinality(String),
    ivr_ms        UInt64,
    topic         LowCardinality(String),
    run           LowCardinality(String),
    origin        String
)
ENGINE = {{localEngine "supplements" "rank"}}
ORDER BY (call_id, kind)
SETTINGS {{durable}}, {{deduplicate}};

{{distributed "supplements"}}
