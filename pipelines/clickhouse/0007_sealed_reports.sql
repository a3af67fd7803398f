-- The reports that were handed in, each with the hash of the one before. Rows are only
-- ever added, and of two that want the same place the first is kept.
CREATE TABLE IF NOT EXISTS {{shared "sealed_reports"}} {{onCluster}}
(
    sequence UInt64,
    id       String,
    centre   String,
    period   String,
    revision UInt32,
    hash     String,
    manifest String
)
ENGINE = {{sharedEngine "sealed_reports" ""}}
ORDER BY (sequence, id)
SETTINGS {{durable}}, {{once}};

-- What they consist of, in pieces: reports in every format, and the evidence behind them.
-- Parts are written before their report is, so one without a report is what an interrupted
-- closing has left, and counts for nothing.
CREATE TABLE IF NOT EXISTS {{shared "sealed_parts"}} {{onCluster}}
(
    report String,
    part   String,
    chunk  UInt32,
    data   String
)
ENGINE = {{sharedEngine "sealed_parts" ""}}
ORDER BY (report, part, chunk)
SETTINGS {{durable}}, {{repeatable}};
