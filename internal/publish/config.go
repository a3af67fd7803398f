package publish

import (
	"fmt"
	"time"
)

// Config says what is published and how often the store is asked.
type Config struct {
	Zone      string        `yaml:"zone" doc:"Time zone of the centre, an IANA name; days, months, quarters and years begin at its midnight."`
	Poll      time.Duration `yaml:"poll" doc:"Interval at which the store is asked for recomputed figures."`
	OpenMax   time.Duration `yaml:"open_max" doc:"Age above which a call that no record has ended is listed as stale and no longer counted as waiting."`
	MaxQueues int           `yaml:"max_queues" doc:"Number of queues with metrics of their own; all others are added up as queue other."`
}

// DefaultConfig is that of a centre in China.
func DefaultConfig() Config {
	return Config{
		Zone:      "Asia/Shanghai",
		Poll:      250 * time.Millisecond,
		OpenMax:   4 * time.Hour,
		MaxQueues: 200,
	}
}

// Validate names the first field that cannot work, by its name in the file.
func (c Config) Validate() error {
	if _, err := c.location(); err != nil {
		return err
	}
	switch {
	case c.Poll < 10*time.Millisecond:
		return fmt.Errorf("poll: %v is below 10ms", c.Poll)
	case c.OpenMax < time.Minute || c.OpenMax > 24*time.Hour:
		return fmt.Errorf("open_max: %v is not between 1m and 24h", c.OpenMax)
	case c.MaxQueues < 1:
		return fmt.Errorf("max_queues: %d is below 1", c.MaxQueues)
	}
	return nil
}

func (c Config) location() (*time.Location, error) {
	if c.Zone == "" || c.Zone == "Local" {
		return nil, fmt.Errorf("zone: %q depends on the machine; give an IANA name such as Asia/Shanghai", c.Zone)
	}
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return nil, fmt.Errorf("zone: %q is no IANA time zone: %w", c.Zone, err)
	}
	return zone, nil
}
