package deadletter

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"filippo.io/age"

	"hotline12333/internal/broker"
	"hotline12333/internal/hotline"
	"hotline12333/internal/personal"
)

// Sizes in bytes. A letter of more than MaxBytes keeps the first KeptBytes, its length
// and its SHA-256. MaxRecord is what the topic must admit (max.message.bytes): the
// largest letter, sealed, with its headers.
const (
	MaxBytes  = 8 << 20
	KeptBytes = 64 << 10
	MaxRecord = MaxBytes + 256<<10
)

// Limits of the texts in headers, in bytes; what is longer is cut.
const (
	maxShort = 256
	maxPlace = 1024
)

// Letter is one rejected record.
type Letter struct {
	Reason hotline.Reason
	Field  string // at fault, as in the contract; may be empty
	Detail string // never holds the value of a personal field
	Origin string // "file:line", or the name of a live source
	Run    string // the import it belongs to; empty for live intake
	Source string

	// Where the record was in Kafka. An empty Topic: it never got there.
	Topic     string
	Partition int
	Offset    int64

	// Fingerprint tells records of one place apart: a keyed hash of a row's content,
	// the id of a topic that may be created again. With it the same row rejected in
	// two imports is one letter; without, only within one import.
	Fingerprint string

	// Sealed together; only [Decode] with an identity gives them back.
	Key     []byte          // of the Kafka record
	Headers []broker.Header // of the Kafka record
	Bytes   []byte          // nil for a Kafka record without a value

	// Length is that of the whole record, SHA256 the hash of it in hexadecimal. A
	// writer sets them only when it gives less than the whole in Bytes; the hash is
	// kept only then, for that of a short row would tell its content.
	Length int64
	SHA256 string

	// Replayable says that the letter holds all that is needed to send the record
	// again. A letter that was cut never does.
	Replayable bool
}

// Truncated says whether the letter holds only the record's beginning.
func (l *Letter) Truncated() bool { return l.Length > int64(len(l.Bytes)) }

// Sealer writes letters. It is safe for concurrent use.
type Sealer struct{ recipient age.Recipient }

// NewSealer returns a sealer for the recipient whose identity opens the letters.
func NewSealer(recipient age.Recipient) *Sealer { return &Sealer{recipient} }

// Encode returns the letter as a record for the topic of dead letters, with a key that
// is the same whenever the same record is rejected again.
func (s *Sealer) Encode(l Letter) (broker.Record, error) { return s.encode(l, MaxBytes) }

// EncodeShort is [Sealer.Encode] for a topic that does not admit large records: it keeps
// the record's beginning only, and marks it as not replayable if that cuts it.
func (s *Sealer) EncodeShort(l Letter) (broker.Record, error) { return s.encode(l, KeptBytes) }

func (s *Sealer) encode(l Letter, most int) (broker.Record, error) {
	l = truncate(l, most)
	// What is not sealed is for everybody to see, a file's name and a broken record's words.
	for _, text := range []*string{&l.Field, &l.Detail, &l.Origin, &l.Source} {
		*text = personal.Scrub(*text)
	}
	body, err := seal(s.recipient, envelope{key: l.Key, headers: l.Headers, value: l.Bytes})
	if err != nil {
		return broker.Record{}, fmt.Errorf("sealing a dead letter from %s: %w", l.place(), err)
	}
	h := headers{}
	h.add("reason", string(l.Reason), maxShort)
	h.add("field", l.Field, maxShort)
	h.add("detail", l.Detail, maxPlace)
	h.add("origin", l.Origin, maxPlace)
	h.add("run", l.Run, maxShort)
	h.add("source", l.Source, maxShort)
	if l.Topic != "" {
		h.add("topic", l.Topic, maxShort)
		h.add("partition", strconv.Itoa(l.Partition), maxShort)
		h.add("offset", strconv.FormatInt(l.Offset, 10), maxShort)
	}
	h.add("fingerprint", l.Fingerprint, maxShort)
	h.add("length", strconv.FormatInt(l.Length, 10), maxShort)
	h.add("sha256", l.SHA256, maxShort)
	h.add("replayable", strconv.FormatBool(l.Replayable), maxShort)
	return broker.Record{Key: []byte(l.recordKey()), Value: body, Headers: h.list}, nil
}

// truncate completes Length, and cuts a letter that is too large to travel.
func truncate(l Letter, most int) Letter {
	size := len(l.Bytes) + len(l.Key)
	for _, h := range l.Headers {
		size += len(h.Key) + len(h.Value)
	}
	whole := l.Length <= int64(len(l.Bytes))
	if whole {
		l.Length, l.SHA256 = int64(len(l.Bytes)), ""
	} else {
		l.Replayable = false
	}
	if size <= most {
		return l
	}
	if whole && len(l.Bytes) > KeptBytes {
		sum := sha256.Sum256(l.Bytes)
		l.SHA256 = hex.EncodeToString(sum[:])
	}
	l.Replayable = false
	l.Bytes = l.Bytes[:min(len(l.Bytes), KeptBytes)]
	l.Key = l.Key[:min(len(l.Key), maxPlace)]
	l.Headers = nil
	return l
}

// place is where the record came from, for people.
func (l *Letter) place() string {
	switch {
	case l.Origin != "":
		return l.Origin
	case l.Topic != "":
		return fmt.Sprintf("%s/%d/%d", l.Topic, l.Partition, l.Offset)
	}
	return l.Source
}

// recordKey is by origin. Nothing of the content is in it, for it is not sealed.
func (l *Letter) recordKey() string {
	switch {
	case l.Topic != "":
		return join("kafka", l.Topic, l.Fingerprint, strconv.Itoa(l.Partition), strconv.FormatInt(l.Offset, 10))
	case l.Fingerprint != "":
		return join("row", l.Source, l.Origin, l.Fingerprint)
	case namesLine(l.Origin):
		return join("line", l.Run, l.Source, l.Origin)
	default:
		// A source's name is no place: two letters from there are two letters.
		return join("live", l.Source, l.Origin, rand.Text())
	}
}

// join keeps keys bounded and readable; a part that is cut stays distinct by its hash.
func join(parts ...string) string {
	for i, p := range parts {
		if len(p) > maxPlace {
			sum := sha256.Sum256([]byte(p))
			parts[i] = p[:maxShort] + "~" + hex.EncodeToString(sum[:8])
		}
	}
	return strings.Join(parts, "\x1f")
}

func namesLine(origin string) bool {
	_, line, ok := cutLast(origin, ":")
	if !ok {
		return false
	}
	_, err := strconv.ParseUint(line, 10, 63)
	return err == nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

type headers struct{ list []broker.Header }

func (h *headers) add(key, value string, most int) {
	if value == "" {
		return
	}
	h.list = append(h.list, broker.Header{Key: key, Value: []byte(clip(value, most))})
}

// clip cuts a text to its limit, between characters, and mends what is not UTF-8.
func clip(s string, most int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= most {
		return s
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// Describe reads a letter's headers and leaves the sealed part closed: Key, Headers and
// Bytes stay nil, and Truncated has no meaning.
func Describe(rec broker.Record) (Letter, error) {
	text := func(key string) string {
		v, _ := rec.Header(key)
		return string(v)
	}
	l := Letter{
		Reason: hotline.Reason(text("reason")), Field: text("field"), Detail: text("detail"),
		Origin: text("origin"), Run: text("run"), Source: text("source"), Topic: text("topic"),
		Fingerprint: text("fingerprint"), SHA256: text("sha256"), Replayable: text("replayable") == "true",
	}
	if l.Reason == "" {
		return Letter{}, errors.New("not a dead letter: it has no reason")
	}
	var err error
	if l.Length, err = strconv.ParseInt(text("length"), 10, 64); err != nil {
		return Letter{}, fmt.Errorf("not a dead letter: length: %w", err)
	}
	if l.Topic == "" {
		return l, nil
	}
	if l.Partition, err = strconv.Atoi(text("partition")); err != nil {
		return Letter{}, fmt.Errorf("dead letter: partition: %w", err)
	}
	if l.Offset, err = strconv.ParseInt(text("offset"), 10, 64); err != nil {
		return Letter{}, fmt.Errorf("dead letter: offset: %w", err)
	}
	return l, nil
}

// Decode reads a letter and opens its seal.
func Decode(rec broker.Record, identity age.Identity) (Letter, error) {
	l, err := Describe(rec)
	if err != nil {
		return Letter{}, err
	}
	e, err := open(identity, rec.Value)
	if err != nil {
		return Letter{}, fmt.Errorf("opening the dead letter from %s: %w", l.place(), err)
	}
	l.Key, l.Headers, l.Bytes = e.key, e.headers, e.value
	return l, nil
}

// Entry is a letter in a listing: Key, Headers and Bytes stay sealed.
type Entry struct {
	ID     string // names it to [Open], "partition-offset" in the topic of dead letters
	Letter Letter
	At     time.Time // when it was first rejected, UTC
	Times  int       // how often the same record was rejected since it was last replayed

	key       string
	partition int
	offset    int64
}
