// Command reference writes docs/configuration.md from the configuration
// structs. It is run by go generate and is no part of the product.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"hotline12333/internal/config"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "reference:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return errors.New("usage: reference FILE")
	}
	// The page must be the same on every machine: defaults below the user's
	// directories are written with $HOME.
	for name, value := range map[string]string{"HOME": "/$HOME", "XDG_DATA_HOME": "", "XDG_CACHE_HOME": "", "XDG_STATE_HOME": ""} {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	var page bytes.Buffer
	if err := config.Reference(&page, config.DefaultRoot()); err != nil {
		return err
	}
	text := bytes.ReplaceAll(page.Bytes(), []byte("/$HOME"), []byte("$HOME"))
	return os.WriteFile(args[0], text, 0o644)
}
