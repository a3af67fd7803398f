package broker

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// maxResponseBytes bounds what a broken peer can make this program allocate.
const maxResponseBytes = 512 << 20

// anyBroker routes a request to whichever broker the transport is connected to.
const anyBroker int32 = -1

// The two message types below travel over kafka-go's transport (its
// connections, encryption, login and pooling) but are written and read by
// themselves, which kafka-go allows through protocol.RawExchanger.

// kmsgRequest is a request in a version kafka-go does not speak: topic ids need
// Metadata 10, and a fetch is decoded faster and more strictly than kafka-go does.
type kmsgRequest struct {
	clientID string
	req      kmsg.Request // its version is set
	into     kmsg.Response
}

func (r *kmsgRequest) ApiKey() protocol.ApiKey                 { return protocol.ApiKey(r.req.Key()) }
func (r *kmsgRequest) Required(map[protocol.ApiKey]int16) bool { return true }
func (r *kmsgRequest) RawExchange(rw io.ReadWriter) (protocol.Message, error) {
	frame := kmsg.NewRequestFormatter(kmsg.FormatterClientID(r.clientID)).AppendRequest(nil, r.req, 1)
	if _, err := rw.Write(frame); err != nil {
		return nil, err
	}
	body, err := readFrame(rw, 1, r.into)
	if err != nil {
		return nil, err
	}
	if err := r.into.ReadFrom(body); err != nil {
		return nil, fmt.Errorf("reading the answer to %s: %w", kmsg.NameForKey(r.req.Key()), err)
	}
	return r, nil
}

// readFrame reads one response and strips its header.
func readFrame(r io.Reader, correlation uint32, res kmsg.Response) ([]byte, error) {
	var head [8]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		if errors.Is(err, io.EOF) {
			err = fmt.Errorf("broker closed the connection: %w", io.ErrUnexpectedEOF)
		}
		return nil, err
	}
	size := binary.BigEndian.Uint32(head[:4])
	if size < 4 || size > maxResponseBytes {
		return nil, fmt.Errorf("answer of %d bytes is no Kafka answer", size)
	}
	if got := binary.BigEndian.Uint32(head[4:]); got != correlation {
		return nil, fmt.Errorf("answer belongs to request %d, not %d", got, correlation)
	}
	body := make([]byte, size-4)
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, err
	}
	if res.IsFlexible() {
		return skipTags(body)
	}
	return body, nil
}

// skipTags drops the tagged fields that end a flexible response header.
func skipTags(b []byte) ([]byte, error) {
	n, w := binary.Uvarint(b)
	if w <= 0 {
		return nil, io.ErrUnexpectedEOF
	}
	for b = b[w:]; n > 0; n-- {
		_, w := binary.Uvarint(b)
		if w <= 0 {
			return nil, io.ErrUnexpectedEOF
		}
		size, w2 := binary.Uvarint(b[w:])
		if w2 <= 0 || size > uint64(len(b)-w-w2) {
			return nil, io.ErrUnexpectedEOF
		}
		b = b[w+w2+int(size):]
	}
	return b, nil
}

// routedRequest is one of kafka-go's own requests sent to a broker of our
// choice: kafka-go's cached layout does not know a topic made a moment ago.
type routedRequest struct {
	clientID string
	version  int16
	req      protocol.Message
}

func (r *routedRequest) ApiKey() protocol.ApiKey { return r.req.ApiKey() }

// Required notes the version negotiated on the connection about to be used.
func (r *routedRequest) Required(versions map[protocol.ApiKey]int16) bool {
	r.version = versions[r.req.ApiKey()]
	return true
}

func (r *routedRequest) RawExchange(rw io.ReadWriter) (protocol.Message, error) {
	if p, ok := r.req.(protocol.PreparedMessage); ok {
		p.Prepare(r.version)
	}
	return protocol.RoundTrip(rw, r.version, 1, r.clientID, r.req)
}

// toBroker adds a target to a message that otherwise goes to any broker.
type toBroker struct {
	protocol.Message
	id int32
}

func (m toBroker) Broker(protocol.Cluster) (protocol.Broker, error) {
	return protocol.Broker{ID: m.id}, nil
}

func (m toBroker) Required(versions map[protocol.ApiKey]int16) bool {
	return m.Message.(protocol.RawExchanger).Required(versions)
}

func (m toBroker) RawExchange(rw io.ReadWriter) (protocol.Message, error) {
	return m.Message.(protocol.RawExchanger).RawExchange(rw)
}

var (
	_ protocol.RawExchanger  = (*kmsgRequest)(nil)
	_ protocol.RawExchanger  = (*routedRequest)(nil)
	_ protocol.BrokerMessage = toBroker{}
	_ protocol.RawExchanger  = toBroker{}
)

// exchange sends req to a broker and fills res.
func (c *Client) exchange(ctx context.Context, broker int32, req kmsg.Request, res kmsg.Response) error {
	res.SetVersion(req.GetVersion())
	var m protocol.Message = &kmsgRequest{clientID: c.cfg.ClientID, req: req, into: res}
	if broker != anyBroker {
		m = toBroker{Message: m, id: broker}
	}
	_, err := c.roundTrip(ctx, m)
	return err
}

// routed sends one of kafka-go's requests to a broker.
func routed[R protocol.Message](ctx context.Context, c *Client, broker int32, req protocol.Message) (R, error) {
	var none R
	m, err := c.roundTrip(ctx, toBroker{Message: &routedRequest{clientID: c.cfg.ClientID, req: req}, id: broker})
	if err != nil {
		return none, err
	}
	res, ok := m.(R)
	if !ok {
		return none, fmt.Errorf("answer to %v is a %T", req.ApiKey(), m)
	}
	return res, nil
}
