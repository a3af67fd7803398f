package callback

import (
	"fmt"
	"time"

	"hotline12333/internal/hotline"
)

// Config is how lost callers are called back.
type Config struct {
	Within   time.Duration `yaml:"within" doc:"Service time, by the source's calendar, within which a lost caller is to be called back; whole quarter hours. Half a working day: who was lost in the morning hears from the hotline before it closes, who was lost in the afternoon by noon, long before the two working days that tickets have."`
	Days     int           `yaml:"days" doc:"Days back for which lost calls are listed; older ones are not owed any more. Ten days: a holiday of eight hides nobody who was lost before it. After 5 working days the sealed number of a call is gone (retention.sealed_numbers)."`
	Attempts int           `yaml:"attempts" doc:"Attempts without an answer after which an item ends as not reached."`
}

// DefaultConfig is half a working day, ten days, three attempts.
func DefaultConfig() Config { return Config{Within: 4 * time.Hour, Days: 10, Attempts: 3} }

const (
	mostWithin   = 30 * 24 * time.Hour
	mostDays     = 92
	mostAttempts = 20
)

// Validate names the first field that cannot work.
func (c Config) Validate() error {
	switch {
	case c.Within < hotline.BucketLength || c.Within > mostWithin || c.Within%hotline.BucketLength != 0:
		return fmt.Errorf("within: %v is not whole quarter hours between %v and %v", c.Within, hotline.BucketLength, mostWithin)
	case c.Days < 1 || c.Days > mostDays:
		return fmt.Errorf("days: %d is not between 1 and %d", c.Days, mostDays)
	case c.Attempts < 1 || c.Attempts > mostAttempts:
		return fmt.Errorf("attempts: %d is not between 1 and %d", c.Attempts, mostAttempts)
	}
	return nil
}
