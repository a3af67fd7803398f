package app

import (
	"context"
	"time"

	"hotline12333/internal/callback"
	"hotline12333/internal/journal"
)

func (o *office) CallbackRules() callback.Config { return o.sys.cfg.Callbacks }

func (o *office) Callbacks(ctx context.Context, from, to time.Time) (*callback.List, error) {
	if from.IsZero() || !from.Before(o.calls.since(time.Now())) {
		list, err := o.calls.list(ctx, false)
		return list, told(err)
	}
	list, err := o.calls.of(ctx, from, to)
	return list, told(err)
}

func (o *office) Owed(ctx context.Context) (callback.Figures, error) {
	owed, err := o.calls.owed(ctx, "")
	return owed, told(err)
}

func (o *office) CallBack(ctx context.Context, callID string, a callback.Act, seen string) (journal.Entry, error) {
	kept, err := o.calls.act(ctx, callID, a, &seen)
	return kept, told(err)
}

// RevealNumber gives the number of a caller that by has taken, and writes that into the
// audit log first; or that it was refused.
func (o *office) RevealNumber(ctx context.Context, callID, by, reason, refused string) (string, error) {
	number, err := o.calls.reveal(ctx, revealing{callID: callID, by: by, reason: reason, refused: refused})
	return number, told(err)
}
