package ruleset

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/strictyaml"
)

//go:generate go run ./reference ../../docs/definitions.md

// definitionsFile is the file's name, built in and in a centre's directory.
const definitionsFile = "definitions.yaml"

// Definitions are all definitions there are, in the order of kpi.DefinitionNames.
type Definitions struct {
	List  []kpi.Definition
	Files []File // the built-in one, and the centre's own where there is one
}

// Lookup finds a definition by its name; the error suggests the near one.
func (d *Definitions) Lookup(name string) (*kpi.Definition, error) {
	i := slices.IndexFunc(d.List, func(k kpi.Definition) bool { return k.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("definition %q is not known%s; known: %s", name, strictyaml.Meant(name, d.Names()), strings.Join(d.Names(), ", "))
	}
	return &d.List[i], nil
}

// Names of all definitions, in order.
func (d *Definitions) Names() []string {
	names := make([]string, len(d.List))
	for i := range d.List {
		names[i] = d.List[i].Name
	}
	return names
}

func loadDefinitions(builtin fs.FS, cfg Config) (*Definitions, error) {
	data, err := fs.ReadFile(builtin, definitionsFile)
	if err != nil {
		return nil, fmt.Errorf("reading the built-in rules: %w", err)
	}
	d := &Definitions{Files: []File{newFile(definitionsFile, data)}}
	byName, err := ParseDefinitions(d.Files[0].Path, d.Files[0].Data)
	if err != nil {
		return nil, err
	}
	if cfg.Dir != "" {
		data, err := readFile(os.DirFS(cfg.Dir), definitionsFile)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, fmt.Errorf("reading the centre's rules (rules.dir): %w", err)
		default:
			own := newFile(filepath.Join(cfg.Dir, definitionsFile), data)
			own.Own = true
			d.Files = append(d.Files, own)
			replaced, err := ParseDefinitions(own.Path, own.Data)
			if err != nil {
				return nil, err
			}
			maps.Copy(byName, replaced)
		}
	}
	for _, name := range kpi.DefinitionNames() {
		def, ok := byName[name]
		if !ok {
			return nil, fmt.Errorf("%s: the definition %s is missing", definitionsFile, name)
		}
		d.List = append(d.List, def)
	}
	return d, nil
}

// ParseDefinitions reads definitions by name; the first argument is the file's, for
// messages. Every fault of the file is told.
func ParseDefinitions(file string, data []byte) (map[string]kpi.Definition, error) {
	root, err := strictyaml.Parse(file, data)
	if err != nil {
		return nil, err
	}
	out := make(map[string]kpi.Definition)
	readers := make(map[string]func(strictyaml.Node))
	for _, name := range kpi.DefinitionNames() {
		readers[name] = func(n strictyaml.Node) { out[name] = readDefinition(name, n) }
	}
	root.Object(readers)
	return out, errors.Join(root.Faults()...)
}

func readDefinition(name string, n strictyaml.Node) kpi.Definition {
	def := kpi.Definition{Name: name}
	var provisional strictyaml.Node
	fields(n, map[string]func(strictyaml.Node){
		"title":       into(&def.Title, wording),
		"provisional": func(n strictyaml.Node) { provisional = n },
		"versions": func(n strictyaml.Node) {
			for _, item := range n.Items() {
				def.Versions = append(def.Versions, readVersion(name, len(def.Versions)+1, item))
			}
			if len(def.Versions) == 0 {
				n.Fail("there is none")
			}
		},
	}, "title", "provisional", "versions")
	if !provisional.IsZero() && len(def.Versions) > 0 {
		def.Provisional = readProvisional(&def, provisional)
	}
	return def
}

// readProvisional reads a number of a version, or a list of versions with conditions.
func readProvisional(def *kpi.Definition, n strictyaml.Node) []kpi.Provisional {
	number := func(n strictyaml.Node) int { return n.Integer(1, len(def.Versions)) }
	if !n.IsList() {
		return []kpi.Provisional{{Version: number(n)}}
	}
	var list []kpi.Provisional
	for _, item := range n.Items() {
		var p kpi.Provisional
		fields(item, map[string]func(strictyaml.Node){
			"version": into(&p.Version, number),
			"from":    into(&p.From, day),
			"with": func(n strictyaml.Node) {
				n.Choice("tickets")
				p.Tickets = true
				if def.Name != kpi.DefResponse {
					n.Fail("only %s depends on what is connected", kpi.DefResponse)
				}
			},
		}, "version")
		switch {
		case len(list) == 0 && (p.From != "" || p.Tickets):
			item.Fail("the first of the list has no condition: one must always lead")
		case len(list) > 0 && p.From < list[len(list)-1].From:
			item.Fail("it begins before the one above it: the last that applies holds")
		}
		list = append(list, p)
	}
	if len(list) == 0 {
		n.Fail("it is empty: one must always lead")
	}
	return list
}

func readVersion(name string, number int, n strictyaml.Node) kpi.DefinitionVersion {
	v := kpi.DefinitionVersion{Number: number}
	readers := map[string]func(strictyaml.Node){
		"version": func(n strictyaml.Node) {
			if n.Text() != strconv.Itoa(number) {
				n.Fail("version %s stands where %d is expected: they are numbered from 1, in order", n.Text(), number)
			}
		},
		"from":    into(&v.From, day),
		"formula": into(&v.Formula, filled),
		"zh":      into(&v.Text.ZH, filled),
		"en":      into(&v.Text.EN, filled),
	}
	required := []string{"version", "formula", "zh", "en"}
	own, optional := ownKeys(name, &v)
	for key, read := range own {
		readers[key] = read
		if key != optional {
			required = append(required, key)
		}
	}
	slices.Sort(required[4:])
	fields(n, readers, required...)
	switch {
	case name != kpi.DefResponse || len(n.Faults()) > 0:
	case v.Form == kpi.ResponseWait && len(v.Seconds) == 0:
		n.Fail("within_seconds is missing: an answer within that time is timely")
	case v.Form == kpi.ResponseItems && len(v.Seconds) > 0:
		n.Fail("within_seconds is for the form wait: items have their own deadlines")
	}
	return v
}

// ownKeys are what versions of a definition say beyond their texts, and which of these
// keys may be missing.
func ownKeys(name string, v *kpi.DefinitionVersion) (readers map[string]func(strictyaml.Node), optional string) {
	form := func(words ...string) func(strictyaml.Node) { return into(&v.Form, choice(words)) }
	seconds := func(n strictyaml.Node) { v.Seconds = []int{n.Integer(1, kpi.FineSeconds)} }
	keys := func(name string, read func(strictyaml.Node)) map[string]func(strictyaml.Node) {
		return map[string]func(strictyaml.Node){name: read}
	}
	switch name {
	case kpi.DefAnswerRate:
		return keys("form", form(kpi.AnswerRates()...)), ""
	case kpi.DefAnsweredCalls:
		return keys("form", form(kpi.RateAgent, kpi.RateComposite)), ""
	case kpi.DefResponse:
		own := keys("form", form(kpi.ResponseWait, kpi.ResponseItems))
		own["within_seconds"] = seconds
		return own, "within_seconds"
	case kpi.DefConsultation:
		return keys("working_days", func(n strictyaml.Node) { v.Days = n.Integer(1, 60) }), ""
	case kpi.DefServiceLevel:
		return keys("thresholds_seconds", into(&v.Seconds, thresholds)), ""
	case kpi.DefShortAbandon:
		return keys("below_seconds", seconds), ""
	case kpi.DefSatisfaction:
		return keys("satisfied", into(&v.Satisfied, satisfied)), ""
	case kpi.DefFirstContact, kpi.DefRepeatCallers:
		hours := int(hotline.RepeatWindow / time.Hour)
		return keys("within_hours", func(n strictyaml.Node) {
			if n.Text() != strconv.Itoa(hours) {
				n.Fail("calls of the same caller are counted within %d hours and no other time", hours)
			}
		}), ""
	}
	return nil, ""
}

func thresholds(n strictyaml.Node) (list []int) {
	for _, item := range n.Items() {
		t := item.Integer(1, kpi.FineSeconds)
		if k := len(list); k > 0 && t <= list[k-1] {
			item.Fail("%d does not come after %d: thresholds are in order", t, list[k-1])
		}
		list = append(list, t)
	}
	if len(list) == 0 {
		n.Fail("there is none")
	}
	return list
}

// satisfied reads, for each scale, which of its values count as satisfied.
func satisfied(n strictyaml.Node) map[string]bool {
	all := make(map[string]bool)
	for _, p := range n.Pairs() {
		most, err := strconv.Atoi(p.Name)
		if err != nil || most < 2 || most > 100 {
			p.Key.Fail("%q is no scale: it is named by its highest value, from 2 to 100", p.Name)
			continue
		}
		for value := 1; value <= most; value++ {
			all[kpi.RatingKey(p.Name, uint8(value))] = false
		}
		for _, item := range p.Items() {
			all[kpi.RatingKey(p.Name, uint8(item.Integer(1, most)))] = true
		}
	}
	return all
}

func day(n strictyaml.Node) string {
	text := n.Text()
	if _, err := time.Parse(time.DateOnly, text); err != nil {
		n.Fail("%q is no day, as 2026-03-01", text)
	}
	return text
}
