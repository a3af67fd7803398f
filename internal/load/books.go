package load

import "context"

// books hold a partition's account: every offset read is a gap, an accepted or a
// rejected record.
type books struct {
	from int64 // where the account begins
	gaps int64 // offsets without a record since then
	next int64 // the offset committed
	open bool  // something has been committed since the books were opened
}

func (b *books) loaded(batch *batch) {
	b.gaps += batch.gaps()
	b.next, b.open = batch.last+1, true
}

// reconcile compares the ledger in the store with the offsets read: offsets advanced
// less gaps must be accepted plus rejected. The difference is exported and should be 0.
func (w *worker) reconcile(ctx context.Context) {
	if !w.books.open {
		return
	}
	records, _, _, err := w.store.LedgerSum(ctx, w.topic, w.epoch, w.id)
	if err != nil {
		w.log.Warn("comparing the ledger with the offsets failed", "error", err)
		return
	}
	difference := w.books.next - w.books.from - w.books.gaps - records
	w.gauges.difference.Set(float64(difference))
	if difference != 0 {
		w.log.Error("the ledger differs from the offsets read", "difference", difference,
			"from", w.books.from, "next", w.books.next, "gaps", w.books.gaps, "records", records)
	}
}
