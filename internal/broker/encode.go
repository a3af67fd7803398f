package broker

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/segmentio/kafka-go"
)

// recordOverhead is about what the format adds to key and value.
const recordOverhead = 32

// size is an upper bound of the record's uncompressed size in a batch.
func (r *Record) size() int {
	n := recordOverhead + len(r.Key) + len(r.Value)
	for i := range r.Headers {
		n += 10 + len(r.Headers[i].Key) + len(r.Headers[i].Value)
	}
	return n
}

// encoder writes one record batch. It copies what it is given, so the records
// are free again when bytes is called.
type encoder struct {
	now     int64 // ms, of records without a time
	first   int64 // timestamp
	last    int64 // greatest timestamp
	count   int32
	records []byte
	scratch []byte
}

func newEncoder(now time.Time, sizeHint int) *encoder {
	return &encoder{now: now.UnixMilli(), records: make([]byte, 0, sizeHint)}
}

func (e *encoder) add(r *Record) {
	ts := e.now
	if !r.Time.IsZero() {
		ts = r.Time.UnixMilli()
	}
	if e.count == 0 {
		e.first, e.last = ts, ts
	}
	e.last = max(e.last, ts)

	b := append(e.scratch[:0], 0) // attributes
	b = binary.AppendVarint(b, ts-e.first)
	b = binary.AppendVarint(b, int64(e.count))
	b = appendBytes(b, r.Key)
	b = appendBytes(b, r.Value)
	b = binary.AppendVarint(b, int64(len(r.Headers)))
	for i := range r.Headers {
		h := &r.Headers[i]
		b = binary.AppendVarint(b, int64(len(h.Key)))
		b = append(b, h.Key...)
		b = appendBytes(b, h.Value)
	}
	e.scratch = b
	e.records = binary.AppendVarint(e.records, int64(len(b)))
	e.records = append(e.records, b...)
	e.count++
}

// appendBytes writes a field with its length; nil has length −1.
func appendBytes(b, field []byte) []byte {
	if field == nil {
		return binary.AppendVarint(b, -1)
	}
	return append(binary.AppendVarint(b, int64(len(field))), field...)
}

// bytes finishes the batch.
func (e *encoder) bytes(codec kafka.Compression) ([]byte, error) {
	records := e.records
	if codec != 0 {
		var buf bytes.Buffer
		buf.Grow(len(records)/2 + 64)
		w := codec.Codec().NewWriter(&buf)
		if _, err := w.Write(records); err != nil {
			return nil, fmt.Errorf("compressing a batch (%s): %w", codec, err)
		}
		if err := w.Close(); err != nil {
			return nil, fmt.Errorf("compressing a batch (%s): %w", codec, err)
		}
		// What does not shrink travels as it is.
		if buf.Len() < len(records) {
			records = buf.Bytes()
		} else {
			codec = 0
		}
	}
	be := binary.BigEndian
	b := make([]byte, batchHeader, batchHeader+len(records))
	be.PutUint32(b[8:], uint32(batchHeader-batchPrefix+len(records)))
	be.PutUint32(b[12:], ^uint32(0)) // leader epoch: the broker sets it
	b[16] = 2
	be.PutUint16(b[21:], uint16(codec)&attrCodec)
	be.PutUint32(b[23:], uint32(e.count-1))
	be.PutUint64(b[27:], uint64(e.first))
	be.PutUint64(b[35:], uint64(e.last))
	be.PutUint64(b[43:], ^uint64(0)) // no producer id, epoch or sequence
	be.PutUint16(b[51:], ^uint16(0))
	be.PutUint32(b[53:], ^uint32(0))
	be.PutUint32(b[57:], uint32(e.count))
	b = append(b, records...)
	be.PutUint32(b[17:], crc32.Checksum(b[batchCRCStart:], castagnoli()))
	return b, nil
}
