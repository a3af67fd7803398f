package subject

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"hotline12333/internal/broker"
	"hotline12333/internal/deadletter"
	"hotline12333/internal/hotline"
	"hotline12333/internal/store"
)

// ErrNothing is in the error that says that nothing is held of the caller.
var ErrNothing = errors.New("nothing is held of this caller")

// Erased is what an erasure did, and what it could not.
type Erased struct {
	Until   time.Time // calls that arrived before
	Calls   uint64    // that lost their identity
	Later   int       // calls dated at Until or after, by a clock that runs ahead: they keep it
	Letters int       // dead letters taken away
	Entered int       // entries of people about the calls, which stay
	Unread  int       // dead letters that no key opens, and that were not looked into
	Kafka   []Log     // what the log holds, until it forgets it
}

// Erase takes the identity of a caller from all of their calls up to now.
//
// The order matters: once the erasure is noted, on Kafka first and then in the store, every
// batch that a loader begins honours it; when the batches before are done, no writer but a
// sleeping one can bring the identity back, and what that one brings Again finds.
func (d *Desk) Erase(ctx context.Context, c Caller, now time.Time) (out Erased, err error) {
	if c.erasedOnly() {
		return out, fmt.Errorf("%w any more: it was erased", ErrNothing)
	}
	if err := d.Again(ctx); err != nil { // an erasure that was interrupted is finished first
		return out, err
	}
	held, err := d.deps.Store.Held(ctx, c.Pseudonyms)
	if err != nil {
		return out, err
	}
	letters, unread, err := d.letters(ctx, &c, held.CallIDs)
	if err != nil {
		return out, err
	}
	if out.Kafka, err = d.logs(ctx, &c, held.CallIDs); err != nil {
		return out, err
	}
	out.Unread, out.Entered = unread, len(held.Entered)
	inLog := slices.ContainsFunc(out.Kafka, func(l Log) bool { return l.Records > 0 })
	if len(held.CallIDs) == 0 && len(letters) == 0 && !inLog {
		return out, ErrNothing
	}
	out.Until = hotline.BucketOf(now).Add(hotline.BucketLength)
	if out.Later, err = laterThan(held.Calls, out.Until); err != nil {
		return out, err
	}
	if len(c.Pseudonyms) > 0 {
		if out.Calls, err = d.erase(ctx, c.Pseudonyms, out.Until); err != nil {
			return out, err
		}
	}
	if err := deadletter.Erase(ctx, d.deps.Broker, d.deps.Topics.Rejected, letters, now); err != nil {
		return out, err
	}
	out.Letters = len(letters)
	return out, nil
}

// laterThan counts the calls that are dated at the time or after.
func laterThan(calls []json.RawMessage, at time.Time) (n int, err error) {
	for _, row := range calls {
		var c struct{ Bucket string }
		if err := json.Unmarshal(row, &c); err != nil {
			return 0, fmt.Errorf("reading a call that is held: %w", err)
		}
		if c.Bucket >= at.UTC().Format(time.DateTime) {
			n++
		}
	}
	return n, nil
}

func (d *Desk) erase(ctx context.Context, pseudonyms []string, until time.Time) (uint64, error) {
	known, err := d.deps.Store.Erasures(ctx)
	if err != nil {
		return 0, err
	}
	replacement, err := nobody()
	if err != nil {
		return 0, err
	}
	var erasures []store.Erasure
	var aliases []store.Alias
	for _, p := range pseudonyms {
		if hotline.IsErased(p) {
			continue
		}
		e := store.Erasure{Caller: store.ErasedName(p), Until: until, Replacement: replacement}
		// Noted for this quarter hour already, by a request that was interrupted or made
		// twice: one name is enough, and another would part the calls.
		if i := slices.IndexFunc(known, func(o store.Erasure) bool { return o.Caller == e.Caller && !o.Until.Before(until) }); i >= 0 {
			e = known[i]
		} else {
			erasures = append(erasures, e)
		}
		aliases = append(aliases, store.Alias{Pseudonym: p, Replacement: e.Replacement})
	}
	if len(erasures) > 0 {
		if err := d.publish(ctx, erasures); err != nil {
			return 0, err
		}
		if err := d.deps.Store.AddErasures(ctx, erasures); err != nil {
			return 0, err
		}
	}
	if err := d.deps.Settled(ctx); err != nil {
		return 0, fmt.Errorf("the erasure is noted, and is finished once the records under way are loaded (is load running?): %w", err)
	}
	return d.deps.Store.EraseCallers(ctx, aliases, until)
}

// nobody is a name that leads to no one.
func nobody() (string, error) {
	b := make([]byte, 16)
	if _, err := rand.Read(b); err != nil {
		return "", fmt.Errorf("making a name for nobody: %w", err)
	}
	return hotline.ErasedPrefix + base64.RawURLEncoding.EncodeToString(b), nil
}

// noted is an erasure as it lies on its topic, under the caller's name and the time.
type noted struct {
	Caller      string    `json:"caller"`
	Until       time.Time `json:"until"`
	Replacement string    `json:"replacement,omitempty"`
}

func key(e store.Erasure) string { return e.Caller + "/" + e.Until.UTC().Format(time.RFC3339) }

func (d *Desk) publish(ctx context.Context, list []store.Erasure) error {
	recs := make([]broker.Record, len(list))
	for i, e := range list {
		value, err := json.Marshal(noted(e))
		if err != nil {
			return err
		}
		recs[i] = broker.Record{Key: []byte(key(e)), Value: value}
	}
	if err := d.deps.Broker.Produce(ctx, d.deps.Topics.Erasures, recs); err != nil {
		return fmt.Errorf("noting the erasure: %w", err)
	}
	return nil
}

// Sync brings the erasures that are on their topic and not in the store there: a store
// that was made anew, and reads the log from its beginning, must know them first.
func (d *Desk) Sync(ctx context.Context) error {
	onTopic, err := d.onTopic(ctx)
	if err != nil {
		return err
	}
	stored, err := d.deps.Store.Erasures(ctx)
	if err != nil {
		return err
	}
	have := make(map[string]store.Erasure, len(stored))
	for _, e := range stored {
		have[key(e)] = e
	}
	var missing []store.Erasure
	for _, k := range sortedKeys(onTopic) {
		e := onTopic[k]
		if there, ok := have[k]; !ok || there.Replacement != "" && e.Replacement == "" {
			missing = append(missing, e)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	d.log.Info("erasures taken over from kafka", "erasures", len(missing))
	return d.deps.Store.AddErasures(ctx, missing)
}

func (d *Desk) onTopic(ctx context.Context) (map[string]store.Erasure, error) {
	found := map[string]store.Erasure{}
	extents, err := d.deps.Broker.Offsets(ctx, d.deps.Topics.Erasures)
	if err != nil {
		return nil, err
	}
	for _, extent := range extents {
		err := d.deps.Broker.ReadRange(ctx, d.deps.Topics.Erasures, extent.Partition, extent.First, extent.Next, func(recs []broker.Record) error {
			for i := range recs {
				var n noted
				if err := json.Unmarshal(recs[i].Value, &n); err != nil || n.Caller == "" {
					return fmt.Errorf("topic %s, offset %d: not an erasure: the list of the erased is damaged, restore it", d.deps.Topics.Erasures, recs[i].Offset)
				}
				e := store.Erasure(n)
				e.Until = e.Until.UTC()
				found[key(e)] = e // the later holds
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// Again finishes what was interrupted, erases again what a writer brought that had slept,
// and forgets the names of the erased that no log can ask for any more.
func (d *Desk) Again(ctx context.Context) error {
	if err := d.Sync(ctx); err != nil {
		return err
	}
	list, err := d.deps.Store.Erasures(ctx)
	if err != nil || len(list) == 0 {
		return err
	}
	n, err := d.deps.Store.EraseAgain(ctx, list)
	if err != nil {
		return fmt.Errorf("erasing again: %w", err)
	}
	if n > 0 {
		d.log.Warn("calls of erased callers were there again, and are erased again", "calls", n)
	}
	return d.forget(ctx, list)
}

// forget blanks the replacements of callers whose calls no topic holds any more. Until
// then they are needed: whoever reads the log from its beginning into an empty store must
// call the same caller the same, for the sake of the counts.
func (d *Desk) forget(ctx context.Context, list []store.Erasure) error {
	var gone []store.Erasure
	for _, e := range list {
		if e.Replacement == "" {
			continue
		}
		held, err := d.inLog(ctx, e)
		if err != nil {
			return err
		}
		if !held {
			gone = append(gone, e)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	// How far the old list goes is asked before it is read: what somebody else adds meanwhile
	// lies behind, and stays.
	extents, err := d.deps.Broker.Offsets(ctx, d.deps.Topics.Erasures)
	if err != nil {
		return err
	}
	all, err := d.onTopic(ctx)
	if err != nil {
		return err
	}
	for _, e := range gone {
		e.Replacement = ""
		all[key(e)] = e
	}
	var anew []store.Erasure
	for _, k := range sortedKeys(all) {
		anew = append(anew, all[k])
	}
	// The list is written anew behind the old one, which then goes.
	if err := d.publish(ctx, anew); err != nil {
		return err
	}
	for _, e := range extents {
		if e.Next == e.First {
			continue
		}
		if err := d.deps.Broker.DeleteBefore(ctx, d.deps.Topics.Erasures, e.Partition, e.Next); err != nil {
			return err
		}
	}
	d.log.Info("no log holds their calls any more: the names of erased callers are forgotten", "erasures", len(gone))
	return d.deps.Store.ForgetReplacements(ctx, gone)
}

// leastRead is up to how many old records of a partition are looked into. Each keeps its
// last one, however old, which on a quiet topic nothing ever takes the place of.
const leastRead = 100

// inLog says whether a topic still has a record of the erased caller that was written
// before. Where there are many old records, one of them is taken to be.
func (d *Desk) inLog(ctx context.Context, erased store.Erasure) (found bool, err error) {
	for _, topic := range d.deps.Topics.Records {
		extents, err := d.deps.Broker.Offsets(ctx, topic)
		if err != nil {
			return false, err
		}
		after, err := d.deps.Broker.OffsetsAt(ctx, topic, erased.Until)
		if err != nil {
			return false, err
		}
		for i, e := range extents {
			if after[i]-e.First > leastRead {
				return true, nil
			}
			if after[i] <= e.First {
				continue
			}
			err := d.deps.Broker.ReadRange(ctx, topic, e.Partition, e.First, after[i], func(recs []broker.Record) error {
				found = found || slices.ContainsFunc(recs, func(r broker.Record) bool { return carries(r.Value, erased.Caller) })
				return nil
			})
			if err != nil || found {
				return found, err
			}
		}
	}
	return false, nil
}

// carries says whether a record has the pseudonym of that name in an erasure. What is no
// JSON is no call, for the loader neither.
func carries(value []byte, name string) bool {
	var r struct {
		Caller     string            `json:"caller_hash"`
		Attributes map[string]string `json:"attributes"`
	}
	if json.Unmarshal(value, &r) != nil {
		return false
	}
	return store.ErasedName(r.Caller) == name || store.ErasedName(r.Attributes[hotline.CallerPrevious]) == name
}
