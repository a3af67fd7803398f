package web

import (
	_ "embed" // the words
	"encoding/json"
	"fmt"

	"hotline12333/internal/kpi"
	"hotline12333/internal/refusal"
)

//go:embed words.json
var catalogue []byte

// Lang is the language of a page.
type Lang string

// The languages; Chinese is first wherever nothing says otherwise.
const (
	chinese Lang = "zh"
	english Lang = "en"
)

// languages are both.
func languages() []Lang { return []Lang{chinese, english} }

// Tag is the language as documents name it.
func (l Lang) Tag() string {
	if l == english {
		return "en"
	}
	return "zh-CN"
}

// Other is the one to switch to.
func (l Lang) Other() Lang {
	if l == english {
		return chinese
	}
	return english
}

// of picks the text of the language.
func (l Lang) of(zh, en string) string {
	if l == english {
		return en
	}
	return zh
}

func (l Lang) word(w kpi.Wording) string { return l.of(w.ZH, w.EN) }

// words is the catalogue: every word of the pages in both languages.
type words map[string]kpi.Wording

func readWords() (words, error) {
	w := words{}
	if err := json.Unmarshal(catalogue, &w); err != nil {
		return nil, fmt.Errorf("reading the words of the pages: %w", err)
	}
	return w, nil
}

// says is a word of the catalogue as a refusal.
func (s *Server) says(key string, args ...any) error {
	return refusal.Errorf("%[1]s", "%[2]s", s.words.in(chinese, key, args...), s.words.in(english, key, args...))
}

func (w words) has(key string) bool { _, ok := w[key]; return ok }

// in is a word in a language, with what belongs into it. A word that is missing shows its
// key: a test finds it before people do.
func (w words) in(l Lang, key string, args ...any) string {
	word, ok := w[key]
	if !ok {
		return "?" + key
	}
	if len(args) == 0 {
		return l.word(word)
	}
	return fmt.Sprintf(l.word(word), args...)
}
