-- How far the retention of calls has come, step by step: of all quarter hours before the
-- greatest horizon of "closed" nothing is taken any more, before that of "sealed" the
-- tallies are fixed for good, before that of "removed" the calls are gone. A horizon only
-- ever rises, so a row written twice, or late, changes nothing.
CREATE TABLE IF NOT EXISTS {{shared "retention_horizons"}} {{onCluster}}
(
    step       LowCardinality(String),
    horizon    DateTime('UTC'),
    reached_at DateTime('UTC') DEFAULT now('UTC')
)
ENGINE = {{sharedEngine "retention_horizons" ""}}
ORDER BY (step, horizon)
SETTINGS {{durable}}, {{repeatable}};

-- The calls that sealed tallies count, by a hash of their id and nothing else: a correction
-- that would take one of them elsewhere would count it twice.
CREATE TABLE IF NOT EXISTS {{shared "sealed_calls"}} {{onCluster}}
(
    call   FixedString(16),
    bucket DateTime('UTC')
)
ENGINE = {{sharedEngine "sealed_calls" ""}}
ORDER BY call
SETTINGS {{durable}}, {{repeatable}};

-- Callers whose identity was erased, by a hash of their pseudonym: their calls of the
-- quarter hours before until carry the replacement instead. It is blank once no log can
-- bring those calls again.
CREATE TABLE IF NOT EXISTS {{shared "erased_callers"}} {{onCluster}}
(
    caller      FixedString(64),
    until       DateTime('UTC'),
    replacement String,
    revision    UInt8
)
ENGINE = {{sharedEngine "erased_callers" "revision"}}
ORDER BY (caller, until)
SETTINGS {{durable}}, {{repeatable}};
