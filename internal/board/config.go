package board

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"
)

// Config says where Grafana is. The token never stands in the configuration itself.
type Config struct {
	URL       string        `yaml:"url" doc:"Address of Grafana, with its path where it has one: http://127.0.0.1:3000."`
	TokenFile string        `yaml:"token_file" doc:"File that holds the token of a service account with the role Editor, a trailing line break ignored."`
	TokenEnv  string        `yaml:"token_env" doc:"Environment variable that holds the token, when no token_file is given."`
	Folder    string        `yaml:"folder" doc:"Title of the folder the dashboards are in; its uid is always hotline."`
	BoardURL  string        `yaml:"board_url" doc:"Address of the live board as those see it who look at Grafana: where the dashboards' links lead."`
	Timeout   time.Duration `yaml:"timeout" doc:"Limit for one request to Grafana."`
}

// DefaultConfig is a Grafana on this machine.
func DefaultConfig() Config {
	return Config{
		URL: "http://127.0.0.1:3000", TokenEnv: "HOTLINE_GRAFANA_TOKEN", Folder: "12333 热线 Hotline",
		BoardURL: boardURL, Timeout: 10 * time.Second,
	}
}

// Validate names the first field that cannot work, by its name in the file.
func (c Config) Validate() error {
	for _, f := range []struct{ name, value string }{{"url", c.URL}, {"board_url", c.BoardURL}} {
		u, err := url.Parse(f.value)
		switch {
		case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
			return fmt.Errorf("%s: %q is no address as http://127.0.0.1:3000", f.name, f.value)
		case u.User != nil:
			return fmt.Errorf("%s: holds a name or password; the token belongs into token_file or token_env", f.name)
		case u.RawQuery != "" || u.Fragment != "":
			return fmt.Errorf("%s: %q goes on behind the path; give the address alone", f.name, f.value)
		}
	}
	switch {
	case strings.TrimSpace(c.Folder) == "":
		return errors.New("folder: must not be empty")
	case c.Timeout < 100*time.Millisecond || c.Timeout > 10*time.Minute:
		return fmt.Errorf("timeout: %v is not between 100ms and 10m", c.Timeout)
	}
	return nil
}

// token reads the token from where the configuration says it is.
func (c Config) token() (string, error) {
	if c.TokenFile != "" {
		text, err := os.ReadFile(c.TokenFile)
		if err != nil {
			return "", fmt.Errorf("reading Grafana's token: %w", err)
		}
		if token := strings.TrimSpace(string(text)); token != "" {
			return token, nil
		}
		return "", fmt.Errorf("the file of Grafana's token, %s, is empty", c.TokenFile)
	}
	if token := strings.TrimSpace(os.Getenv(c.TokenEnv)); token != "" && c.TokenEnv != "" {
		return token, nil
	}
	return "", fmt.Errorf("there is no token for Grafana: make a service account with the role Editor there, and put its token into the environment variable %s or into a file named by grafana.token_file", cmp.Or(c.TokenEnv, "that grafana.token_env names"))
}
