package board

import (
	"context"
	"net/http"

	"github.com/grafana-tools/sdk"
)

// Check is what is right and wrong for the dashboards in a Grafana.
type Check struct {
	Version    string   `json:"version"` // empty: it does not tell
	Folder     string   `json:"folder"`  // its title; empty: it is not there yet
	Sources    []Source `json:"data_sources"`
	Dashboards []Status `json:"dashboards"`
}

// Source is a data source that the dashboards name.
type Source struct {
	UID   string `json:"uid"`
	Type  string `json:"type"`
	State string `json:"state"` // ok, missing, unknown (the token may not look), or what it is instead
}

// The states of a data source that is there, that is not, and that cannot be looked at.
const (
	SourceOK      = "ok"
	SourceMissing = "missing"
	SourceUnknown = "unknown"
)

// Check looks at Grafana and changes nothing. What is missing there is part of the result;
// an error is a Grafana that cannot be asked.
func (c *Client) Check(ctx context.Context) (*Check, error) {
	version, err := c.Version(ctx)
	if err != nil {
		return nil, err
	}
	out := &Check{Version: version}
	if out.Folder, err = c.folder(ctx); err != nil {
		return nil, err
	}
	if out.Sources, err = c.sources(ctx); err != nil {
		return nil, err
	}
	out.Dashboards, err = c.Diff(ctx)
	return out, err
}

func (c *Client) sources(ctx context.Context) ([]Source, error) {
	wanted := []Source{{UID: PrometheusUID, Type: PrometheusType}, {UID: ClickHouseUID, Type: ClickHouseType}}
	list, err := guarded(c, "listing the data sources", func() ([]sdk.Datasource, error) { return c.grafana.GetAllDatasources(ctx) })
	// An Editor may look at dashboards and not at data sources.
	unknown := status(err) == http.StatusForbidden
	if err != nil && !unknown {
		return nil, err
	}
	for i := range wanted {
		w := &wanted[i]
		w.State = SourceMissing
		if unknown {
			w.State = SourceUnknown
		}
		for _, s := range list {
			switch {
			case s.UID != w.UID:
			case s.Type == w.Type:
				w.State = SourceOK
			default:
				w.State = "of type " + s.Type
			}
		}
	}
	return wanted, nil
}

// Ready says whether everything the dashboards need is there.
func (c *Check) Ready() bool {
	if c.Folder == "" {
		return false
	}
	for _, s := range c.Sources {
		if s.State != SourceOK && s.State != SourceUnknown {
			return false
		}
	}
	for i := range c.Dashboards {
		if c.Dashboards[i].State != Same {
			return false
		}
	}
	return true
}
