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
// the page before, so a page costs the same wherever it lies: where the calls are is asked
// first, of the columns that the figure looks at, and then what else there is of these.
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
	near := q.Span.To
	if q.Limit > 0 {
		near = minTime(from.Add(nearby), near)
	}
	for found := 0; from.Before(q.Span.To); {
		places, to, err := x.places(ctx, q.Role, page{from: from, to: near, after: after, limit: q.Limit - found})
		if err != nil {
			return nil, "", err
		}
		told, err := x.tell(ctx, places)
		if err != nil {
			return nil, "", err
		}
		for i := range told {
			if q.Role == "" || q.Role == told[i].Role { // else it has been corrected meanwhile
				calls = append(calls, told[i])
			}
		}
		if found += len(places); found == q.Limit {
			return calls, afterPlace(places[len(places)-1]), nil
		}
		from, near = to, q.Span.To
	}
	return calls, "", nil
}

// nearby is how far is looked at first, where most pages end; then all the rest is.
const nearby = 7 * 24 * time.Hour

// page is so many calls after a place, from one time to another.
type page struct {
	from, to time.Time
	after    store.SeenPlace
	limit    int
}

// places are where the next calls of a role are, all up to a time or as many as wanted.
func (x *explainer) places(ctx context.Context, role kpi.Role, p page) (places []store.SeenPlace, to time.Time, err error) {
	q := store.KindQuery{SeenQuery: x.seen(p.from, p.to), Looks: x.figure.Looks()}
	q.After, q.Limit = p.after, p.limit
	if role != "" {
		if q.Outside, err = x.outside(ctx, p.from, p.to); err != nil {
			return nil, p.to, err
		}
		q.Piece = pieceOf(p.from, p.to)
		kinds, err := x.kinds(ctx, q)
		if err != nil {
			return nil, p.to, err
		}
		explainer, counts := kpi.NewExplainer(x.figure), [mostPieces]int64{}
		q.Kinds = []kpi.Seen{}
		for i := range kinds {
			if k := &kinds[i]; explainer.StandAll(k.Seen, k.Calls).Role == role {
				q.Kinds = append(q.Kinds, k.Seen)
				counts[k.Piece] += k.Calls
			}
		}
		q.From, q.To = within(p, q.Piece, counts[:])
		q.Within = x.seen(q.From, q.To).Within
	}
	if places, err = x.sys.store.SeenPlaces(ctx, q); err != nil {
		return nil, p.to, fmt.Errorf("looking for the calls: %w", err)
	}
	return places, q.To, nil
}

// within is the part of a page's time that its calls lie in, by how many there are in each
// piece of it. Of the first quarter hour some may lie before the page.
func within(p page, piece time.Duration, counts []int64) (from, to time.Time) {
	from, to = p.to, p.to
	sum := int64(0)
	for i, n := range counts {
		at := p.from.Add(time.Duration(i) * piece)
		if n > 0 && at.Before(from) {
			from = at
		}
		if sum += n; sum >= int64(p.limit) {
			return from, minTime(at.Add(piece), p.to)
		}
	}
	return from, to
}

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
