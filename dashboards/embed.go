// Package dashboards holds the Grafana dashboards as they are pushed and as Grafana reads
// them from files. internal/board makes them: change them there, and run go generate.
package dashboards

import "embed"

// Files are the dashboards, as JSON.
//
//go:embed *.json
var Files embed.FS
