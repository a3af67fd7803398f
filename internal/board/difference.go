package board

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Difference is one place where the dashboard in Grafana is another than ours.
type Difference struct {
	Where   string `json:"where"`
	Ours    string `json:"ours"`    // empty: ours has nothing there
	Grafana string `json:"grafana"` // empty: there is nothing there in Grafana
}

// String is one line for people.
func (d Difference) String() string {
	switch {
	case d.Ours == "":
		return fmt.Sprintf("%s: only in Grafana: %s", d.Where, d.Grafana)
	case d.Grafana == "":
		return fmt.Sprintf("%s: missing in Grafana: %s", d.Where, d.Ours)
	}
	return fmt.Sprintf("%s: in Grafana %s, here %s", d.Where, d.Grafana, d.Ours)
}

// differences holds two dashboards against each other; the marks themselves do not count.
func differences(ours, theirs normal) []Difference {
	var c comparison
	c.compare("", ours.content, theirs.content)
	return c.found
}

type comparison struct{ found []Difference }

func (c *comparison) compare(where string, a, b any) {
	x, isObject := a.(object)
	y, areObjects := b.(object)
	if isObject && areObjects {
		keys := slices.AppendSeq(slices.Collect(maps.Keys(x)), maps.Keys(y))
		slices.Sort(keys)
		for _, key := range slices.Compact(keys) {
			c.compare(strings.TrimPrefix(where+"."+key, "."), x[key], y[key])
		}
		return
	}
	s, isList := a.([]any)
	t, areLists := b.([]any)
	if isList && areLists {
		c.lists(where, s, t)
		return
	}
	if !reflect.DeepEqual(a, b) {
		c.found = append(c.found, Difference{where, shown(a), shown(b)})
	}
}

// lists compares elements with their counterparts: by what names them, so that a panel
// somebody has put in between is one difference and not one in each that follows.
func (c *comparison) lists(where string, a, b []any) {
	names, others := keyed(a), keyed(b)
	if names == nil || others == nil {
		for i := range max(len(a), len(b)) {
			var x, y any
			if i < len(a) {
				x = a[i]
			}
			if i < len(b) {
				y = b[i]
			}
			c.compare(fmt.Sprintf("%s[%d]", where, i), x, y)
		}
		return
	}
	for i, name := range names {
		if at := slices.Index(others, name); at >= 0 {
			c.compare(fmt.Sprintf("%s[%s]", where, title(a[i], name)), a[i], b[at])
		} else {
			c.found = append(c.found, Difference{fmt.Sprintf("%s[%s]", where, title(a[i], name)), shown(a[i]), ""})
		}
	}
	for i, name := range others {
		if !slices.Contains(names, name) {
			c.found = append(c.found, Difference{fmt.Sprintf("%s[%s]", where, title(b[i], name)), "", shown(b[i])})
		}
	}
}

// keyed gives what names each element, nil where they have no names of their own.
func keyed(l []any) []string {
	names := make([]string, len(l))
	for i, v := range l {
		o, _ := v.(object)
		name := cmp.Or(text(o["refId"]), text(o["id"]), text(o["name"]))
		if name == "" || slices.Contains(names[:i], name) {
			return nil
		}
		names[i] = name
	}
	return names
}

func text(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// title is what people call an element.
func title(v any, name string) string {
	if o, ok := v.(object); ok {
		if s, ok := o["title"].(string); ok {
			return s
		}
	}
	return name
}

// shown is a value as text of bounded length.
func shown(v any) string {
	if v == nil {
		return ""
	}
	out, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	const most = 120
	if r := []rune(string(out)); len(r) > most {
		return string(r[:most]) + "…"
	}
	return string(out)
}
