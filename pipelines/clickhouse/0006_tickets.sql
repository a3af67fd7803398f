-- Tickets are few beside calls, so every server holds them whole.
--
-- The newest version of a ticket lies in the bucket of its opening and in those of the
-- deadlines its source has set; wherever else it was ever seen there is a tombstone, as
-- of calls. A time of zero is unknown or not yet. first_response and resolution are what
-- follows from the times told (hotline.Ticket.Facts).
CREATE TABLE IF NOT EXISTS {{shared "tickets"}} {{onCluster}}
(
    bucket         DateTime('UTC'),
    ticket_id      String,
    version        UInt64,
    content_hash   UInt64,
    rank           UInt128 MATERIALIZED bitOr(bitShiftLeft(toUInt128(version), 64), toUInt128(content_hash)),
    deleted        UInt8,
    centre         LowCardinality(String),
    source         LowCardinality(String),
    kind           LowCardinality(String),
    call_id        String,
    agent          LowCardinality(String),
    topics         Array(LowCardinality(String)),
    on_the_spot    Bool,
    opened_at      DateTime64(3, 'UTC'),
    respond_by     DateTime64(3, 'UTC'),
    responded_at   DateTime64(3, 'UTC'),
    first_response DateTime64(3, 'UTC'),
    resolve_by     DateTime64(3, 'UTC'),
    resolved_at    DateTime64(3, 'UTC'),
    resolution     DateTime64(3, 'UTC'),
    last_event     DateTime64(3, 'UTC'),
    skewed         Bool,
    run            LowCardinality(String),
    origin         String
)
ENGINE = {{sharedEngine "tickets" "rank, deleted"}}
PARTITION BY toYear(bucket)
ORDER BY (bucket, ticket_id)
SETTINGS {{durable}}, {{deduplicate}},
    allow_experimental_replacing_merge_with_cleanup = 0,
    enable_replacing_merge_with_cleanup_for_min_age_to_force_merge = 0;

-- The registry of tickets: every version ever seen, where it lay and which run brought it first.
CREATE TABLE IF NOT EXISTS {{shared "ticket_versions"}} {{onCluster}}
(
    ticket_id    String,
    version      UInt64,
    content_hash UInt64,
    buckets      Array(DateTime('UTC')),
    deleted      Bool,
    run          LowCardinality(String),
    earliness    UInt64 DEFAULT bitNot(toUInt64(toUnixTimestamp64Milli(now64(3))))
)
ENGINE = {{sharedEngine "ticket_versions" "earliness"}}
ORDER BY (ticket_id, version, content_hash)
SETTINGS {{durable}}, {{deduplicate}};

-- The counts of tickets of one bucket, kind and group, additive, as tallies is of calls.
-- Where the source set a deadline they stand in its bucket. Where it set none they stand
-- in the bucket of the opening, with how long after it the tickets were seen to
-- (kpi.Elapsed): the rule for the deadline is applied when they are read.
CREATE TABLE IF NOT EXISTS {{shared "ticket_tallies"}} {{onCluster}}
(
    dimension          LowCardinality(String),
    bucket             DateTime('UTC'),
    centre             LowCardinality(String),
    source             LowCardinality(String),
    kind               LowCardinality(String),
    name               String,
    version            UInt64,
    opened             UInt64,
    on_the_spot        UInt64,
    skewed             UInt64,
    respond_in_time    UInt64,
    respond_late       UInt64,
    respond_open       UInt64,
    respond_unset_open UInt64,
    respond_unset_done Map(UInt32, UInt64),
    resolve_in_time    UInt64,
    resolve_late       UInt64,
    resolve_open       UInt64,
    resolve_unset_open UInt64,
    resolve_unset_done Map(UInt32, UInt64),
    data_to            DateTime64(3, 'UTC')
)
ENGINE = {{sharedEngine "ticket_tallies" "version"}}
PARTITION BY toYear(bucket)
ORDER BY (dimension, bucket, centre, source, kind, name)
SETTINGS {{durable}}, {{repeatable}};
