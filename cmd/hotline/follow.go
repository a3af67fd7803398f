package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"hotline12333/internal/app"
	"hotline12333/internal/intake"
)

// follow runs import --follow: on a terminal with one line that says how it stands, else
// with the log alone.
func (c *command) follow(ctx context.Context, opts app.FollowOptions) error {
	file, ok := c.err.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return app.Follow(ctx, c.cfg.Value, c.log, opts)
	}
	line := &statusLine{out: file, files: map[string]intake.Followed{}}
	opts.Tell = line.tell
	fmt.Fprintln(c.err, "following; Ctrl-C ends it, and the next start goes on from there")
	err := app.Follow(ctx, c.cfg.Value, c.quiet(), opts)
	fmt.Fprintln(c.err)
	return err
}

// statusLine is drawn over itself.
type statusLine struct {
	out *os.File

	mu    sync.Mutex
	files map[string]intake.Followed
	drawn time.Time
}

func (l *statusLine) tell(f intake.Followed) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f.Rows == 0 { // a wait does not know how many there were
		f.Rows = l.files[f.File].Rows
	}
	l.files[f.File] = f
	if time.Since(l.drawn) < 500*time.Millisecond {
		return
	}
	l.drawn = time.Now()
	fmt.Fprint(l.out, "\r\x1b[K"+l.text())
}

func (l *statusLine) text() string {
	var rows, behind int64
	var waits []string
	for _, f := range l.files {
		rows += f.Rows
		behind += f.Behind
		if f.Waiting != "" {
			waits = append(waits, fmt.Sprintf("%s waits until %s", f.File, f.Waiting))
		}
	}
	text := fmt.Sprintf("%s  %d rows, %d bytes behind", l.drawn.Format(time.TimeOnly), rows, behind)
	if len(waits) > 0 {
		text += "; " + strings.Join(waits, "; ")
	}
	if width, _, err := term.GetSize(int(l.out.Fd())); err == nil {
		if runes := []rune(text); width > 1 && len(runes) >= width { // a longer one would not be drawn over
			text = string(runes[:width-1])
		}
	}
	return text
}
