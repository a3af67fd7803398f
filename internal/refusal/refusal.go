// Package refusal says to whoever asks for something why it is not done, in Chinese and in
// English: commands print the English, pages the one that they are read in. It does not
// translate what went wrong inside the program: that is for the log.
package refusal

import (
	"fmt"
	"strings"
)

// Worded is what has a text in both languages: a refusal, the name of an indicator.
type Worded interface {
	Words() (zh, en string)
}

// Error is a refusal. As an error it speaks English.
type Error struct {
	zh, en string
	causes []error
}

// Errorf makes a refusal of two formats, which take the same arguments; where their order
// differs they name them, as %[2]s, and the Chinese one may leave the last ones out. What is
// [Worded] stands in each text in its language, and an error among the arguments can be
// found in the refusal.
func Errorf(zh, en string, args ...any) *Error {
	e := &Error{}
	inZH, inEN := make([]any, len(args)), make([]any, len(args))
	for i, a := range args {
		inZH[i], inEN[i] = a, a
		err, isError := a.(error)
		if isError {
			e.causes = append(e.causes, err)
			if text, ok := Chinese(err); ok {
				inZH[i] = text
			}
		} else if w, ok := a.(Worded); ok {
			inZH[i], inEN[i] = w.Words()
		}
	}
	e.zh, e.en = fmt.Sprintf(zh, inZH...), fmt.Sprintf(en, inEN...)
	e.zh, _, _ = strings.Cut(e.zh, "%!(EXTRA ")
	return e
}

// Because makes an error that the texts do not show part of the refusal, to be found in it.
func (e *Error) Because(cause error) *Error {
	e.causes = append(e.causes, cause)
	return e
}

func (e *Error) Error() string { return e.en }

// Words gives the texts.
func (e *Error) Words() (zh, en string) { return e.zh, e.en }

// Unwrap gives the errors that it was made of.
func (e *Error) Unwrap() []error { return e.causes }

// Chinese is what the refusals in an error say: what wraps them adds nothing to that. It is
// false where there is none.
func Chinese(err error) (string, bool) {
	switch err := err.(type) {
	case Worded:
		zh, _ := err.Words()
		return zh, true
	case interface{ Unwrap() error }:
		return Chinese(err.Unwrap())
	case interface{ Unwrap() []error }:
		var all []string
		for _, one := range err.Unwrap() {
			if text, ok := Chinese(one); ok {
				all = append(all, text)
			}
		}
		return strings.Join(all, ";"), len(all) > 0
	}
	return "", false
}
