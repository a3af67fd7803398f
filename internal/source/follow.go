package source

import (
	"fmt"
	"time"
)

// defaultPatience is longer than any program takes to write the rest of a row.
const defaultPatience = 10 * time.Second

// patientNative is a Native whose pieces wait for others that belong to them.
type patientNative interface{ Patience() time.Duration }

// wholeNative is a Native that makes nothing right of a part of its input.
type wholeNative interface{ CannotFollow() string }

// Followed says whether a file of this source can be followed while it is written. Patience
// is how long what is not complete at its end, or may belong to what comes, should be left
// there before it is read as it stands: see Options.Growing.
func (s *Source) Followed() (patience time.Duration, err error) {
	why := ""
	switch {
	case s.native != nil:
		if n, ok := s.native.(wholeNative); ok {
			why = n.CannotFollow()
		}
		if n, ok := s.native.(patientNative); ok {
			return n.Patience(), nil
		}
	case s.form.kind == formXLSX:
		why = "a workbook is written as a whole: import it when it is there"
	case s.form.kind == formJSON:
		why = "a JSON document is one whole: import it when it is there (jsonl can be followed)"
	}
	if why != "" {
		return 0, fmt.Errorf("files of %s cannot be followed: %s", s.name, why)
	}
	return defaultPatience, nil
}
