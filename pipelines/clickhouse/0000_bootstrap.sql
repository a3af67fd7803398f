-- The database and the list of what has been applied. Run before every migration
-- and not listed itself, so it may only ever contain IF NOT EXISTS.

CREATE DATABASE IF NOT EXISTS {{.Database}} {{onCluster}};

CREATE TABLE IF NOT EXISTS {{shared "schema_migrations"}} {{onCluster}}
(
    id         UInt32,
    name       String,
    checksum   String,
    applied_at DateTime('UTC') DEFAULT now('UTC')
)
ENGINE = {{sharedEngine "schema_migrations" "applied_at"}}
ORDER BY id
SETTINGS {{durable}}, {{repeatable}};
