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

// refused finds which of n rows the store does not take, by halving. The halves are
// inserted on the way, under tokens of their own; each row in them is right by itself, and
// is inserted again with the rest.
func (w *worker) refused(ctx context.Context, id store.Batch, n int, cause error, insert func(ctx context.Context, part store.Batch, from, to int) error) ([]int, error) {
	var found []int
	var halve func(from, to int, refusal error) error
	halve = func(from, to int, refusal error) error {
		if to-from == 1 && refusal != nil {
			w.log.Error("row refused by the store", "row", from, "error", refusal)
			found = append(found, from)
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
				return insert(ctx, part, half[0], half[1])
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
	w.log.Warn("the store refuses a batch, looking for the row", "first", id.First, "last", id.Last, "rows", n, "error", cause)
	// Without a refusal at hand, so that a single row is tried by itself before it is blamed.
	if err := halve(0, n, nil); err != nil {
		return nil, err
	}
	return found, nil
}

// refuse moves the records of refused rows from accepted to rejected and writes their
// dead letters. The rest gets a token of its own: other rows under the first one would be
// taken for a repetition of it.
func (w *worker) refuse(ctx context.Context, b *batch, id *store.Batch, refused func(*record) bool) error {
	var out []rejection
	b.accepted = slices.DeleteFunc(b.accepted, func(r record) bool {
		if !refused(&r) {
			return false
		}
		w.log.Error("record refused by the store", "version", r.rank.Version, "origin", r.origin, "offset", b.records[r.index].Offset)
		out = append(out, rejection{index: r.index, err: asRefused()})
		return true
	})
	if len(out) == 0 {
		return errNoCulprit
	}
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

// version is which record of a call or ticket a row was made of.
type version struct {
	id   string
	rank hotline.Rank
}

// refuseVersions is refuse for rows that are the newest of several records.
func (w *worker) refuseVersions(ctx context.Context, b *batch, id *store.Batch, bad map[version]struct{}) error {
	return w.refuse(ctx, b, id, func(r *record) bool {
		_, refused := bad[version{r.id, r.rank}]
		return refused
	})
}

// errNoCulprit is a refusal that no single row explains: a fault of the table.
var errNoCulprit = errors.New("the store refuses the batch, and none of its rows by itself")
