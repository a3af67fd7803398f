package deadletter

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"hotline12333/internal/broker"
	"hotline12333/internal/hotline"
)

func identity(t testing.TB) *age.X25519Identity {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func fromKafka(offset int64) Letter {
	return Letter{
		Reason: hotline.UnknownValue, Field: "outcome", Detail: "is not an outcome", Origin: "feb.txt:17", Run: "r1",
		Topic: "hotline.calls", Partition: 2, Offset: offset, Fingerprint: "t1",
		Key: []byte("a"), Headers: []broker.Header{{Key: "run", Value: []byte("r1")}, {Key: "empty", Value: []byte{}}, {Key: "null"}},
		Bytes: []byte(`{"call_id":"a","caller":"13800138000"}`), Replayable: true,
	}
}

func TestLetterComesBack(t *testing.T) {
	t.Parallel()
	id := identity(t)
	s := NewSealer(id.Recipient())
	for name, l := range map[string]Letter{
		"from kafka": fromKafka(9),
		"a row":      {Reason: hotline.BadRow, Origin: "feb.txt:3", Source: "bank", Run: "r", Bytes: []byte("1\t2"), Replayable: true},
		"no value":   {Reason: hotline.NotJSON, Topic: "t", Key: []byte{}},
		"empty":      {Reason: hotline.NotJSON, Topic: "t", Bytes: []byte{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rec, err := s.Encode(l)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Decode(rec, id)
			if err != nil {
				t.Fatal(err)
			}
			want := l
			want.Length = int64(len(l.Bytes))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got.Truncated() {
				t.Error("truncated")
			}
		})
	}
}

// Nothing of the bytes, the key or the headers can be read without the identity.
func TestNothingInClear(t *testing.T) {
	t.Parallel()
	l := fromKafka(9)
	l.Key, l.Headers = []byte("13900139000"), []broker.Header{{Key: "caller", Value: []byte("13700137000")}}
	rec, err := NewSealer(identity(t).Recipient()).Encode(l)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"13800138000", "13900139000", "13700137000"} {
		if text := fmt.Sprintf("%s %s %s", rec.Key, rec.Value, rec.Headers); strings.Contains(text, secret) {
			t.Errorf("%s stands in clear", secret)
		}
	}
	if _, ok := rec.Header("sha256"); ok {
		t.Error("the hash of a short record tells its content")
	}
	if _, err := Decode(rec, identity(t)); err == nil || !strings.Contains(err.Error(), "another key") {
		t.Errorf("another identity: %v", err)
	}
	rec.Value = rec.Value[:len(rec.Value)-1]
	if _, err := Decode(rec, identity(t)); err == nil {
		t.Error("a damaged letter opens")
	}
}

func TestTooLarge(t *testing.T) {
	t.Parallel()
	id := identity(t)
	s := NewSealer(id.Recipient())
	for name, c := range map[string]struct {
		letter Letter
		encode func(Letter) (broker.Record, error)
		kept   int
		cut    bool
	}{
		"just fits":      {Letter{Bytes: bytes.Repeat([]byte("x"), MaxBytes)}, s.Encode, MaxBytes, false},
		"one more":       {Letter{Bytes: bytes.Repeat([]byte("x"), MaxBytes+1)}, s.Encode, KeptBytes, true},
		"large key":      {Letter{Topic: "t", Key: make([]byte, MaxBytes), Bytes: []byte("x")}, s.Encode, 1, false},
		"short":          {Letter{Bytes: bytes.Repeat([]byte("x"), KeptBytes+1)}, s.EncodeShort, KeptBytes, true},
		"cut by writer":  {Letter{Bytes: []byte("beginning"), Length: 1 << 40, SHA256: strings.Repeat("ab", 32)}, s.Encode, 9, true},
		"cut, no longer": {Letter{Bytes: []byte("beginning"), Length: 9, SHA256: "x"}, s.Encode, 9, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.letter.Reason, c.letter.Replayable = hotline.TooLarge, true
			rec, err := c.encode(c.letter)
			if err != nil {
				t.Fatal(err)
			}
			if len(rec.Value) > MaxRecord-8192 {
				t.Errorf("record of %d bytes", len(rec.Value))
			}
			l, err := Decode(rec, id)
			if err != nil {
				t.Fatal(err)
			}
			if len(l.Bytes) != c.kept || l.Truncated() != c.cut || (l.SHA256 != "") != c.cut {
				t.Errorf("%d bytes kept, truncated %v, hash %q", len(l.Bytes), l.Truncated(), l.SHA256)
			}
			if whole := len(l.Key) == len(c.letter.Key) && !c.cut; l.Replayable != whole {
				t.Errorf("replayable %v", l.Replayable)
			}
		})
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	s := NewSealer(identity(t).Recipient())
	key := func(change func(*Letter), l Letter) string {
		change(&l)
		rec, err := s.Encode(l)
		if err != nil {
			t.Fatal(err)
		}
		return string(rec.Key)
	}
	same := func(*Letter) {}
	line := Letter{Reason: hotline.BadRow, Source: "bank", Origin: "feb.txt:3", Run: "r1", Bytes: []byte("x")}
	print := line
	print.Fingerprint = "f1"
	live := Letter{Reason: hotline.BadRow, Source: "pbx", Origin: "pbx", Bytes: []byte("x")}
	for name, c := range map[string]struct {
		letter Letter
		change func(*Letter)
		same   bool
	}{
		"the same offset":                       {fromKafka(1), same, true},
		"another offset":                        {fromKafka(1), func(l *Letter) { l.Offset = 2 }, false},
		"the topic made again":                  {fromKafka(1), func(l *Letter) { l.Fingerprint = "t2" }, false},
		"the row in a resumed import":           {line, same, true},
		"the row in another import":             {line, func(l *Letter) { l.Run = "r2" }, false},
		"the fingerprinted row in another":      {print, func(l *Letter) { l.Run = "r2" }, true},
		"another row in the same place":         {print, func(l *Letter) { l.Fingerprint = "f2" }, false},
		"a live source names no place":          {live, same, false},
		"a fingerprint tells live letters same": {live, func(l *Letter) { l.Fingerprint = "f" }, false},
	} {
		if got := key(same, c.letter) == key(c.change, c.letter); got != c.same {
			t.Errorf("%s: same key %v", name, got)
		}
	}
	long := Letter{Reason: hotline.BadRow, Origin: strings.Repeat("x", 1<<20) + ":1"}
	if n := len(key(same, long)); n > 2048 {
		t.Errorf("key of %d bytes", n)
	}
}

func TestTextsAreCut(t *testing.T) {
	t.Parallel()
	l := fromKafka(1)
	l.Field, l.Detail = strings.Repeat("线", 1000), "\xff"+strings.Repeat("x", 1<<20)
	rec, err := NewSealer(identity(t).Recipient()).Encode(l)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Describe(rec)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Field) > 300 || len(got.Detail) > 1100 || strings.ContainsRune(got.Field, '\uFFFD') {
		t.Errorf("field of %d, detail of %d bytes", len(got.Field), len(got.Detail))
	}
}

func TestEnvelope(t *testing.T) {
	t.Parallel()
	id := identity(t)
	rapid.Check(t, func(t *rapid.T) {
		field := rapid.Custom(func(t *rapid.T) []byte {
			if rapid.Bool().Draw(t, "null") {
				return nil
			}
			return rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "bytes")
		})
		e := envelope{key: field.Draw(t, "key"), value: field.Draw(t, "value")}
		for range rapid.IntRange(0, 3).Draw(t, "headers") {
			e.headers = append(e.headers, broker.Header{Key: rapid.String().Draw(t, "name"), Value: field.Draw(t, "header")})
		}
		sealed, err := seal(id.Recipient(), e)
		if err != nil {
			t.Fatal(err)
		}
		got, err := open(id, sealed)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(e, got, cmp.AllowUnexported(envelope{})); diff != "" {
			t.Fatal(diff)
		}
	})
}

func FuzzEnvelope(f *testing.F) {
	f.Add([]byte{1, 2, 'a', 1, 2, 'b', 0, 1, 'x'})
	f.Add([]byte{1, 0, 255, 255, 255, 255, 15, 0})
	f.Fuzz(func(_ *testing.T, b []byte) { _, _ = parseEnvelope(b) }) // must not panic or allocate without bound
}

// topicLog is a topic in memory.
type topicLog map[string][]broker.Record

func (l topicLog) Offsets(_ context.Context, topic string) ([]broker.OffsetRange, error) {
	return []broker.OffsetRange{{Next: int64(len(l[topic]))}}, nil
}

func (l topicLog) ReadRange(_ context.Context, topic string, _ int, from, to int64, fn func([]broker.Record) error) error {
	to = min(to, int64(len(l[topic])))
	return fn(l[topic][min(from, to):to])
}

func (l topicLog) Produce(_ context.Context, topic string, recs []broker.Record) error {
	if topic == "broken" {
		return errors.New("broken")
	}
	for _, r := range recs {
		r.Offset, r.Time = int64(len(l[topic])), time.Unix(int64(len(l[topic])), 0).UTC()
		l[topic] = append(l[topic], r)
	}
	return nil
}

func TestListAndReplay(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	id := identity(t)
	s := NewSealer(id.Recipient())
	log := topicLog{}
	reject := func(letters ...Letter) {
		for _, l := range letters {
			rec, err := s.Encode(l)
			if err != nil {
				t.Fatal(err)
			}
			if err := log.Produce(ctx, "rejected", []broker.Record{rec}); err != nil {
				t.Fatal(err)
			}
		}
	}
	row := Letter{Reason: hotline.BadRow, Origin: "feb.txt:3", Source: "bank", Run: "r1", Bytes: []byte("1\t2"), Replayable: true}
	huge := Letter{Reason: hotline.TooLarge, Origin: "feb.txt:4", Source: "bank", Run: "r1", Length: 1 << 30, SHA256: "ab"}
	reject(fromKafka(1), row, fromKafka(1), fromKafka(2), huge)
	if err := log.Produce(ctx, "rejected", []broker.Record{{Key: []byte("x"), Value: []byte("not ours")}}); err != nil {
		t.Fatal(err)
	}

	list := func(q Query) Listing {
		t.Helper()
		q.Topic = "rejected"
		l, err := List(ctx, log, q)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	ids := func(l Listing) (out []string) {
		for _, e := range l.Entries {
			out = append(out, fmt.Sprintf("%s×%d", e.ID, e.Times))
		}
		return out
	}
	all := list(Query{})
	if diff := cmp.Diff([]string{"0-0×2", "0-1×1", "0-3×1", "0-4×1"}, ids(all)); diff != "" {
		t.Fatal(diff)
	}
	if all.Total != 4 || all.Foreign != 1 || all.ByReason[hotline.UnknownValue] != 2 {
		t.Errorf("listing %+v", all)
	}
	if diff := cmp.Diff([]string{"0-1×1"}, ids(list(Query{Source: "bank", Limit: 1}))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"0-4×1"}, ids(list(Query{Reason: hotline.TooLarge, Run: "r1"}))); diff != "" {
		t.Error(diff)
	}
	l, err := Open(ctx, log, "rejected", "0-2", id)
	if err != nil || string(l.Bytes) != string(fromKafka(1).Bytes) {
		t.Errorf("%v, %s", err, l.Bytes)
	}
	for _, wrong := range []string{"", "0", "0-x", "0-99", "-1-0"} {
		if _, err := Open(ctx, log, "rejected", wrong, id); err == nil {
			t.Errorf("id %q opens", wrong)
		}
	}

	r := Replayer{Reader: log, Producer: log, Identity: id, Topic: "rejected"}
	got, err := r.Replay(ctx, all.Entries)
	if err != nil {
		t.Fatal(err)
	}
	if got.Sent != 2 || len(got.Kept) != 2 {
		t.Errorf("replayed %+v", got)
	}
	want := broker.Record{Key: []byte("a"), Value: fromKafka(1).Bytes, Headers: fromKafka(1).Headers}
	if diff := cmp.Diff(want, log["hotline.calls"][0], cmpopts.IgnoreFields(broker.Record{}, "Time")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"0-1×1", "0-4×1"}, ids(list(Query{}))); diff != "" {
		t.Error(diff)
	}

	// Rejected once more, it is back on the list.
	reject(fromKafka(2))
	var rows []string
	r.Row = func(_ context.Context, l Letter) error {
		rows = append(rows, string(l.Bytes))
		return nil
	}
	if got, err = r.Replay(ctx, list(Query{Source: "bank"}).Entries); err != nil || got.Sent != 1 || len(rows) != 1 {
		t.Errorf("%+v, %v, rows %q", got, err, rows)
	}
	if diff := cmp.Diff([]string{"0-4×1", "0-8×1"}, ids(list(Query{}))); diff != "" {
		t.Error(diff)
	}

	// A broker's refusal ends it, and the letter stays.
	broken := fromKafka(7)
	broken.Topic = "broken"
	reject(broken)
	if _, err := r.Replay(ctx, list(Query{}).Entries); err == nil {
		t.Error("a refused replay counts as done")
	}
}

// TestOpenPartHoldsNoNumber: what of a letter is not sealed shows no number.
func TestOpenPartHoldsNoNumber(t *testing.T) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	rec, err := NewSealer(identity.Recipient()).Encode(Letter{
		Reason: hotline.WrongType, Field: "13812345678", Detail: "138-1234-5678 is no time", Origin: "/in/13812345678.csv:3",
		Source: "pbx 13812345678", Bytes: []byte("13812345678"), Replayable: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	open := fmt.Sprintf("%q %q %q", rec.Key, rec.Value, rec.Headers)
	for _, number := range []string{"13812345678", "138-1234-5678"} {
		if strings.Contains(open, number) {
			t.Errorf("%s is open in %s", number, open)
		}
	}
	l, err := Decode(rec, identity)
	if err != nil || string(l.Bytes) != "13812345678" || l.Origin != "/in/138****5678.csv:3" {
		t.Errorf("opened %+v, %v", l, err)
	}
}
