package source

import (
	"context"
	"fmt"
	"io"

	"hotline12333/internal/wire"
)

// Session reads several inputs of one source in their order. What a native remembers of
// one it still knows in the next: a call that goes on in the next of two rotated files is
// one call. It is not safe for concurrent use.
type Session interface {
	// Read reads one input as [Source.Read] does; of opts only From, Growing and Name count.
	Read(ctx context.Context, in io.Reader, opts Options, fn func(*wire.Item) error) error
	// Snapshot is the state after the item told last, nil where there is none to keep, or
	// not at this item but at the next. It holds no number of a caller.
	Snapshot() []byte
	// Restore goes on from a snapshot: then Read with opts.From at that place reads nothing
	// before it.
	Restore([]byte) error
}

// Sessioned is a Native that remembers.
type Sessioned interface {
	Session(opts Options) (Session, error)
}

// Session begins a session. Sources that remember nothing have one as well.
func (s *Source) Session(opts Options) (Session, error) {
	n, ok := s.native.(Sessioned)
	if !ok {
		return stateless{s, opts}, nil
	}
	opts, err := s.prepareNative(opts)
	if err != nil {
		return nil, err
	}
	inner, err := n.Session(opts)
	if err != nil {
		return nil, err
	}
	return nativeSession{Session: inner, opts: opts}, nil
}

type stateless struct {
	src  *Source
	opts Options
}

func (s stateless) Read(ctx context.Context, in io.Reader, opts Options, fn func(*wire.Item) error) error {
	o := s.opts
	o.Name, o.From, o.Growing = opts.Name, opts.From, opts.Growing
	return s.src.Read(ctx, in, o, fn)
}

func (stateless) Snapshot() []byte     { return nil }
func (stateless) Restore([]byte) error { return nil }

type nativeSession struct {
	Session
	opts Options
}

func (s nativeSession) Read(ctx context.Context, in io.Reader, opts Options, fn func(*wire.Item) error) error {
	if err := s.Session.Read(ctx, in, opts, finished(s.opts, fn)); err != nil {
		return fmt.Errorf("reading %s: %w", inputName(opts), err)
	}
	return nil
}
