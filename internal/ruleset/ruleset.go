package ruleset

import (
	"errors"
	"io/fs"
	"time"
)

// Rules are what the files say.
type Rules struct {
	Calendars   *Calendars
	Definitions *Definitions
	Indicators  *Indicators
	Forms       *Forms
}

// Load reads the built-in rules and the centre's own. zone is the centre's, in which the
// calendar always has its days.
func Load(builtin fs.FS, cfg Config, zone *time.Location) (*Rules, error) {
	if err := checkDir(cfg.Dir); err != nil {
		return nil, err
	}
	calendars, err1 := LoadCalendars(builtin, cfg, zone)
	indicators, err2 := loadIndicators(builtin, cfg.Dir)
	if err2 != nil {
		indicators = nil // forms cannot be held against tables that are wrong themselves
	}
	forms, err3 := loadForms(builtin, cfg.Dir, indicators)
	definitions, err4 := loadDefinitions(builtin, cfg)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	return &Rules{Calendars: calendars, Definitions: definitions, Indicators: indicators, Forms: forms}, nil
}
