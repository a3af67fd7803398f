package app

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"hotline12333/internal/config"
	"hotline12333/internal/web/people"
)

// peoplePath is the place of the file of those who may use the pages. A data directory of
// one's own has people of its own: whoever is let into a trial must not be let into the
// hotline beside it.
func peoplePath(cfg config.Root) (string, error) {
	if cfg.Web.PeopleFile != "" {
		return filepath.Abs(cfg.Web.PeopleFile)
	}
	own, shared, err := peoplePlaces(cfg)
	if err != nil || own == "" {
		return shared, err
	}
	for _, path := range []string{own, shared} { // the second is where the program kept it before
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			return path, nil
		}
	}
	return own, nil
}

// peoplePlaces are the file of the data directory, empty where that has none of its own, and
// the one beside the key file. Neither lies inside of the data: the hashes sign sessions, and
// a copy of the data must not let anybody in.
func peoplePlaces(cfg config.Root) (own, shared string, err error) {
	path, err := cfg.Keys.Path()
	if err != nil {
		return "", "", err
	}
	dir := filepath.Dir(path)
	shared = filepath.Join(dir, "people.json")
	if !ownPeople(cfg) {
		return "", shared, nil
	}
	data, err := filepath.Abs(cfg.Data.Dir)
	if err != nil {
		return "", "", err
	}
	sum := sha256.Sum256([]byte(data))
	return filepath.Join(dir, fmt.Sprintf("people-%x.json", sum[:6])), shared, nil
}

// ownPeople says whether the people follow the data directory: who names a place for the
// keys, or for the people, has chosen theirs.
func ownPeople(cfg config.Root) bool {
	return cfg.Web.PeopleFile == "" && cfg.Keys.File == "" && cfg.Data.Dir != "" && filepath.Clean(cfg.Data.Dir) != config.DefaultRoot().Data.Dir
}

// beginPeople makes the file of a data directory that is used for the first time, which is
// from then on told from one whose people are where the program kept them before.
func beginPeople(ctx context.Context, cfg config.Root) error {
	if !ownPeople(cfg) {
		return nil
	}
	own, _, err := peoplePlaces(cfg)
	if err != nil {
		return err
	}
	return people.Begin(ctx, own)
}

// addPersonTo is the command that lets somebody use the pages.
func addPersonTo(cfg config.Root) string {
	command := "hotline people add NAME --role ROLE"
	if ownPeople(cfg) {
		command += " --data " + cfg.Data.Dir
	}
	return command
}
