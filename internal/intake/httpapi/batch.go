package httpapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"hotline12333/internal/broker"
	"hotline12333/internal/deadletter"
	"hotline12333/internal/hotline"
	"hotline12333/internal/intake"
	"hotline12333/internal/intake/tokens"
	"hotline12333/internal/personal"
)

// batch is the records of one request on their way to Kafka.
type batch struct {
	token   *tokens.Token
	headers []broker.Header // the same for all
	arena   []byte          // of keys and values
	parts   map[tokens.Kind]*part
	letters []deadletter.Letter
	answer  answer
}

// part is the records for one topic, and where in the answer they stand.
type part struct {
	records []broker.Record
	results []int
}

func newBatch(t *tokens.Token, request string, size int) *batch {
	return &batch{
		token:   t,
		headers: []broker.Header{{Key: "origin", Value: []byte("http:" + t.Name)}},
		arena:   make([]byte, 0, size+size/4+256),
		parts:   map[tokens.Kind]*part{},
		answer:  answer{request: request},
	}
}

func (b *batch) reject(line int64, id string, err *hotline.RejectError) {
	r := rejection(line, id, err)
	r.detail = personal.Scrub(r.detail) // senders write answers into logs
	b.answer.results = append(b.answer.results, r)
}

// accept adds a record whose key and value the caller has appended to the arena, from at
// on. The arena may move as it grows: what was cut from it before keeps its old place.
func (b *batch) accept(k tokens.Kind, at, key int, told result) {
	p := b.parts[k]
	if p == nil {
		p = &part{}
		b.parts[k] = p
	}
	p.records = append(p.records, broker.Record{
		Key: b.arena[at : at+key : at+key], Value: b.arena[at+key : len(b.arena) : len(b.arena)], Headers: b.headers,
	})
	p.results = append(p.results, len(b.answer.results))
	told.status = accepted
	b.answer.results = append(b.answer.results, told)
}

// retryStore is what senders are asked to wait while Kafka takes nothing.
const retryStore = 5 * time.Second

func errNotStored() *problem {
	return unavailable(retryStore, "Kafka takes no records at the moment: nothing of this request is acknowledged, send it again")
}

// deliver returns when Kafka has everything, or has not had it in time: then some of it
// may be stored, and sending all of it again changes nothing, for a record counts once.
func (s *Server) deliver(ctx context.Context, b *batch) *problem {
	if len(b.parts) == 0 && len(b.letters) == 0 {
		return nil
	}
	release, ok := s.gate.pass()
	if !ok {
		return errNotStored()
	}
	went := unknown
	defer func() { release(went) }()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.AckTimeout)
	defer cancel()
	began := time.Now()
	if err := s.produce(ctx, b); err != nil {
		went = waited
		s.log.Warn("records not stored, their sender is told to come again", "token", b.token.Name, "records", len(b.answer.results), "err", err)
		return errNotStored()
	}
	went = stored
	s.metrics.ack.Observe(time.Since(began).Seconds())
	return nil
}

func (s *Server) produce(ctx context.Context, b *batch) error {
	if err := s.sendLetters(ctx, b.letters); err != nil {
		return err
	}
	for _, k := range tokens.Kinds() {
		p := b.parts[k]
		if p == nil {
			continue
		}
		err := s.deps.Broker.Produce(ctx, s.topic(k), p.records)
		var partial *broker.PartialError
		if !errors.As(err, &partial) {
			if err != nil {
				return err
			}
			continue
		}
		for _, f := range partial.Failed {
			if !errors.Is(f.Err, broker.ErrTooLarge) {
				return err
			}
			told := &b.answer.results[p.results[f.Index]]
			*told = rejection(told.line, told.id, hotline.Reject(hotline.TooLarge, "", "the topic does not admit a record of this size"))
		}
	}
	return nil
}

func (s *Server) sendLetters(ctx context.Context, letters []deadletter.Letter) error {
	if len(letters) == 0 {
		return nil
	}
	records := make([]broker.Record, len(letters))
	for i := range letters {
		var err error
		if records[i], err = s.sealer.Encode(letters[i]); err != nil {
			return err
		}
	}
	return s.deps.Broker.Produce(ctx, s.deps.Topics.Rejected, records)
}

func (s *Server) topic(k tokens.Kind) string {
	switch k {
	case tokens.Tickets:
		return s.deps.Topics.Tickets
	case tokens.Supplements:
		return s.deps.Topics.Supplements
	case tokens.Agents:
		return s.deps.Topics.Agents
	}
	return s.deps.Topics.Calls
}

// spend takes a request's records from the token's rate.
func (s *Server) spend(l *limit, n int) *problem {
	if n == 0 {
		return nil
	}
	wait, err := spend(l.records, time.Now(), n)
	switch {
	case err != nil:
		return refuse(http.StatusRequestEntityTooLarge, codeLarge, "more records than this token may send at once: send fewer in one request, or raise its limit")
	case wait > 0:
		return tooMany(wait, "this token's limit of records a second is reached")
	}
	return nil
}

var _ intake.Broker = (*broker.Client)(nil)
