package embedded

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// maxRequestBytes is Kafka's own socket.request.max.bytes.
const maxRequestBytes = 100 << 20

// listen waits for a port in use until ctx ends.
func listen(ctx context.Context, addr string, log *slog.Logger) (net.Listener, error) {
	for {
		ln, err := (&net.ListenConfig{}).Listen(context.WithoutCancel(ctx), "tcp", addr)
		switch {
		case err == nil:
			return &guardedListener{Listener: ln, log: log, closed: make(chan struct{})}, nil
		case !errors.Is(err, syscall.EADDRINUSE):
			return nil, fmt.Errorf("listening on %s: %w", addr, err)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("embedded_broker.listen: the address %s is in use by another program: stop that one or choose another port (--set embedded_broker.listen=127.0.0.1:PORT)", addr)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// guardedListener keeps two things from kfake that would end it: an Accept
// that fails for a moment (no file descriptors left) ends its loop, and a
// request of an unknown kind, as any stray connection sends, panics.
type guardedListener struct {
	net.Listener
	log    *slog.Logger
	once   sync.Once
	closed chan struct{}
}

func (l *guardedListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

func (l *guardedListener) Accept() (net.Conn, error) {
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		conn, err := l.Listener.Accept()
		if err == nil {
			return &guardedConn{Conn: conn, log: l.log}, nil
		}
		if errors.Is(err, net.ErrClosed) {
			return nil, err
		}
		l.log.Error("accepting a connection failed, trying again", "error", err)
		select {
		case <-l.closed:
			return nil, net.ErrClosed
		case <-time.After(pause):
		}
	}
}

// guardedConn looks at the first bytes of each request before kfake does.
type guardedConn struct {
	net.Conn
	log    *slog.Logger
	head   []byte // checked, not yet read on
	remain int    // of the request after head
}

const headBytes = 8 // size, key and version

func (c *guardedConn) Read(p []byte) (int, error) {
	if len(c.head) == 0 && c.remain == 0 {
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	if len(c.head) > 0 {
		n := copy(p, c.head)
		c.head = c.head[n:]
		return n, nil
	}
	n, err := c.Conn.Read(p[:min(len(p), c.remain)])
	c.remain -= n
	return n, err
}

func (c *guardedConn) next() error {
	head := make([]byte, headBytes)
	if _, err := io.ReadFull(c.Conn, head); err != nil {
		return err
	}
	size := int(binary.BigEndian.Uint32(head))
	key := int16(binary.BigEndian.Uint16(head[4:]))
	version := int16(binary.BigEndian.Uint16(head[6:]))
	if err := checkRequest(size, key, version); err != nil {
		c.log.Warn("connection does not speak kafka, closing it", "remote", c.RemoteAddr().String(), "error", err)
		return err
	}
	c.head, c.remain = head, size-(headBytes-4)
	return nil
}

func checkRequest(size int, key, version int16) error {
	if size < headBytes || size > maxRequestBytes {
		return fmt.Errorf("request of %d bytes", size)
	}
	req := kmsg.RequestForKey(key)
	if req == nil {
		return fmt.Errorf("request of unknown kind %d", key)
	}
	// A newer ApiVersions request is answered with the versions there are.
	if version < 0 || version > req.MaxVersion() && key != kmsg.ApiVersions.Int16() {
		return fmt.Errorf("request %s of unknown version %d", kmsg.NameForKey(key), version)
	}
	return nil
}
