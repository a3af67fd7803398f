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
	faults    []Fault
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

// Fault is a description that cannot be used.
type Fault struct {
	Path string // of its file, or of a directory that cannot be read
	Err  error  // all that is wrong with it
	part *Source
}

// Load reads all descriptions and is strict: a single faulty one is an error. Open goes on
// without those of the centre's own that are.
func Load(builtin fs.FS, cfg Config, natives Natives, calendars Calendars) (*Registry, error) {
	r, err := Open(builtin, cfg, natives, calendars)
	if err != nil {
		return nil, err
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	return r, nil
}

// Open reads the built-in descriptions, every *.yaml below builtin, and the centre's own;
// natives are the formats beside those this package knows that they may name. Where there
// are none, the built-in descriptions that name one are left out. calendars are those they
// may name.
// One of the centre's own replaces the built-in one of the same name; of two of the centre's
// own of one name the second is faulty. Faulty ones are left out, and told by Err.
func Open(builtin fs.FS, cfg Config, natives Natives, calendars Calendars) (*Registry, error) {
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
		_, err = r.add(p, data, true)
		errs = append(errs, err)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the built-in sources: %w", err)
	}
	for _, dir := range cfg.Dir {
		files, err := descriptions(dir)
		if err != nil {
			r.fault(dir, nil, fmt.Errorf("reading source descriptions (sources.dir): %w", err))
			continue
		}
		for _, f := range files {
			data, err := readDescription(f)
			if err != nil {
				r.fault(f, nil, err)
				continue
			}
			if s, err := r.add(f, data, false); err != nil {
				r.fault(f, s, err)
			}
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

// add takes a description over; of a faulty one it returns what could be read.
func (r *Registry) add(p string, data []byte, builtin bool) (*Source, error) {
	s, err := parse(p, data, r.natives, r.calendars)
	if builtin && r.natives == nil && errors.Is(err, errNoNatives) {
		return nil, nil
	}
	if err != nil {
		return s, err
	}
	s.builtin = builtin
	if have := r.byName[s.name]; have != nil && have.builtin == builtin {
		return s, fmt.Errorf("source %s is described twice: in %s and in %s", s.name, have.path, p)
	}
	r.byName[s.name] = s
	return s, nil
}

func (r *Registry) fault(path string, part *Source, err error) {
	r.faults = append(r.faults, Fault{Path: path, Err: err, part: part})
}

// Faults are the descriptions of the centre's own that were left out.
func (r *Registry) Faults() []Fault { return r.faults }

// Err holds all that is wrong with the centre's own descriptions, nil where nothing is.
func (r *Registry) Err() error {
	errs := make([]error, len(r.faults))
	for i, f := range r.faults {
		errs[i] = f.Err
	}
	return errors.Join(errs...)
}

// faultOf finds the faulty description of a name, where its name could be read.
func (r *Registry) faultOf(name string) *Fault {
	i := slices.IndexFunc(r.faults, func(f Fault) bool { return f.part != nil && f.part.name == name })
	if i < 0 {
		return nil
	}
	return &r.faults[i]
}

// Lookup finds a source by its name; the error suggests the near one. A faulty description
// of that name is an error, also where it was to replace a built-in one.
func (r *Registry) Lookup(name string) (*Source, error) {
	if f := r.faultOf(name); f != nil {
		return nil, f.Err
	}
	if s := r.byName[name]; s != nil {
		return s, nil
	}
	if err := r.Err(); err != nil && name != "" { // it may be one whose name cannot be read
		return nil, fmt.Errorf("source %q is not known, and these descriptions are faulty:\n%w", name, err)
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

// described is the description of a name, or what could be read of a faulty one: for those
// who do not read its files.
func (r *Registry) described(name string) *Source {
	if f := r.faultOf(name); f != nil {
		return f.part
	}
	return r.byName[name]
}

// Knows is what the source of that name can know, nil of a name that has no description.
func (r *Registry) Knows(name string) kpi.Knows {
	if s := r.described(name); s != nil {
		return s.Knows()
	}
	return nil
}

// Cannot is what each source that is described cannot tell.
func (r *Registry) Cannot() map[string][]kpi.Capability {
	names := r.Names()
	for _, f := range r.faults {
		if f.part != nil {
			names = append(names, f.part.name)
		}
	}
	all := make(map[string][]kpi.Capability, len(names))
	for _, name := range names {
		can := r.described(name).Capabilities()
		all[name] = slices.DeleteFunc(kpi.Capabilities(), func(c kpi.Capability) bool { return slices.Contains(can, c) })
	}
	return all
}

// Calendar knows the service hours of the source of that name; of a name that has no
// description, as that of a live feed, they are the centre's.
func (r *Registry) Calendar(name string) calendar.Calendar {
	if s := r.described(name); s != nil {
		return s.Calendar()
	}
	c, _ := r.calendars.find("") // was found when the calendars were read
	return c
}
