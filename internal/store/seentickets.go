package store

import (
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"hotline12333/internal/hotline"
)

// SeenTicket is the newest version of a ticket. Of its responses the ticket has the first
// alone, as hotline.Ticket.Facts tells it.
type SeenTicket struct {
	hotline.Ticket
	Rank        hotline.Rank
	Run, Origin string // what import brought it; file:line, or the source's name
}

// SeenTickets calls each for every ticket that was opened from From to To, or that its source
// wants responded to by then, in the order of opening and id. One of which retention has
// removed the quarter hour of the opening, and not that of the deadline, is told still.
// begin is called before the first, and again when a failure made it begin anew.
func (s *Store) SeenTickets(ctx context.Context, q TicketQuery, begin func(), each func(*SeenTicket) error) error {
	if has, err := s.anyTicket(ctx); err != nil || !has {
		return err
	}
	// A ticket lies in several quarter hours, all of which tell the same.
	millis := func(column string) string { return "toUnixTimestamp64Milli(" + column + ")" }
	in := func(column string) string {
		return fmt.Sprintf("%s BETWEEN %d AND %d", millis(column), bound(q.From)*1000, bound(q.To)*1000)
	}
	where := fmt.Sprintf("(%s OR %s)", in("opened_at"), in("respond_by"))
	if q.Centre != "" {
		where += " AND centre = " + quote(q.Centre)
	}
	sql := fmt.Sprintf(`SELECT ticket_id, version, content_hash, toString(centre), toString(source), toString(kind), call_id, toString(agent),
    arrayMap(t -> toString(t), topics), on_the_spot, %s, %s, %s, %s, %s, toString(run), origin
FROM %s FINAL WHERE %s ORDER BY intDiv(%s, %d), ticket_id, bucket LIMIT 1 BY ticket_id`,
		millis("opened_at"), millis("respond_by"), millis("first_response"), millis("resolve_by"), millis("resolution"), s.table(tableTickets), where, millis("opened_at"), quarterMillis)
	var t SeenTicket
	return s.query(ctx, "seen_tickets", sql, begin, func(rows driver.Rows) error {
		t = SeenTicket{}
		var kind string
		var opened, respondBy, responded, resolveBy, resolved int64
		err := rows.Scan(&t.ID, &t.Rank.Version, &t.Rank.Hash, &t.Centre, &t.Source, &kind, &t.CallID, &t.Agent,
			&t.Topics, &t.OnTheSpot, &opened, &respondBy, &responded, &resolveBy, &resolved, &t.Run, &t.Origin)
		if err != nil {
			return err
		}
		t.Version, t.Kind, t.OpenedAt = t.Rank.Version, hotline.TicketKind(kind), fromMillis(opened)
		t.RespondBy, t.RespondedAt = fromMillis(respondBy), fromMillis(responded)
		t.ResolveBy, t.ResolvedAt = fromMillis(resolveBy), fromMillis(resolved)
		return each(&t)
	})
}
