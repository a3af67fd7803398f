package ruleset

import (
	"errors"
	"strings"

	"hotline12333/internal/calendar"
)

// Config says what a centre has chosen, and where it keeps files of its own.
type Config struct {
	Dir      string `yaml:"dir" doc:"Directory of the centre's own rules, beside the built-in ones: working calendars in its folder calendar, the targets of a year in indicators, layouts of forms in forms, what figures mean in definitions.yaml. A file replaces the built-in one of the same calendar, year, or form and table, a definition the one of its name."`
	Calendar string `yaml:"calendar" doc:"Working calendar of the centre, and of every source whose description names none: always (24 hours, every day, any year), cn-2026, or one of the centre's own."`
}

// DefaultConfig has the built-in rules, and service around the clock.
func DefaultConfig() Config { return Config{Calendar: calendar.Always} }

// Validate names the first field that cannot work.
func (c Config) Validate() error {
	if c.Dir != "" && strings.TrimSpace(c.Dir) == "" {
		return errors.New("dir is blank")
	}
	if c.Calendar == "" {
		return errors.New("calendar is empty: always is the one of a hotline that never closes")
	}
	return nil
}
