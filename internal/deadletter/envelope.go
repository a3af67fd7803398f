package deadletter

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"

	"hotline12333/internal/broker"
)

// envelopeFormat is the first sealed byte.
const envelopeFormat = 1

// envelope is what is sealed: the record as it was. Lengths are uvarints, one higher
// than the length so that null and empty stay apart, as Kafka keeps them.
type envelope struct {
	key     []byte
	headers []broker.Header
	value   []byte
}

func seal(recipient age.Recipient, e envelope) ([]byte, error) {
	var out bytes.Buffer
	out.Grow(len(e.value) + len(e.value)/4096 + 1024)
	w, err := age.Encrypt(&out, recipient)
	if err != nil {
		return nil, err
	}
	head := appendBytes([]byte{envelopeFormat}, e.key)
	head = binary.AppendUvarint(head, uint64(len(e.headers)))
	for _, h := range e.headers {
		head = appendBytes(head, []byte(h.Key))
		head = appendBytes(head, h.Value)
	}
	if e.value == nil {
		head = append(head, 0)
	} else {
		head = append(head, 1)
	}
	for _, part := range [][]byte{head, e.value} {
		if _, err := w.Write(part); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func appendBytes(b, field []byte) []byte {
	if field == nil {
		return append(b, 0)
	}
	return append(binary.AppendUvarint(b, uint64(len(field))+1), field...)
}

func open(identity age.Identity, sealed []byte) (envelope, error) {
	r, err := age.Decrypt(bytes.NewReader(sealed), identity)
	if err != nil {
		if _, ok := errors.AsType[*age.NoIdentityMatchError](err); ok {
			return envelope{}, fmt.Errorf("it was sealed for another key: %w", err)
		}
		return envelope{}, err
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		return envelope{}, err
	}
	return parseEnvelope(plain)
}

func parseEnvelope(b []byte) (envelope, error) {
	var e envelope
	if len(b) == 0 || b[0] != envelopeFormat {
		return e, errors.New("its content is of a format this version does not know")
	}
	c := cursor{b: b[1:]}
	e.key = c.bytes()
	n := c.uvarint()
	for i := uint64(0); i < n && !c.bad; i++ {
		name := c.bytes()
		e.headers = append(e.headers, broker.Header{Key: string(name), Value: c.bytes()})
	}
	if c.bad || len(c.b) == 0 {
		return envelope{}, io.ErrUnexpectedEOF
	}
	if c.b[0] != 0 {
		e.value = c.b[1:]
	}
	return e, nil
}

// cursor reads fields; after the first that does not fit it is bad.
type cursor struct {
	b   []byte
	bad bool
}

func (c *cursor) uvarint() uint64 {
	v, n := binary.Uvarint(c.b)
	if n <= 0 {
		c.bad, c.b = true, nil
		return 0
	}
	c.b = c.b[n:]
	return v
}

func (c *cursor) bytes() []byte {
	n := c.uvarint()
	if c.bad || n == 0 {
		return nil
	}
	if n--; n > uint64(len(c.b)) {
		c.bad, c.b = true, nil
		return nil
	}
	out := c.b[:n:n]
	c.b = c.b[n:]
	return out
}
