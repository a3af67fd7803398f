package intake

import (
	"context"
	"io"
)

// interruptible reads from something whose reads cannot be interrupted, as a terminal or a
// pipe, and ends with ctx all the same. A read that is under way then goes on by itself
// until something comes, the writer goes or the process ends; it touches nothing of ours.
type interruptible struct {
	ctx  context.Context
	in   io.Reader
	rest []byte
	err  error
}

type chunk struct {
	data []byte
	err  error
}

func (r *interruptible) Read(p []byte) (int, error) {
	if len(r.rest) == 0 && r.err == nil {
		if err := r.ctx.Err(); err != nil {
			return 0, err
		}
		came := make(chan chunk, 1)
		go func() {
			b := make([]byte, 64<<10)
			n, err := r.in.Read(b)
			came <- chunk{b[:n], err}
		}()
		select {
		case c := <-came:
			r.rest, r.err = c.data, c.err
		case <-r.ctx.Done():
			return 0, r.ctx.Err()
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	if n == 0 && len(r.rest) == 0 {
		return 0, r.err
	}
	return n, nil
}
