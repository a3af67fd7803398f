package app

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"hotline12333/internal/audit"
	"hotline12333/internal/config"
	"hotline12333/internal/keys"
)

// keyPath is the place of the key file, outside of the data.
func keyPath(cfg config.Root) (string, error) {
	path, err := cfg.Keys.Path()
	if err != nil {
		return "", err
	}
	return path, keys.Outside(path, cfg.Data.Dir)
}

// needKeys explains a key file that is not there.
func needKeys(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no key file %s: hotline keys init makes one, keys.file names another", path)
	}
	return err
}

// InitKeys writes a new key file.
func InitKeys(cfg config.Root, out io.Writer) error {
	path, err := keyPath(cfg)
	if err != nil {
		return err
	}
	kit, err := keys.Init(path, time.Now())
	if err != nil {
		return err
	}
	w := &printer{out: out}
	w.line("%s holds the key %s", path, kit.KeyID())
	w.line("Keep a copy apart from the data: without it repeat callers are not recognised and rejected records cannot be opened.")
	return w.err
}

// ListKeys prints the keys that are not retired, without their secrets.
func ListKeys(cfg config.Root, out io.Writer) error {
	path, err := keyPath(cfg)
	if err != nil {
		return err
	}
	kit, err := keys.Load(path)
	if err != nil {
		return needKeys(path, err)
	}
	w := &printer{out: out}
	w.line("%-10s %-21s %-21s %-21s %s", "KEY", "CREATED", "HOLDS FROM", "OVERLAP UNTIL", "")
	for _, k := range kit.List() {
		note := ""
		if k.Active {
			note = "newest"
		}
		w.line("%-10s %-21s %-21s %-21s %s", k.ID, instantOr(k.Created, "-"), instantOr(k.From, "always"), instantOr(k.OverlapUntil, "-"), note)
	}
	return w.err
}

// RotateKeys adds a key that takes over.
func RotateKeys(cfg config.Root, out io.Writer, from time.Time, overlap time.Duration) error {
	path, err := keyPath(cfg)
	if err != nil {
		return err
	}
	made, err := keys.Rotate(path, keys.Rotation{Now: time.Now(), From: from, Overlap: overlap})
	if err != nil {
		return needKeys(path, err)
	}
	if err := record(cfg, audit.Entry{Action: audit.RotateKeys, Subject: made.ID}); err != nil {
		return fmt.Errorf("the key %s was added, but: %w", made.ID, err)
	}
	w := &printer{out: out}
	w.line("The key %s holds for calls that arrive from %s on.", made.ID, instantOr(made.From, "-"))
	w.line("Until %s they carry the pseudonym of the key before as well, so that repeat callers are recognised.", instantOr(made.OverlapUntil, "-"))
	w.line("Copy the file to every machine that takes calls in before the first time, then renew its copy in the safe place.")
	return w.err
}

// RetireKey removes a key for good.
func RetireKey(cfg config.Root, out io.Writer, id string) error {
	path, err := keyPath(cfg)
	if err != nil {
		return err
	}
	if err := keys.Retire(path, id, time.Now()); err != nil {
		return needKeys(path, err)
	}
	if err := record(cfg, audit.Entry{Action: audit.RetireKey, Subject: id}); err != nil {
		return fmt.Errorf("the key %s is gone, but: %w", id, err)
	}
	w := &printer{out: out}
	w.line("The key %s is gone: nobody can make its pseudonyms or open what was sealed for it. Destroy its copies as well.", id)
	return w.err
}

func instantOr(t time.Time, none string) string {
	if t.IsZero() {
		return none
	}
	return t.UTC().Format(time.RFC3339)
}
