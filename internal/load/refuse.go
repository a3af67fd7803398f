package load

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"hotline12333/internal/hotline"
	"hotline12333/internal/store"
)

// errReplan says that records were taken out of the batch, which must be planned again.
var errReplan = errors.New("the batch has changed")

// refused finds the rows the store does not take, by halving the live ones: tombstones
// hold nothing a store could refuse. The halves are inserted on the way, under tokens of
// their own; each row in them is right by itself, and is inserted again with the rest.
func (w *worker) refused(ctx context.Context, id store.Batch, rows []store.Row, cause error) ([]store.Row, error) {
	live := make([]store.Row, 0, len(rows))
	for i := range rows {
		if rows[i].Call != nil {
			live = append(live, rows[i])
		}
	}
	var found []store.Row
	var halve func(from, to int, refusal error) error
	halve = func(from, to int, refusal error) error {
		if to-from == 1 && refusal != nil {
			w.log.Error("row refused by the store", "call_version", live[from].Rank.Version, "origin", live[from].Origin, "error", refusal)
			found = append(found, live[from])
			return nil
		}
		mid := (from + to + 1) / 2
		for _, half := range [][2]int{{from, mid}, {mid, to}} {
			if half[0] == half[1] {
				continue
			}
			part := id
			part.Part = id.Part + "half-" + strconv.Itoa(half[0]) + "-" + strconv.Itoa(half[1])
			err := w.try(ctx, stepCalls, func(ctx context.Context) error {
				return w.store.InsertCalls(ctx, part, live[half[0]:half[1]])
			})
			if store.IsData(err) {
				err = halve(half[0], half[1], err)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	w.log.Warn("the store refuses a batch, looking for the row", "first", id.First, "last", id.Last, "rows", len(rows), "error", cause)
	// Without a refusal at hand, so that a single row is tried by itself before it is blamed.
	if err := halve(0, len(live), nil); err != nil {
		return nil, err
	}
	return found, nil
}

// refuse moves the records of refused rows from accepted to rejected and writes their
// dead letters. The rest gets a token of its own: other rows under the first one would be
// taken for a repetition of it.
func (w *worker) refuse(ctx context.Context, b *batch, id *store.Batch, rows []store.Row) error {
	if len(rows) == 0 {
		return errNoCulprit
	}
	type version struct {
		id   string
		rank hotline.Rank
	}
	bad := make(map[version]struct{}, len(rows))
	for i := range rows {
		bad[version{rows[i].CallID, rows[i].Rank}] = struct{}{}
	}
	var out []rejection
	b.accepted = slices.DeleteFunc(b.accepted, func(r record) bool {
		_, refused := bad[version{r.call.ID, r.rank}]
		if refused {
			out = append(out, rejection{index: r.index, err: asRefused()})
		}
		return refused
	})
	if err := w.reject(ctx, b, out); err != nil {
		return err
	}
	b.rejected = append(b.rejected, out...)
	id.Part = "without"
	for _, r := range out {
		id.Part += "-" + strconv.FormatInt(b.records[r.index].Offset, 10)
	}
	id.Part += "."
	return errReplan
}

// errNoCulprit is a refusal that no single row explains: a fault of the table.
var errNoCulprit = errors.New("the store refuses the batch, and none of its rows by itself")
