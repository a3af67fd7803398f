package credential

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/gofrs/flock"

	"hotline12333/internal/wholefile"
)

const (
	fileFormat = 1
	filePerm   = 0o600
	dirPerm    = 0o700
	maxFile    = 4 << 20
)

// file is the form of the file.
type file[T any] struct {
	Format  int    `json:"format"`
	Comment string `json:"comment"`
	Tokens  []T    `json:"tokens"`
}

// List reads the holders of a file; none when there is no file.
func (k *Kind[T]) List(path string) ([]T, error) {
	list, _, err := k.load(path)
	return list, err
}

// load gives what the file held and what tells that it has changed since.
func (k *Kind[T]) load(path string) ([]T, fs.FileInfo, error) {
	h, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("reading the tokens: %w", err)
	}
	defer func() { _ = h.Close() }() // only read from
	info, err := h.Stat()
	if err != nil {
		return nil, nil, fmt.Errorf("reading the tokens: %w", err)
	}
	switch mode := info.Mode(); {
	case !mode.IsRegular():
		return nil, nil, fmt.Errorf("the file of tokens %s is no regular file", path)
	case info.Size() > maxFile:
		return nil, nil, fmt.Errorf("%s is too large to be a file of tokens", path)
	case runtime.GOOS != "windows" && mode.Perm()&0o077 != 0:
		return nil, nil, fmt.Errorf("the file of tokens %s may be read or written by others (mode %04o): run chmod 600 %s", path, mode.Perm(), path)
	}
	var f file[T]
	dec := json.NewDecoder(h)
	dec.DisallowUnknownFields() // a scope of a newer program must not be overlooked
	if err := dec.Decode(&f); err != nil {
		return nil, nil, fmt.Errorf("the file of tokens %s is damaged: %w", path, err)
	}
	if f.Format != fileFormat {
		return nil, nil, fmt.Errorf("the file of tokens %s has format %d, this program knows %d", path, f.Format, fileFormat)
	}
	for i := range f.Tokens {
		of := k.Fields(&f.Tokens[i])
		err := of.validate()
		if err == nil {
			err = k.Validate(&f.Tokens[i])
		}
		if err != nil {
			return nil, nil, fmt.Errorf("the file of tokens %s: entry %s: %w", path, *of.ID, err)
		}
	}
	return f.Tokens, info, nil
}

// Add puts a new holder into the file, which is made when missing, and gives its secret:
// nothing else ever tells it again. One that [Kind.Secretless] names has none.
func (k *Kind[T]) Add(ctx context.Context, path string, t T, now time.Time) (secret string, made T, err error) {
	var none T
	id, secret, hash, err := newSecret(k.Prefix)
	if err != nil {
		return "", none, err
	}
	of := k.Fields(&t)
	*of.ID, *of.SHA256, *of.Created, *of.Expires = id, hash, now.UTC().Truncate(time.Second), of.Expires.UTC()
	if k.Secretless != nil && k.Secretless(&t) {
		secret, *of.SHA256 = "", ""
	}
	if err := errors.Join(of.validate(), k.Validate(&t)); err != nil {
		return "", none, err
	}
	return secret, t, k.change(ctx, path, func(list []T) ([]T, error) {
		for i := range list {
			have := k.Fields(&list[i])
			if !have.Revoked.IsZero() {
				continue
			}
			if *have.Name == *of.Name {
				return nil, fmt.Errorf("there is a token %s already: revoke it first, or choose another name", *of.Name)
			}
			if k.Clash != nil {
				if err := k.Clash(&list[i], &t); err != nil {
					return nil, err
				}
			}
		}
		return append(list, t), nil
	})
}

// Begin makes the file, without holders, where there is none.
func (k *Kind[T]) Begin(ctx context.Context, path string) error {
	return k.change(ctx, path, func(list []T) ([]T, error) { return list, nil })
}

// Revoke ends a token, given by name or id, for good. Who uses the file refuses it from
// the next request on.
func (k *Kind[T]) Revoke(ctx context.Context, path, which string, now time.Time) (revoked T, err error) {
	err = k.change(ctx, path, func(list []T) ([]T, error) {
		i := slices.IndexFunc(list, func(t T) bool {
			of := k.Fields(&t)
			return of.Revoked.IsZero() && (*of.Name == which || *of.ID == which)
		})
		if i < 0 {
			return nil, fmt.Errorf("there is no token %q in force (%s list)", which, k.Command)
		}
		*k.Fields(&list[i]).Revoked = now.UTC().Truncate(time.Second)
		revoked = list[i]
		return list, nil
	})
	return revoked, err
}

// lockWait is how long another change may take.
const lockWait = 10 * time.Second

// change replaces the file by another one, whole or not at all, one process at a time.
func (k *Kind[T]) change(ctx context.Context, path string, edit func([]T) ([]T, error)) (err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, dirPerm); err != nil {
		return fmt.Errorf("making the directory of the tokens: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	lock := flock.New(path+".lock", flock.SetPermissions(filePerm))
	if ok, err := lock.TryLockContext(ctx, 20*time.Millisecond); !ok {
		return fmt.Errorf("locking the tokens: %w", errors.Join(err, ctx.Err()))
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	if err := wholefile.GiveToOwner(lock.Path(), dir); err != nil {
		return fmt.Errorf("locking the tokens: %w", err)
	}
	list, err := k.List(path)
	if err != nil {
		return err
	}
	if list, err = edit(list); err != nil {
		return err
	}
	data, err := json.MarshalIndent(file[T]{Format: fileFormat, Tokens: list, Comment: k.Comment}, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the tokens: %w", err)
	}
	if err := (wholefile.How{ToOwner: true}).Write(path, append(data, '\n')); err != nil {
		return fmt.Errorf("writing the tokens to %s: %w", path, err)
	}
	return nil
}
