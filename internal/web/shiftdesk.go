package web

import (
	"context"
	"time"

	"hotline12333/internal/journal"
	"hotline12333/internal/kpi"
)

// HandedOver is what the outgoing supervisor signs.
type HandedOver struct {
	Centre, By string
	State      journal.ShiftState
	Notes      string
	Done       []string // ids of points that are ticked off
	New        []string // points that are new
	Seen       string   // the hand-over that was the newest when the form was opened; empty: none
}

// HandingOver is the change of shifts.
type HandingOver interface {
	// ShiftState is the hotline as it stands now. What nobody can know here, as alerts in
	// force, is left out.
	ShiftState(ctx context.Context, centre string) (journal.ShiftState, error)
	Shifts(ctx context.Context, centre string) (*journal.Shifts, error)
	// HandOver, TakeOver and WithdrawShift sign. An error that is a journal.ShiftRefusal or
	// a *journal.Conflict says that the signature does not fit any more.
	HandOver(context.Context, HandedOver) (journal.Entry, error)
	TakeOver(ctx context.Context, centre, id, by, remark string) (journal.Entry, error)
	WithdrawShift(ctx context.Context, centre, id, by, reason string) (journal.Entry, error)
	// AnswerRateOf is the answer rate of the whole day of an instant, as it is now.
	AnswerRateOf(ctx context.Context, day time.Time, centre string) (kpi.Ratio, error)
}
