package load

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/store"
)

// sealed asks which of the records' calls, or tickets, sealed tallies count. It is asked
// after the registry: of one that is removed in between, one of the two tells.
func (w *worker) sealed(ctx context.Context, records []record, of store.Sealed) (found map[string]struct{}, err error) {
	ids := idsOf(records)
	if len(ids) == 0 {
		return nil, nil
	}
	err = w.timed(stepGuard, func() error {
		return w.try(ctx, stepGuard, func(ctx context.Context) (err error) {
			found, err = w.store.SealedAmong(ctx, of, ids)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("asking for what is sealed among %d: %w", len(ids), err)
	}
	return found, nil
}

// rejectSealed moves the records that would change a sealed quarter hour from accepted to
// rejected: those that lie in one themselves, and those of a call that is counted in one,
// wherever they would take it. What is counted there stays, so the call must not be counted
// elsewhere as well.
func (w *worker) rejectSealed(b *batch, sealedBy func(*record) *hotline.RejectError) {
	if b.guard.Closed.IsZero() && len(b.sealed) == 0 {
		return
	}
	n := len(b.rejected)
	b.accepted = slices.DeleteFunc(b.accepted, func(r record) bool {
		err := sealedBy(&r)
		if err != nil {
			b.rejected = append(b.rejected, rejection{index: r.index, err: err})
		}
		return err != nil
	})
	if late := len(b.rejected) - n; late > 0 {
		w.log.Warn("records for a sealed period rejected", "records", late, "sealed_before", b.guard.Closed)
	}
}

func (b *batch) sealedBy(r *record) *hotline.RejectError {
	if at := r.bucket(); !at.IsZero() && at.Before(b.guard.Closed) {
		return hotline.Reject(hotline.SealedPeriod, "started_at",
			"the calls of %s have reached their retention: the period is sealed up to %s", at.Format(time.RFC3339), b.guard.Closed.Format(time.RFC3339))
	}
	_, counted := b.sealed[r.id]
	if !counted {
		var newest *store.Version
		for i, known := 0, b.known[r.id]; i < len(known); i++ {
			if newest == nil || known[i].Rank.Compare(newest.Rank) > 0 {
				newest = &known[i]
			}
		}
		counted = newest != nil && !newest.Deleted && newest.Bucket.Before(b.guard.Closed)
	}
	if counted {
		return hotline.Reject(hotline.SealedPeriod, "call_id",
			"the call is counted in a sealed period, before %s, and stays there as it was", b.guard.Closed.Format(time.RFC3339))
	}
	return nil
}

// ticketSealedBy is sealedBy for tickets, which lie in several quarter hours.
func (b *batch) ticketSealedBy(r *record) *hotline.RejectError {
	within := func(buckets []time.Time) bool {
		return slices.ContainsFunc(buckets, func(at time.Time) bool { return at.Before(b.guard.Closed) })
	}
	if within(r.ticketBuckets()) {
		return hotline.Reject(hotline.SealedPeriod, "opened_at",
			"its opening or one of its deadlines lies in a sealed period, before %s", b.guard.Closed.Format(time.RFC3339))
	}
	_, counted := b.sealed[r.id]
	if known := b.tickets[r.id]; !counted && len(known) > 0 {
		counted = within(slices.MaxFunc(known, func(a, b store.TicketVersion) int { return a.Rank.Compare(b.Rank) }).Buckets)
	}
	if counted {
		return hotline.Reject(hotline.SealedPeriod, "ticket_id",
			"the ticket is counted in a sealed period, before %s, and stays there as it was", b.guard.Closed.Format(time.RFC3339))
	}
	return nil
}

// erase takes the identity of erased callers from the records, and from the registered
// versions, which may not have been reached yet. The rank stays that of what came, so that
// a record is the same whenever it comes.
func erase(b *batch) {
	for id, versions := range b.known {
		b.known[id] = slices.Clone(versions) // other batches may hold the same
		for i := range versions {
			v := &b.known[id][i]
			name, erased := eraseName(&b.guard, v.Caller, v.CallerBefore, v.Bucket)
			if erased {
				v.Caller, v.CallerBefore = name, ""
			}
		}
	}
	for i := range b.accepted {
		r := &b.accepted[i]
		name, erased := eraseName(&b.guard, r.caller, r.before, r.bucket())
		if !erased {
			continue
		}
		if name == "" { // forgotten: what a call is known by already goes on
			name = erasedBefore(b.known[r.id])
		}
		call := *r.call
		call.CallerHash = bare(name)
		call.CallerMasked, call.CallerSealed, call.Attributes = "", "", nil
		r.call, r.caller, r.before = &call, name, ""
	}
}

// eraseName is what a caller of one of the two names is called instead.
func eraseName(g *store.Guard, caller, before string, bucket time.Time) (name string, erased bool) {
	for _, old := range []string{caller, before} {
		pseudonym := bare(old)
		replacement, gone := g.Erased(pseudonym, bucket)
		switch {
		case !gone:
		case replacement == "":
			erased = true
		default:
			return strings.TrimSuffix(caller, bare(caller)) + replacement, true
		}
	}
	return "", erased
}

func erasedBefore(known []store.Version) string {
	for i := range known {
		if p := bare(known[i].Caller); hotline.IsErased(p) {
			return known[i].Caller
		}
	}
	return ""
}

// bare is the pseudonym in a caller's name, which stands behind the centre's.
func bare(caller string) string { return caller[strings.LastIndexByte(caller, '/')+1:] }

func toUnix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func fromUnix(s int64) time.Time {
	if s == 0 {
		return time.Time{}
	}
	return time.Unix(s, 0).UTC()
}
