package ruleset

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"hotline12333/internal/calendar"
	"hotline12333/internal/strictyaml"
)

// Calendars holds the working calendars by name.
type Calendars struct {
	byName map[string]calendar.Calendar
	files  map[string][]File
	centre string
}

// Lookup finds a calendar; the empty name is the centre's own. The error suggests the near
// one.
func (c *Calendars) Lookup(name string) (calendar.Calendar, error) {
	if name == "" {
		name = c.centre
	}
	if found, ok := c.byName[name]; ok {
		return found, nil
	}
	names := c.Names()
	return calendar.Calendar{}, fmt.Errorf("calendar %q is not known%s; known: %s", name, strictyaml.Meant(name, names), strings.Join(names, ", "))
}

// Centre is the calendar of the centre itself.
func (c *Calendars) Centre() calendar.Calendar { return c.byName[c.centre] }

// Names of all calendars, in order.
func (c *Calendars) Names() []string { return slices.Sorted(maps.Keys(c.byName)) }

// Files are those that make the calendar of that name: its own, those that add years to it, and
// those of the one it extends. The calendar always has none.
func (c *Calendars) Files(name string) []File { return c.files[name] }

// LoadCalendars is Load for the calendars alone.
func LoadCalendars(builtin fs.FS, cfg Config, zone *time.Location) (*Calendars, error) {
	files, err := read(builtin, cfg.Dir, "calendar")
	if err != nil {
		return nil, err
	}
	var errs []error
	drafts := make(map[string]*draft)
	for _, f := range files {
		d, err := parseCalendar(f)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if have := drafts[d.name]; have != nil && have.file.Own == f.Own {
			errs = append(errs, fmt.Errorf("calendar %s is described twice: in %s and in %s", d.name, have.file.Path, f.Path))
			continue
		}
		drafts[d.name] = d
	}
	// A fault in one file must not show as a missing name in another.
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	c := &Calendars{
		byName: map[string]calendar.Calendar{calendar.Always: calendar.AlwaysIn(zone)},
		files:  make(map[string][]File),
		centre: cfg.Calendar,
	}
	whole := &assembly{drafts: drafts, busy: make(map[string]bool), done: make(map[string]*whole)}
	for _, name := range slices.Sorted(maps.Keys(drafts)) {
		made, files, err := whole.calendar(name)
		errs = append(errs, err)
		c.byName[name], c.files[name] = made, files
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if c.centre == "" {
		c.centre = calendar.Always
	}
	if _, err := c.Lookup(c.centre); err != nil {
		return nil, fmt.Errorf("rules.calendar: %w", err)
	}
	return c, nil
}
