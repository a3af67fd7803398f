package httpapi

import (
	"context"
	"errors"
	"math"
	"net"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"hotline12333/internal/intake"
	"hotline12333/internal/intake/tokens"
)

// budget is the memory that bodies may hold.
type budget struct {
	total, share int64 // share is what one token gets

	mu      sync.Mutex
	used    int64
	byToken map[string]int64
}

var (
	errFull  = errors.New("no room for further bodies")
	errShare = errors.New("the token's requests hold too much at the same time")
)

func newBudget(total int64) *budget {
	return &budget{total: total, share: total / 2, byToken: map[string]int64{}}
}

func (b *budget) take(token string, n int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.byToken[token]+n > b.share:
		return errShare
	case b.used+n > b.total:
		return errFull
	}
	b.used += n
	b.byToken[token] += n
	return nil
}

func (b *budget) give(token string, n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used -= n
	if b.byToken[token] -= n; b.byToken[token] == 0 {
		delete(b.byToken, token)
	}
}

func (b *budget) held() float64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return float64(b.used)
}

// burst is how many seconds' worth of its rate a token may send at once.
const burst = 10

// limits are the rates of the tokens.
type limits struct {
	cfg intake.HTTP

	mu   sync.Mutex
	byID map[string]*limit
}

// limit is the rates of one token.
type limit struct {
	recordRate, byteRate int
	records, bytes       *rate.Limiter
}

func newLimits(cfg intake.HTTP) *limits { return &limits{cfg: cfg, byID: map[string]*limit{}} }

// of gives the token's limit; a token whose limits were changed begins with full buckets.
func (l *limits) of(t *tokens.Token) *limit {
	records, bytes := t.RecordsPerSecond, t.BytesPerSecond
	if records == 0 {
		records = l.cfg.RecordsPerSecond
	}
	if bytes == 0 {
		bytes = l.cfg.BytesPerSecond
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	have := l.byID[t.ID]
	if have == nil || have.recordRate != records || have.byteRate != bytes {
		have = &limit{
			recordRate: records, byteRate: bytes,
			records: rate.NewLimiter(rate.Limit(records), burst*records),
			bytes:   rate.NewLimiter(rate.Limit(bytes), burst*bytes),
		}
		l.byID[t.ID] = have
	}
	return have
}

// errNever marks an amount that no waiting makes admissible.
var errNever = errors.New("more than the token may send at once")

// spend takes n from a bucket, or says after which time there is enough in it.
func spend(bucket *rate.Limiter, now time.Time, n int) (wait time.Duration, err error) {
	if n > bucket.Burst() {
		return 0, errNever
	}
	r := bucket.ReserveN(now, n)
	if wait = r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
	}
	return wait, nil
}

// seconds rounds up, as Retry-After is in whole seconds.
func seconds(d time.Duration) int { return max(1, int(math.Ceil(d.Seconds()))) }

// gate keeps requests from waiting for a Kafka that takes nothing: after one that waited
// in vain the others are sent away, and one at a time tries whether it is back.
type gate struct {
	mu      sync.Mutex
	shut    bool
	probing bool
}

// pass says whether a request may try; release must be told how it went.
func (g *gate) pass() (release func(outcome), ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.shut {
		return func(o outcome) { g.settle(o, false) }, true
	}
	if g.probing {
		return nil, false
	}
	g.probing = true
	return func(o outcome) { g.settle(o, true) }, true
}

// closed says whether a request would be sent away.
func (g *gate) closed() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.shut && g.probing
}

// outcome of an attempt to deliver.
type outcome int

const (
	unknown outcome = iota // Kafka was not asked
	stored
	waited // in vain
)

func (g *gate) settle(o outcome, probe bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if probe {
		g.probing = false
	}
	switch o {
	case stored:
		g.shut = false
	case waited:
		g.shut = true
	case unknown:
	}
}

// ping asks Kafka at most every half second, however often it is asked itself.
type ping struct {
	mu  sync.Mutex
	at  time.Time
	err error
}

const pingEvery = 500 * time.Millisecond

func (p *ping) ask(ctx context.Context, do func(context.Context) error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.at) < pingEvery {
		return p.err
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	p.err = do(ctx)
	p.at = time.Now()
	return p.err
}

// bounded is a listener that lets so many connections be open at the same time. Further
// ones wait in the system's queue; those that send nothing are closed after seconds.
type bounded struct {
	net.Listener
	free chan struct{}
	done chan struct{}
	once sync.Once
}

func newBounded(l net.Listener, most int) *bounded {
	return &bounded{Listener: l, free: make(chan struct{}, most), done: make(chan struct{})}
}

func (b *bounded) Accept() (net.Conn, error) {
	select {
	case b.free <- struct{}{}:
	case <-b.done:
		return nil, net.ErrClosed
	}
	c, err := b.Listener.Accept()
	if err != nil {
		<-b.free
		return nil, err
	}
	return &boundedConn{Conn: c, listener: b}, nil
}

func (b *bounded) Close() error {
	b.once.Do(func() { close(b.done) })
	return b.Listener.Close()
}

type boundedConn struct {
	net.Conn
	listener *bounded
	once     sync.Once
}

func (c *boundedConn) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() { <-c.listener.free })
	return err
}

// CloseWrite lets the server end its half first, so that an answer to a request that was
// not read to its end arrives.
func (c *boundedConn) CloseWrite() error {
	if t, ok := c.Conn.(*net.TCPConn); ok {
		return t.CloseWrite()
	}
	return nil
}
