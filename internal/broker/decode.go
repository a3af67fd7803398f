package broker

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Why not kafka-go's decoder: it reads byte by byte through interfaces, gives
// back what it had when it meets a broken batch as if nothing were wrong, and
// hides where a batch without visible records ends.

const (
	batchPrefix    = 12 // base offset and length, before what length counts
	batchCRCStart  = 21 // of what the checksum covers
	batchHeader    = 61
	attrCodec      = 0x07
	attrAppendTime = 0x08
	attrControl    = 0x20
	maxBatchBytes  = 256 << 20
)

// decoded is the outcome of reading the record batches of one fetch.
type decoded struct {
	records   []Record
	next      int64 // offset after the last whole batch; the start when there was none
	truncated bool  // the answer held a part of a batch only
	expect    int   // records the batches claim to hold
}

type decodeTarget struct {
	topic     string
	partition int
	from      int64
}

// decodeBatches reads all whole batches; records before from and control
// records are left out. A batch cut off at the end is normal: Kafka fills its
// answers up to the byte. Keys, values and headers alias raw where it is not
// compressed.
func decodeBatches(raw []byte, to decodeTarget) (decoded, error) {
	out := decoded{next: to.from, expect: countRecords(raw)}
	for len(raw) >= batchPrefix {
		size := int(int32(binary.BigEndian.Uint32(raw[8:])))
		if size < batchHeader-batchPrefix {
			return out, fmt.Errorf("record batch at offset %d of %d bytes", out.next, size)
		}
		if size > len(raw)-batchPrefix {
			break
		}
		batch := raw[:batchPrefix+size]
		raw = raw[len(batch):]
		if err := out.add(batch, to); err != nil {
			return out, err
		}
	}
	out.truncated = out.next == to.from && len(raw) > 0
	return out, nil
}

// countRecords sums up what the headers say.
func countRecords(raw []byte) int {
	n := 0
	for len(raw) >= batchHeader {
		size := batchPrefix + int(int32(binary.BigEndian.Uint32(raw[8:])))
		if size < batchHeader || size > len(raw) {
			break
		}
		n += max(int(int32(binary.BigEndian.Uint32(raw[57:]))), 0)
		raw = raw[size:]
	}
	return n
}

func (d *decoded) add(batch []byte, to decodeTarget) error {
	if magic := batch[16]; magic != 2 {
		return fmt.Errorf("record batch at offset %d has format %d, only 2 is read (Kafka 0.11 or newer)", d.next, magic)
	}
	var rb kmsg.RecordBatch
	if err := rb.ReadFrom(batch); err != nil {
		return fmt.Errorf("record batch after offset %d: %w", d.next, err)
	}
	end := rb.FirstOffset + int64(rb.LastOffsetDelta) + 1
	if end <= to.from {
		return nil // the fetch began within this batch's segment, not in it
	}
	if crc := crc32.Checksum(batch[batchCRCStart:], castagnoli()); crc != uint32(rb.CRC) {
		return fmt.Errorf("record batch at offset %d is damaged: checksum %08x, not %08x", rb.FirstOffset, crc, uint32(rb.CRC))
	}
	if rb.Attributes&attrControl == 0 {
		if err := d.addRecords(&rb, to); err != nil {
			return fmt.Errorf("record batch at offset %d: %w", rb.FirstOffset, err)
		}
	}
	d.next = end
	return nil
}

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

func (d *decoded) addRecords(rb *kmsg.RecordBatch, to decodeTarget) error {
	data, err := decompress(rb.Records, int8(rb.Attributes&attrCodec))
	if err != nil {
		return err
	}
	// A record takes at least 7 bytes; a count that cannot be must not allocate.
	if rb.NumRecords < 0 || int(rb.NumRecords) > len(data)/7+1 {
		return fmt.Errorf("%d records in %d bytes", rb.NumRecords, len(data))
	}
	if d.records == nil {
		// Claims of later batches are believed as far as this one's were.
		d.records = make([]Record, 0, max(int(rb.NumRecords), min(d.expect, 1<<16)))
	}
	for i := range int(rb.NumRecords) {
		size, w := binary.Varint(data)
		if w <= 0 || size < 0 || size > int64(len(data)-w) {
			return fmt.Errorf("record %d is cut off", i)
		}
		rec, err := decodeRecord(data[w:w+int(size)], rb)
		if err != nil {
			return fmt.Errorf("record %d: %w", i, err)
		}
		data = data[w+int(size):]
		if rec.Offset < to.from {
			continue
		}
		rec.Topic, rec.Partition = to.topic, to.partition
		d.records = append(d.records, rec)
	}
	return nil
}

func decodeRecord(b []byte, rb *kmsg.RecordBatch) (Record, error) {
	c := cursor{b: b}
	c.skip(1) // attributes: none are defined
	tsDelta := c.varint()
	offsetDelta := c.varint()
	rec := Record{Offset: rb.FirstOffset + offsetDelta, Key: c.bytes(), Value: c.bytes()}
	if n := c.varint(); n > 0 && !c.bad {
		if n > int64(len(c.b)) {
			return rec, fmt.Errorf("%d headers in %d bytes", n, len(c.b))
		}
		rec.Headers = make([]Header, 0, n)
		for range n {
			rec.Headers = append(rec.Headers, Header{Key: string(c.bytes()), Value: c.bytes()})
		}
	}
	if c.bad {
		return rec, io.ErrUnexpectedEOF
	}
	ts := rb.FirstTimestamp + tsDelta
	if rb.Attributes&attrAppendTime != 0 {
		ts = rb.MaxTimestamp
	}
	rec.Time = time.UnixMilli(ts).UTC()
	return rec, nil
}

// cursor reads a record's fields; after the first that does not fit it is bad.
type cursor struct {
	b   []byte
	bad bool
}

func (c *cursor) skip(n int) {
	if n > len(c.b) {
		c.bad, n = true, len(c.b)
	}
	c.b = c.b[n:]
}

func (c *cursor) varint() int64 {
	v, w := binary.Varint(c.b)
	if w <= 0 {
		c.bad, c.b = true, nil
		return 0
	}
	c.b = c.b[w:]
	return v
}

// bytes reads a field whose length may be −1 for null.
func (c *cursor) bytes() []byte {
	n := c.varint()
	if c.bad || n < 0 {
		return nil
	}
	if n > int64(len(c.b)) {
		c.bad, c.b = true, nil
		return nil
	}
	out := c.b[:n:n]
	c.b = c.b[n:]
	return out
}

func decompress(b []byte, codec int8) ([]byte, error) {
	if codec == 0 {
		return b, nil
	}
	compression := kafka.Compression(codec)
	if codec < 0 || codec > 4 || compression.Codec() == nil {
		return nil, fmt.Errorf("unknown compression %d", codec)
	}
	r := compression.Codec().NewReader(bytes.NewReader(b))
	defer r.Close()
	var out bytes.Buffer
	out.Grow(4 * len(b))
	n, err := io.Copy(&out, io.LimitReader(r, maxBatchBytes+1))
	if err != nil {
		return nil, fmt.Errorf("decompressing (%s): %w", compression, err)
	}
	if n > maxBatchBytes {
		return nil, fmt.Errorf("decompresses to more than %d bytes", maxBatchBytes)
	}
	return out.Bytes(), nil
}
