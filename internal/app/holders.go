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
	"hotline12333/internal/intake/tokens"
	"hotline12333/internal/web/people"
)

// holders are those who may do something, in a file. A data directory of one's own has its
// own: whoever is let into a trial must not be let into the hotline beside it.
type holders struct {
	cfg   config.Root
	name  string // of the file and the command
	file  string // which the configuration names; empty: none
	begin func(ctx context.Context, path string) error
}

// peopleOf are those who may use the pages.
func peopleOf(cfg config.Root) holders {
	return holders{cfg, "people", cfg.Web.PeopleFile, people.Begin}
}

// tokensOf are those who may post records.
func tokensOf(cfg config.Root) holders {
	return holders{cfg, "tokens", cfg.Intake.HTTP.TokensFile, tokens.Begin}
}

// path is the place of the file.
func (h holders) path() (string, error) {
	if h.file != "" {
		return filepath.Abs(h.file)
	}
	own, shared, err := h.places()
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

// places are the file of the data directory, empty where that has none of its own, and the
// one beside the key file. Neither lies inside of the data: hashes sign sessions, and a copy
// of the data must not let anybody in.
func (h holders) places() (own, shared string, err error) {
	path, err := h.cfg.Keys.Path()
	if err != nil {
		return "", "", err
	}
	dir := filepath.Dir(path)
	shared = filepath.Join(dir, h.name+".json")
	if !h.own() {
		return "", shared, nil
	}
	data, err := filepath.Abs(h.cfg.Data.Dir)
	if err != nil {
		return "", "", err
	}
	sum := sha256.Sum256([]byte(data))
	return filepath.Join(dir, fmt.Sprintf("%s-%x.json", h.name, sum[:6])), shared, nil
}

// own says whether they follow the data directory: who names a place for the keys, or for
// the file, has chosen it.
func (h holders) own() bool {
	dir := h.cfg.Data.Dir
	return h.file == "" && h.cfg.Keys.File == "" && dir != "" && filepath.Clean(dir) != config.DefaultRoot().Data.Dir
}

// start makes the file of a data directory that is used for the first time, which is from
// then on told from one whose holders are where the program kept them before.
func (h holders) start(ctx context.Context) error {
	if !h.own() {
		return nil
	}
	own, _, err := h.places()
	if err != nil {
		return err
	}
	return h.begin(ctx, own)
}

// takeDir claims the data directory, with holders of its own where nobody has used it before.
// A start that fails behind it, as for a port that is taken, is a use.
func takeDir(ctx context.Context, cfg config.Root) error {
	fresh := !claimed(cfg.Data.Dir)
	if err := claimDir(cfg.Data.Dir); err != nil || !fresh {
		return err
	}
	return errJoin(peopleOf(cfg).start(ctx), tokensOf(cfg).start(ctx))
}

// command is one about them, as add NAME, which says whose they are where it must.
func (h holders) command(what string) string {
	command := "hotline " + h.name + " " + what
	if h.own() {
		command += " --data " + h.cfg.Data.Dir
	}
	return command
}
