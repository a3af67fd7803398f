package source

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/wire"
)

// Native reads a format that no mapping of columns describes: several lines make one
// call, or one line says what another meant. A description names it with `native:`.
//
// Read turns the input into items, in order and in bounded memory, as [Source.Read] does:
// every piece of the input comes out as exactly one item. What is filled in around it
// need not be done by it: Options has a zone, a revision of at least 1, the source's name
// and keys; a call without source or centre gets them, and one that is not valid becomes
// a rejected item, for which Raw is set on calls as well.
//
// A native that is told to go on at Options.From tells what comes after that place only.
// One whose rows depend on earlier ones reads from the start and uses [After].
type Native interface {
	Read(ctx context.Context, in io.Reader, opts Options, fn func(*wire.Item) error) error
}

// Natives are the natives by the name a description gives.
type Natives map[string]Native

// localNative is a Native whose times have no offset: it needs a zone to be given.
type localNative interface{ LocalTimes() bool }

// settingsNative is a Native that takes settings; an error names the setting.
type settingsNative interface {
	CheckSettings(settings map[string]string) error
}

// rowNative is a Native that reads one rejected piece again other than by Read.
type rowNative interface {
	Row(ctx context.Context, raw []byte, columns []string, opts Options, fn func(*wire.Item) error) error
}

// After lets the items through that come after a place told in an earlier reading: for a
// reader that must begin at the start. The items of the reading must end at places that
// rise; several that end at the same one are told again or not together.
func After(from wire.Position, fn func(*wire.Item) error) func(*wire.Item) error {
	if from.Offset == 0 {
		return fn
	}
	return func(it *wire.Item) error {
		if it.Next.Offset <= from.Offset {
			return nil
		}
		return fn(it)
	}
}

// prepareNative fills in what the description and the defaults say.
func (s *Source) prepareNative(opts Options) (Options, error) {
	if opts.Zone == nil {
		opts.Zone = s.zone
	}
	if opts.Zone == nil {
		if l, ok := s.native.(localNative); ok && l.LocalTimes() {
			return opts, fmt.Errorf("source %s has times without a time zone: give the zone, as --zone Asia/Shanghai", s.name)
		}
		opts.Zone = time.UTC
	}
	if opts.Revision == 0 {
		opts.Revision = 1
	}
	if opts.Revision > hotline.MaxVersion {
		return opts, fmt.Errorf("revision %d is above 2^53-1", opts.Revision)
	}
	if opts.Keys == nil {
		return opts, fmt.Errorf("source %s has callers: a key for their pseudonyms is needed", s.name)
	}
	opts.Source, opts.Settings = s.name, s.settings
	return opts, nil
}

func (s *Source) readNative(ctx context.Context, in io.Reader, opts Options, fn func(*wire.Item) error) error {
	opts, err := s.prepareNative(opts)
	if err != nil {
		return err
	}
	if err := s.native.Read(ctx, in, opts, finished(opts, fn)); err != nil {
		return fmt.Errorf("reading %s: %w", inputName(opts), err)
	}
	return nil
}

func (s *Source) rowOfNative(ctx context.Context, raw []byte, columns []string, opts Options, fn func(*wire.Item) error) error {
	opts, err := s.prepareNative(opts)
	if err != nil {
		return err
	}
	opts.From = wire.Position{}
	if n, ok := s.native.(rowNative); ok {
		return n.Row(ctx, raw, columns, opts, finished(opts, fn))
	}
	return s.native.Read(ctx, bytes.NewReader(raw), opts, finished(opts, fn))
}

// finished fills in and checks what a native tells.
func finished(opts Options, fn func(*wire.Item) error) func(*wire.Item) error {
	return func(it *wire.Item) error {
		fillIn(it, opts)
		scrubItem(it, none)
		if err := invalid(it); err != nil {
			it.Call, it.Supplement, it.AgentState, it.Ticket, it.Rejected = nil, nil, nil, nil, err
			scrubItem(it, none)
		}
		return fn(it)
	}
}

// fillIn names source and centre where a native has not.
func none(string) bool { return false }

func fillIn(it *wire.Item, opts Options) {
	var source, centre *string
	switch {
	case it.Call != nil:
		source, centre = &it.Call.Source, &it.Call.Centre
	case it.Supplement != nil:
		source, centre = &it.Supplement.Source, &it.Supplement.Centre
	case it.AgentState != nil:
		source, centre = &it.AgentState.Source, &it.AgentState.Centre
	case it.Ticket != nil:
		source, centre = &it.Ticket.Source, &it.Ticket.Centre
	default:
		return
	}
	if *source == "" {
		*source = opts.Source
	}
	if *centre == "" {
		*centre = opts.Centre
	}
}

func inputName(opts Options) string {
	if opts.Name == "" {
		return "the input"
	}
	return opts.Name
}
