-- What each source of calls cannot tell, as its description says, for dashboards that ask the
-- tables themselves. A source that is not here, or lacks nothing, tells all that calls tell.
CREATE TABLE IF NOT EXISTS {{shared "source_gaps"}} {{onCluster}}
(
    source   LowCardinality(String),
    cannot   Array(LowCardinality(String)),
    noted_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = {{sharedEngine "source_gaps" "noted_at"}}
ORDER BY source
SETTINGS {{durable}}, {{repeatable}};
