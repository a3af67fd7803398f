package credential

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"
)

// Watched is a file of tokens as it is at each moment. It is safe for concurrent use.
type Watched[T any] struct {
	kind *Kind[T]
	path string

	mu   sync.Mutex
	info fs.FileInfo // of what was read; nil when there was no file
	read bool
	set  *set[T]
	err  error
}

// Watch opens nothing; the first look does.
func (k *Kind[T]) Watch(path string) *Watched[T] { return &Watched[T]{kind: k, path: path} }

// Path of the file.
func (w *Watched[T]) Path() string { return w.path }

// Find gives the token of a secret. The error is ErrUnknown, ErrRevoked or ErrExpired, or
// tells why the file cannot be read: then nobody may be let in.
func (w *Watched[T]) Find(secret string, now time.Time) (*T, error) {
	s, err := w.current()
	if err != nil {
		return nil, err
	}
	return s.find(secret, now)
}

// Look gives the first holder that fits, one in force before others, with the error of
// [Watched.Find] where it is no longer good.
func (w *Watched[T]) Look(fits func(*T) bool, now time.Time) (*T, error) {
	s, err := w.current()
	if err != nil {
		return nil, err
	}
	return s.look(fits, now)
}

// current looks whether the file is another one; that costs a microsecond.
func (w *Watched[T]) current() (*set[T], error) {
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
	list, of, err := w.kind.load(w.path)
	w.read, w.info, w.set, w.err = true, of, nil, err
	if err != nil {
		w.info = info // it is not read again until it changes
		return nil, err
	}
	w.set = newSet(w.kind, list)
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
