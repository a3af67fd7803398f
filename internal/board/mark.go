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
	hash, _, err := marks(content)
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

// marks gives the hash of a dashboard's content and the one its mark names, which is empty
// without a mark.
func marks(content object) (hash, mark string, err error) {
	plain, mark, err := normalized(content)
	if err != nil {
		return "", "", err
	}
	text, err := json.Marshal(plain) // the keys of a map come in order
	if err != nil {
		return "", "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:12]), mark, nil
}

// normalized is what a dashboard says, apart from the mark, which comes beside it, and
// without what Grafana adds of its own accord: ids and versions, the versions of its
// panels, and fields that are there and empty.
func normalized(content object) (plain object, mark string, err error) {
	text, err := json.Marshal(content)
	if err != nil {
		return nil, "", err
	}
	if err := json.Unmarshal(text, &plain); err != nil {
		return nil, "", err
	}
	for field := range ignored {
		delete(plain, field)
	}
	if templating, ok := plain["templating"].(object); ok {
		if vars, ok := templating["list"].([]any); ok {
			if i := slices.IndexFunc(vars, isMark); i >= 0 {
				mark, _ = vars[i].(object)["query"].(string)
			}
			templating["list"] = slices.DeleteFunc(vars, isMark)
		}
	}
	if plain, _ = reduced(plain).(object); plain == nil {
		plain = object{}
	}
	return plain, mark, nil
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
