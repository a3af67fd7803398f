package people

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"hotline12333/internal/credential"
)

// Person is somebody who may use the pages.
type Person struct {
	ID     string `json:"id"`
	Name   string `json:"name"`             // as it stands under what they enter and close
	SHA256 string `json:"sha256,omitempty"` // of the token, hexadecimal; empty where a login stands for it
	Login  string `json:"login,omitempty"`  // by which a trusted proxy names them
	Role   Role   `json:"role"`
	Centre string `json:"centre,omitempty"` // the only one they see; empty: all

	Created time.Time `json:"created"`
	Expires time.Time `json:"expires,omitzero"`
	Revoked time.Time `json:"revoked,omitzero"`
}

// kind is how the file of people is kept.
var kind = credential.Kind[Person]{
	Prefix: "hp_", Command: "hotline people",
	Comment:    "Who may use the pages of hotline. Change it with hotline people; it holds no tokens, only hashes, which sign the sessions.",
	Fields:     (*Person).fields,
	Validate:   (*Person).validate,
	Secretless: func(p *Person) bool { return p.Login != "" },
	Clash: func(have, added *Person) error {
		if added.Login != "" && have.Login == added.Login {
			return fmt.Errorf("the login %s stands for %s already", added.Login, have.Name)
		}
		return nil
	},
}

func (p *Person) fields() credential.Fields {
	return credential.Fields{ID: &p.ID, Name: &p.Name, SHA256: &p.SHA256, Created: &p.Created, Expires: &p.Expires, Revoked: &p.Revoked}
}

// Good is nil while the person may use the pages; else one of credential's errors.
func (p *Person) Good(now time.Time) error { return p.fields().Good(now) }

// State is a word for people: active, expired or revoked.
func (p *Person) State(now time.Time) string { return p.fields().State(now) }

const (
	mostName = 64 // characters
	mostText = 128
)

func (p *Person) validate() error {
	if _, err := ParseRole(string(p.Role)); err != nil {
		return err
	}
	for _, f := range []struct{ what, text string }{{"name", p.Name}, {"login", p.Login}, {"centre", p.Centre}} {
		if len(f.text) > 2*mostText || utf8.RuneCountInString(f.text) > mostText || strings.ContainsFunc(f.text, unicode.IsControl) {
			return fmt.Errorf("%s: at most %d characters, none of control", f.what, mostText)
		}
	}
	switch {
	case p.Name != strings.TrimSpace(p.Name) || p.Name == "" || utf8.RuneCountInString(p.Name) > mostName:
		return fmt.Errorf("name %q: it stands under what is entered and closed, as 王芳; at most %d characters", p.Name, mostName)
	case p.SHA256 == "" && p.Login == "":
		return errors.New("neither a token nor a login")
	}
	return nil
}

// List reads the people of the file; none when there is no file.
func List(path string) ([]Person, error) { return kind.List(path) }

// Add puts somebody into the file, which is made when missing, and gives their token:
// nothing else ever tells it again. Who has a login gets none.
func Add(ctx context.Context, path string, p Person, now time.Time) (token string, made Person, err error) {
	return kind.Add(ctx, path, p, now)
}

// Begin makes a file without anybody where there is none.
func Begin(ctx context.Context, path string) error { return kind.Begin(ctx, path) }

// Revoke ends somebody's use of the pages, by name or id, from the next request on.
func Revoke(ctx context.Context, path, which string, now time.Time) (Person, error) {
	return kind.Revoke(ctx, path, which, now)
}

// Watched is the file as it is at each moment. It is safe for concurrent use.
type Watched struct{ *credential.Watched[Person] }

// Watch opens nothing; the first look does.
func Watch(path string) *Watched { return &Watched{kind.Watch(path)} }

// ByLogin finds whom a trusted proxy names.
func (w *Watched) ByLogin(login string, now time.Time) (*Person, error) {
	return w.Look(func(p *Person) bool { return p.Login != "" && p.Login == login }, now)
}

// ByID finds the person of a session.
func (w *Watched) ByID(id string, now time.Time) (*Person, error) {
	return w.Look(func(p *Person) bool { return p.SHA256 != "" && p.ID == id }, now)
}
