package app

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"hotline12333/internal/kpi"
	"hotline12333/internal/refusal"
	"hotline12333/internal/source"
	"hotline12333/internal/store"
)

// explainedCalls is a page of the calls behind a figure, in order of bucket and call_id;
// next is empty after the last, though the page it names may be empty too. It reads on from
// the page before, so a page costs the same wherever it lies. Where few of the calls have the
// role more are read at a time, and after a while the page has those that were found: the
// next one looks on.
func (s *system) explainedCalls(ctx context.Context, sources *source.Registry, q CallsQuery) (calls []kpi.ExplainedCall, next string, err error) {
	x, err := s.explainer(ctx, sources, q.ExplainQuery)
	if err != nil {
		return nil, "", err
	}
	after, err := placeAfter(q.After)
	if err != nil {
		return nil, "", err
	}
	if x.figure.OfTickets() {
		return x.ticketPage(ctx, q, after)
	}
	from := q.Span.From
	gone, err := s.goneBefore(ctx, q.Span)
	if err != nil {
		return nil, "", err
	}
	for _, later := range []time.Time{after.Bucket, gone} {
		if later.After(from) {
			from = later
		}
	}
	explainer := kpi.NewExplainer(x.figure)
	size, enough := q.Limit, time.Now().Add(longestLook)
	for from.Before(q.Span.To) {
		to := minTime(from.Add(piece), q.Span.To)
		seen := x.seen(from, to)
		seen.After, seen.Limit = after, size
		last, read, before := after, 0, len(calls)
		begin := func() { last, read, calls = after, 0, calls[:before] }
		err := s.store.SeenCalls(ctx, seen, begin, func(c *store.SeenCall) error {
			read++
			if len(calls) == q.Limit {
				return nil // it begins the next page
			}
			last = c.SeenPlace
			if at := x.stand(explainer, c); q.Role == "" || q.Role == at.Role {
				calls = append(calls, x.told(c, at))
			}
			return nil
		})
		switch {
		case err != nil:
			return nil, "", fmt.Errorf("reading the calls: %w", err)
		case len(calls) == q.Limit:
			return calls, afterPlace(last), nil
		case read < size: // the piece is at its end
			from = to
		default:
			after, from = last, last.Bucket
			size = min(4*size, pageOfAll)
		}
		if q.Role != "" && time.Now().After(enough) && from.Before(q.Span.To) {
			if after.Bucket.Before(from) { // all before it has been looked at
				after = store.SeenPlace{Bucket: from}
			}
			return calls, afterPlace(after), nil
		}
	}
	return calls, "", nil
}

// longestLook is how long calls of a role are looked for before a page is shown.
const longestLook = 3 * time.Second

// afterPlace names a place in the order of calls for whoever asks for the next page.
func afterPlace(p store.SeenPlace) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(p.Bucket.Unix(), 10) + " " + p.CallID))
}

func placeAfter(text string) (store.SeenPlace, error) {
	if text == "" {
		return store.SeenPlace{Bucket: time.Unix(0, 0)}, nil
	}
	wrong := refusal.Errorf("没有这一页:请从第一页开始", "this page does not exist: begin with the first one")
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return store.SeenPlace{}, wrong
	}
	bucket, id, ok := strings.Cut(string(b), " ")
	seconds, err := strconv.ParseInt(bucket, 10, 64)
	if !ok || err != nil {
		return store.SeenPlace{}, wrong
	}
	return store.SeenPlace{Bucket: time.Unix(seconds, 0).UTC(), CallID: id}, nil
}
