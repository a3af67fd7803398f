package source

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"hotline12333/internal/calendar"
	"hotline12333/internal/kpi"
	"hotline12333/internal/strictyaml"
)

// maxDescription keeps a data file from being read as a description.
const maxDescription = 1 << 20

// Registry holds the sources by name.
type Registry struct {
	byName    map[string]*Source
	natives   Natives
	calendars Calendars
}

// Calendars finds a working calendar by its name, that of the centre for the empty one.
// Where it is nil, there is the calendar always and no other.
type Calendars func(name string) (calendar.Calendar, error)

func (c Calendars) find(name string) (calendar.Calendar, error) {
	switch {
	case c != nil:
		return c(name)
	case name == "" || name == calendar.Always:
		return calendar.Calendar{}, nil
	}
	return calendar.Calendar{}, fmt.Errorf("calendar %q is not known; known: %s", name, calendar.Always)
}

// Load reads the built-in descriptions, every *.yaml below builtin, and the centre's own;
// natives are the formats beside those this package knows that they may name. Where there
// are none, the built-in descriptions that name one are left out. calendars are those they
// may name.
// All faults of all files are reported together. One of the centre's own replaces the
// built-in one of the same name; two of the centre's own of one name are an error.
func Load(builtin fs.FS, cfg Config, natives Natives, calendars Calendars) (*Registry, error) {
	r := &Registry{byName: make(map[string]*Source), natives: natives, calendars: calendars}
	var errs []error
	err := fs.WalkDir(builtin, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(p) != ".yaml" {
			return err
		}
		data, err := fs.ReadFile(builtin, p)
		if err != nil {
			return err
		}
		errs = append(errs, r.add(p, data, true))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the built-in sources: %w", err)
	}
	for _, dir := range cfg.Dir {
		files, err := descriptions(dir)
		if err != nil {
			errs = append(errs, fmt.Errorf("reading source descriptions (sources.dir): %w", err))
			continue
		}
		for _, f := range files {
			data, err := readDescription(f)
			if err == nil {
				err = r.add(f, data, false)
			}
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if len(r.byName) == 0 {
		return nil, errNoSources
	}
	return r, nil
}

// descriptions lists a directory's *.yaml and *.yml in order, or the one file.
func descriptions(p string) ([]string, error) {
	info, err := os.Stat(p)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{p}, nil
	}
	entries, err := os.ReadDir(p)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); !e.IsDir() && (ext == ".yaml" || ext == ".yml") {
			out = append(out, filepath.Join(p, e.Name()))
		}
	}
	return out, nil
}

func readDescription(p string) ([]byte, error) {
	info, err := os.Stat(p)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxDescription {
		return nil, fmt.Errorf("%s is larger than %d bytes: is it a source description?", p, maxDescription)
	}
	return os.ReadFile(p)
}

func (r *Registry) add(p string, data []byte, builtin bool) error {
	s, err := parse(p, data, r.natives, r.calendars)
	if builtin && r.natives == nil && errors.Is(err, errNoNatives) {
		return nil
	}
	if err != nil {
		return err
	}
	s.builtin = builtin
	if have := r.byName[s.name]; have != nil && have.builtin == builtin {
		return fmt.Errorf("source %s is described twice: in %s and in %s", s.name, have.path, p)
	}
	r.byName[s.name] = s
	return nil
}

// Lookup finds a source by its name; the error suggests the near one.
func (r *Registry) Lookup(name string) (*Source, error) {
	if s := r.byName[name]; s != nil {
		return s, nil
	}
	names := r.Names()
	if name == "" {
		return nil, fmt.Errorf("no source is given; known: %s", strings.Join(names, ", "))
	}
	return nil, fmt.Errorf("source %q is not known%s; known: %s", name, strictyaml.Meant(name, names), strings.Join(names, ", "))
}

// Names of all sources, in order.
func (r *Registry) Names() []string {
	out := make([]string, 0, len(r.byName))
	for n := range r.byName {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// Knows is what the source of that name can know. Of a name that has no description, as
// that of a live feed, nothing is known to be missing.
func (r *Registry) Knows(name string) kpi.Knows {
	if s := r.byName[name]; s != nil {
		return s.Knows()
	}
	return nil
}

// Calendar knows the service hours of the source of that name; of a name that has no
// description, as that of a live feed, they are the centre's.
func (r *Registry) Calendar(name string) calendar.Calendar {
	if s := r.byName[name]; s != nil {
		return s.Calendar()
	}
	c, _ := r.calendars.find("") // was found when the calendars were read
	return c
}
