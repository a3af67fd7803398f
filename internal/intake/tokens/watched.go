package tokens

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"
)

// Watched is a file of tokens as it is at each moment. It is safe for concurrent use.
type Watched struct {
	path string

	mu   sync.Mutex
	info fs.FileInfo // of what was read; nil when there was no file
	read bool
	set  *set
	err  error
}

// Watch opens nothing; the first look does.
func Watch(path string) *Watched { return &Watched{path: path} }

// Path of the file.
func (w *Watched) Path() string { return w.path }

// Find gives the token of a secret. The error is ErrUnknown, ErrRevoked or ErrExpired, or
// tells why the file cannot be read: then nobody may be let in.
func (w *Watched) Find(secret string, now time.Time) (*Token, error) {
	s, err := w.current()
	if err != nil {
		return nil, err
	}
	return s.find(secret, now)
}

// FindCertificate gives the token of a certificate that has been verified.
func (w *Watched) FindCertificate(c *x509.Certificate, now time.Time) (*Token, error) {
	s, err := w.current()
	if err != nil {
		return nil, err
	}
	return s.findCertificate(c, now)
}

// current looks whether the file is another one; that costs a microsecond.
func (w *Watched) current() (*set, error) {
	info, err := os.Stat(w.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the tokens: %w", err)
	}
	if err != nil {
		info = nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.read && same(w.info, info) {
		return w.set, w.err
	}
	list, of, err := load(w.path)
	w.read, w.info, w.set, w.err = true, of, nil, err
	if err != nil {
		w.info = info // it is not read again until it changes
		return nil, err
	}
	w.set = newSet(list)
	return w.set, nil
}

// same compares what every change of the file changes; a replaced file is another one
// even within the clock's grain.
func same(a, b fs.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size() && a.Mode() == b.Mode()
}
