// Command hotline turns the call records of a public hotline into live and exact
// performance figures: on one machine, or as roles around Kafka and ClickHouse.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	_ "time/tzdata" // images and small machines often have no time zones

	"hotline12333/internal/store/engine"
)

// version is set by the build.
var version = "dev"

func main() {
	if ran, code := engine.ChildMain(); ran {
		os.Exit(code) // this process is the embedded engine of another one
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], stdio{os.Stdin, os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// stdio is where a command reads and writes.
type stdio struct {
	in       io.Reader
	out, err io.Writer
}
