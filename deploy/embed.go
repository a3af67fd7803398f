package deploy

import "embed"

// Rules holds the alerting rules as Prometheus reads them, in prometheus/rules.
//
//go:embed prometheus/rules/*.yml
var Rules embed.FS

// Routes is the configuration of Alertmanager: what is grouped, held back and repeated.
//
//go:embed alertmanager/alertmanager.yml
var Routes []byte
