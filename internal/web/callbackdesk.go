package web

import (
	"context"
	"time"

	"hotline12333/internal/callback"
	"hotline12333/internal/journal"
)

// CallingBack is the list of lost callers.
type CallingBack interface {
	CallbackRules() callback.Config
	// Callbacks is the list of the calls lost in [from, to); zero times: of the days that
	// the configuration lists, the only ones that can be acted on.
	Callbacks(ctx context.Context, from, to time.Time) (*callback.List, error)
	// CallBack does something about the item of a lost call. seen is the entry that was
	// shown; when another one holds, the error is a *journal.Conflict. One that is a
	// *callback.Refused says why the act does not fit.
	CallBack(ctx context.Context, callID string, a callback.Act, seen string) (journal.Entry, error)
	// RevealNumber gives the number of a caller that by has taken, for the reason; the audit
	// log is written first. refused, where it is not empty, is written instead.
	RevealNumber(ctx context.Context, callID, by, reason, refused string) (string, error)
}
