package intake

import (
	"errors"
	"slices"
	"strings"
)

// Callbacks says whether callers' numbers are kept, sealed, to call them back.
type Callbacks struct {
	Enabled  bool     `yaml:"enabled" doc:"Keep each caller's number in its call, sealed with the intake's key, so that hotline reveal can show it to call back."`
	RevealBy []string `yaml:"reveal_by" doc:"Users of the operating system who may reveal a number; each reveal is in the audit log."`
}

// Validate refuses names that nobody has.
func (c Callbacks) Validate() error {
	if slices.ContainsFunc(c.RevealBy, func(s string) bool { return strings.TrimSpace(s) == "" }) {
		return errors.New("reveal_by: a name is empty")
	}
	return nil
}

// MayReveal says whether the user may see a number.
func (c Callbacks) MayReveal(user string) bool { return slices.Contains(c.RevealBy, user) }
