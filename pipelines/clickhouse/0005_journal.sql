-- What people have entered: values of indicators, confirmations of definitions, control
-- totals, outages. Rows are only ever added; one that takes the place of another names it.
CREATE TABLE IF NOT EXISTS {{shared "journal"}} {{onCluster}}
(
    kind      LowCardinality(String),
    centre    LowCardinality(String),
    subject   String,
    period    String,
    id        String,
    replaces  String,
    at        DateTime64(3, 'UTC'),
    `by`      String,
    reason    String,
    evidence  String,
    withdrawn Bool,
    body      String
)
ENGINE = {{sharedEngine "journal" ""}}
ORDER BY (kind, centre, subject, period, id)
SETTINGS {{durable}}, {{once}};
