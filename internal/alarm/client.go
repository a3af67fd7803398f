package alarm

import (
	"fmt"
	"net/http"

	httpconfig "github.com/prometheus/common/config"
)

// Client asks the Prometheus or Alertmanager of the configuration: it sends the token and
// holds certificates against the authorities of ca_file, which is read again when it changes.
func (c Config) Client() (*http.Client, error) {
	cfg := httpconfig.DefaultHTTPClientConfig
	cfg.TLSConfig.CAFile = c.CAFile
	if c.Token != "" {
		cfg.Authorization = &httpconfig.Authorization{Type: "Bearer", Credentials: httpconfig.Secret(c.Token)}
		cfg.FollowRedirects = false // whoever an answer sends us to gets no token
	}
	client, err := httpconfig.NewClientFromConfig(cfg, job)
	if err != nil {
		return nil, fmt.Errorf("alarm.ca_file: %w", err) // nothing else is read
	}
	return client, nil
}
