package alarm

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// When hotline up evaluates the rules itself.
const (
	Auto   = "auto"
	Always = "always"
	Never  = "never"
)

// Config says who evaluates the rules, which they are, and whom the board asks.
type Config struct {
	Evaluate     string        `yaml:"evaluate" doc:"Whether hotline up evaluates the rules of alerts itself: always, never, or auto: unless prometheus or alertmanager below, notify.alertmanager or notify.listen say that it is done elsewhere, since people would be told everything twice."`
	Rules        []string      `yaml:"rules" doc:"Files of rules, in Prometheus's form, in place of the built-in ones (hotline alert rules prints those)."`
	Routes       string        `yaml:"routes" doc:"File of routes and inhibition, in Alertmanager's form, in place of the built-in one (hotline alert routes prints it). Each receiver but quiet tells whoever notify names, and by the email_configs and wechat_configs that it has."`
	Every        time.Duration `yaml:"every" doc:"How often the program reads its own metrics for the rules; they are evaluated as often as their file says."`
	Retention    time.Duration `yaml:"retention" doc:"How long what was read is kept, on the disk; rules look back at most a week."`
	Prometheus   string        `yaml:"prometheus" doc:"Address of the Prometheus that evaluates the rules elsewhere, as http://10.0.0.7:9090: the board shows its alerts."`
	Alertmanager string        `yaml:"alertmanager" doc:"Address of the Alertmanager whose alerts the board shows instead; it leaves out what is held back or silenced there. Empty: notify.alertmanager."`
	Poll         time.Duration `yaml:"poll" doc:"How often the one of these two is asked."`
	Token        string        `yaml:"token" doc:"Bearer token sent with each of these requests, for a proxy that asks for one." secret:"true"`
	TokenFile    string        `yaml:"token_file" doc:"File that holds the token."`
	CAFile       string        `yaml:"ca_file" doc:"PEM file of the certificate authorities that their https addresses are held against; empty: those of this machine."`
}

// DefaultConfig evaluates the built-in rules where nobody else does.
func DefaultConfig() Config {
	return Config{Evaluate: Auto, Every: 15 * time.Second, Retention: 8 * 24 * time.Hour, Poll: 15 * time.Second}
}

// shortestRetention is a block of the database, below which nothing is ever removed.
const shortestRetention = 2 * time.Hour

// Validate names the first field that cannot work. Files are not read.
func (c Config) Validate() error {
	switch {
	case c.Evaluate != Auto && c.Evaluate != Always && c.Evaluate != Never:
		return fmt.Errorf("evaluate: %q is none of auto, always and never", c.Evaluate)
	case c.Every < time.Second || c.Every > 2*time.Minute:
		return fmt.Errorf("every: %v is not between 1s and 2m; after five minutes without a value rules take a metric for gone", c.Every)
	case c.Retention < shortestRetention || c.Retention > 366*24*time.Hour:
		return fmt.Errorf("retention: %v is not between 2h and 366d", c.Retention)
	case c.Poll < time.Second || c.Poll > 10*time.Minute:
		return fmt.Errorf("poll: %v is not between 1s and 10m", c.Poll)
	case c.Prometheus != "" && c.Alertmanager != "":
		return errors.New("prometheus and alertmanager: the board asks one of them, name one")
	}
	for _, file := range c.Rules {
		if strings.TrimSpace(file) == "" {
			return errors.New("rules: a file has no name")
		}
	}
	for _, a := range []struct{ field, address string }{{"prometheus", c.Prometheus}, {"alertmanager", c.Alertmanager}} {
		if a.address == "" {
			continue
		}
		if u, err := url.Parse(a.address); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return fmt.Errorf("%s: it is no address that begins with http:// or https://", a.field)
		}
	}
	return nil
}
