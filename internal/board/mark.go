package board

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
)

// markVariable is a hidden variable with a hash of everything else in the dashboard. It
// tells a dashboard of an older hotline, which a push may replace, from one that somebody
// has edited. A variable, since Grafana's own pages drop fields they do not know.
const markVariable = "hotline_revision"

// ignored are fields that Grafana sets by itself.
var ignored = map[string]bool{"id": true, "version": true, "iteration": true, "schemaVersion": true, "gnetId": true}

// sign puts the mark into a dashboard, in place of the one it may have.
func sign(content object) error {
	templating, _ := content["templating"].(object)
	vars, ok := templating["list"].([]any)
	if !ok {
		return errors.New("it has no list of variables")
	}
	plain, err := normalize(content)
	if err != nil {
		return err
	}
	hash, err := plain.hash()
	if err != nil {
		return err
	}
	v := (&variable{name: markVariable, kind: "constant", query: hash, current: hash, hidden: true}).json()
	templating["list"] = append(slices.DeleteFunc(slices.Clone(vars), isMark), any(v))
	return nil
}

func isMark(v any) bool {
	o, _ := v.(object)
	return o["name"] == markVariable
}

// normal is what a dashboard says, without what Grafana adds of its own accord: ids and
// versions, the versions of its panels, and fields that are there and empty. The mark
// stands beside it.
type normal struct {
	content object
	mark    string // empty: it has none
}

// hash is what the mark is to be.
func (n normal) hash() (string, error) {
	text, err := json.Marshal(n.content) // the keys of a map come in order
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:12]), nil
}

// normalize leaves what it is given as it is.
func normalize(content object) (n normal, err error) {
	text, err := json.Marshal(content)
	if err != nil {
		return n, err
	}
	var plain object
	if err := json.Unmarshal(text, &plain); err != nil {
		return n, err
	}
	for field := range ignored {
		delete(plain, field)
	}
	if templating, ok := plain["templating"].(object); ok {
		if vars, ok := templating["list"].([]any); ok {
			if i := slices.IndexFunc(vars, isMark); i >= 0 {
				n.mark, _ = vars[i].(object)["query"].(string)
			}
			templating["list"] = slices.DeleteFunc(vars, isMark)
		}
	}
	if n.content, _ = reduced(plain).(object); n.content == nil {
		n.content = object{}
	}
	return n, nil
}

// reduced drops empty fields, from the inside out; of lists every element stays, since its
// place counts.
func reduced(v any) any {
	switch v := v.(type) {
	case object:
		for key, field := range v {
			if field = reduced(field); field == nil || key == "pluginVersion" {
				delete(v, key)
			} else {
				v[key] = field
			}
		}
		if len(v) == 0 {
			return nil
		}
	case []any:
		if len(v) == 0 {
			return nil
		}
		for i := range v {
			v[i] = reduced(v[i])
		}
	case string:
		if v == "" {
			return nil
		}
	case bool:
		if !v {
			return nil
		}
	case float64:
		if v == 0 {
			return nil
		}
	}
	return v
}
