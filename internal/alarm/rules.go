package alarm

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
)

// Rules are files of rules that have been read and checked.
type Rules struct {
	files  []string // in the order they are evaluated in
	texts  map[string][]byte
	groups map[string]*rulefmt.RuleGroups
	parser parser.Parser
}

var _ rules.GroupLoader = (*Rules)(nil)

// LoadRules reads the centre's own files, or the built-in ones where it has none. The error
// names file and line.
func LoadRules(builtin fs.FS, own []string) (*Rules, error) {
	r := &Rules{texts: map[string][]byte{}, groups: map[string]*rulefmt.RuleGroups{}, parser: parser.NewParser(parser.Options{})}
	read := os.ReadFile
	r.files = own
	if len(own) == 0 {
		var err error
		if r.files, err = fs.Glob(builtin, "prometheus/rules/*.yml"); err != nil {
			return nil, err
		}
		read = func(name string) ([]byte, error) { return fs.ReadFile(builtin, name) }
	}
	for _, file := range r.files {
		text, err := read(file)
		if err != nil {
			return nil, fmt.Errorf("alarm.rules: %w", err)
		}
		if r.texts[file] != nil {
			return nil, fmt.Errorf("alarm.rules: %s is named twice", file)
		}
		groups, errs := rulefmt.Parse(text, false, model.UTF8Validation, r.parser, slog.New(slog.DiscardHandler))
		if len(errs) == 0 {
			errs = unfit(groups, text)
		}
		if len(errs) > 0 {
			return nil, fmt.Errorf("alarm.rules: %w", ruleError(file, errs))
		}
		r.texts[file], r.groups[file] = text, groups
	}
	if len(r.Names()) == 0 {
		return nil, fmt.Errorf("alarm.rules: %s: there is no alert in it", strings.Join(r.files, ", "))
	}
	return r, nil
}

// unfit finds alerts that nobody would be told of: routes and board go by the severity.
func unfit(groups *rulefmt.RuleGroups, text []byte) []error {
	var errs []error
	for _, g := range groups.Groups {
		for _, rule := range g.Rules {
			severity := rule.Labels["severity"]
			if rule.Alert == "" || severity == Page || severity == "warning" || strings.Contains(severity, "{{") {
				continue
			}
			errs = append(errs, fmt.Errorf("%d:1: group %q, %q: severity is %q, want page (somebody is woken) or warning",
				lineOf(text, rule.Alert), g.Name, rule.Alert, severity))
		}
	}
	return errs
}

// lineOf is where an alert first stands.
func lineOf(text []byte, alert string) int {
	at := regexp.MustCompile(`(?m)^.*alert:\s*["']?` + regexp.QuoteMeta(alert) + `["']?\s*$`).FindIndex(text)
	if at == nil {
		return 1
	}
	return 1 + strings.Count(string(text[:at[0]]), "\n")
}

var (
	place    = regexp.MustCompile(`^(\d+):\d+: (\d+:\d+: )?`)
	yamlLine = regexp.MustCompile(`(?s)^.*?line (\d+): `)
)

// ruleError makes one sentence of what the parser found, beginning with file and line; of
// further faults it gives the number.
func ruleError(file string, errs []error) error {
	text := errs[0].Error()
	if at := place.FindStringSubmatch(text); at != nil {
		text = file + ":" + at[1] + ": " + text[len(at[0]):]
	} else if at := yamlLine.FindStringSubmatch(text); at != nil {
		rest, _, _ := strings.Cut(text[len(at[0]):], "\n")
		text = file + ":" + at[1] + ": " + rest
	} else {
		text = file + ": " + text
	}
	if more := len(errs) - 1; more > 0 {
		text += fmt.Sprintf(" (and %d more)", more)
	}
	return errors.New(text)
}

// Names are those of the alerts, each once.
func (r *Rules) Names() []string {
	var names []string
	for _, file := range r.files {
		for _, g := range r.groups[file].Groups {
			for _, rule := range g.Rules {
				if rule.Alert != "" {
					names = append(names, rule.Alert)
				}
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Text is what the files say, one after the other.
func (r *Rules) Text() []byte {
	var all []byte
	for _, file := range r.files {
		all = append(all, r.texts[file]...)
	}
	return all
}

// Load implements rules.GroupLoader.
func (r *Rules) Load(file string, _ bool, _ model.ValidationScheme) (*rulefmt.RuleGroups, []error) {
	g, ok := r.groups[file]
	if !ok {
		return nil, []error{fmt.Errorf("%s has not been read", file)}
	}
	return g, nil
}

// Parse implements rules.GroupLoader.
func (r *Rules) Parse(query string) (parser.Expr, error) { return r.parser.ParseExpr(query) }

var word = regexp.MustCompile(`[a-zA-Z_:][a-zA-Z0-9_:]*`)

// metrics are the names of all that the rules look at, and perhaps of more: every word of
// their texts counts, as those hold queries too. all is true when a rule asks for metrics
// by something else than their name.
func (r *Rules) metrics() (names []string, all bool) {
	seen := map[string]bool{}
	take := func(text string) {
		all = all || strings.Contains(text, model.MetricNameLabel)
		for _, w := range word.FindAllString(text, -1) {
			seen[w] = true
		}
	}
	for _, file := range r.files {
		for _, g := range r.groups[file].Groups {
			for _, rule := range g.Rules {
				for _, text := range rule.Annotations {
					take(text)
				}
				for _, text := range rule.Labels {
					take(text)
				}
				expr, err := r.Parse(rule.Expr)
				if err != nil { // it has been parsed before
					return nil, true
				}
				parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
					if s, ok := n.(*parser.VectorSelector); ok {
						name := selected(s)
						seen[name], all = true, all || name == ""
					}
					return nil
				})
			}
		}
	}
	for name := range seen {
		if name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, all
}

// selected is the name of the metric that a selector asks for, "" when it names none.
func selected(s *parser.VectorSelector) string {
	if s.Name != "" {
		return s.Name
	}
	for _, m := range s.LabelMatchers {
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual {
			return m.Value
		}
	}
	return ""
}
