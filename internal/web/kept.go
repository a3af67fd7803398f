package web

import (
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// kept is a form that arrived when its sender was signed in no longer. It stays in the page
// on which one signs in, and is sent again by whoever has signed in; nothing of it is held
// here.
type kept struct {
	Path   string // where it was sent to
	Fields []keptField
}

type keptField struct{ Name, Value string }

// The fields of a kept form among those of the page that keeps it.
const (
	keptPath   = "kept"
	keptPrefix = "kept."
	mostKept   = 256 << 10 // bytes of it
)

// keepForm is what a request has sent; nil where it cannot be sent again by a page: a file,
// which no page may fill in, or too much.
func keepForm(r *http.Request) *kept {
	if r.ParseMultipartForm(mostKept) != nil && r.PostForm == nil {
		return nil
	}
	if r.MultipartForm != nil {
		for _, files := range r.MultipartForm.File {
			if slices.ContainsFunc(files, func(f *multipart.FileHeader) bool { return f.Size > 0 }) {
				return nil
			}
		}
	}
	return keptOf(r.URL.Path, r.PostForm)
}

// keptAgain is the form that a page kept.
func keptAgain(r *http.Request) *kept {
	path := local(r.PostFormValue(keptPath))
	form := url.Values{}
	for name, values := range r.PostForm {
		if name, ok := strings.CutPrefix(name, keptPrefix); ok {
			form[name] = values
		}
	}
	return keptOf(path, form)
}

func keptOf(path string, form url.Values) *kept {
	k, size := &kept{Path: path}, 0
	for name, values := range form {
		for _, v := range values {
			k.Fields, size = append(k.Fields, keptField{name, v}), size+len(name)+len(v)
		}
	}
	if len(k.Fields) == 0 || size > mostKept {
		return nil
	}
	slices.SortStableFunc(k.Fields, func(a, b keptField) int { return strings.Compare(a.Name, b.Name) })
	return k
}

// Typed are the fields that a person has filled in, by their words.
func (k *kept) Typed() []keptField {
	var list []keptField
	for _, f := range k.Fields {
		word, ok := typed[f.Name]
		if strings.HasPrefix(f.Name, answerField) {
			word, ok = "answer", true
		}
		if ok && strings.TrimSpace(f.Value) != "" {
			list = append(list, keptField{word, f.Value})
		}
	}
	return list
}

// answerField begins the names of answers to the check list.
const answerField = "answer_"

// typed are the words for what is typed into forms.
var typed = map[string]string{
	"value": "value", "score": "score", "executed": "executed", "adjusted": "adjusted", "evidence": "evidence", "reason": "reason",
	"cause": "cause", "measures": "measures", "note": "note", "head": "head", "revision_reason": "reason", "day": "day", "begins": "begins", "ends": "ends",
	"offered": "offered", "requested": "requested", "answered": "answered", "points": "shift_new_points", "notes": "shift_notes", "remark": "shift_remark",
}
