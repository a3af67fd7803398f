package ruleset

import (
	"errors"
	"io/fs"
	"time"
)

// Rules are what the files say.
type Rules struct {
	Calendars *Calendars
}

// Load reads the built-in rules and the centre's own. zone is the centre's, in which the
// calendar always has its days.
func Load(builtin fs.FS, cfg Config, zone *time.Location) (*Rules, error) {
	calendars, err := loadCalendars(builtin, cfg, zone)
	if err := errors.Join(err); err != nil {
		return nil, err
	}
	return &Rules{Calendars: calendars}, nil
}
