package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"hotline12333/internal/callback"
	"hotline12333/internal/journal"
	"hotline12333/internal/kpi"
	"hotline12333/internal/refusal"
	"hotline12333/internal/web/people"
)

// itemsPerPage is how many callers a page lists.
const itemsPerPage = 50

type lostPage struct {
	*asked
	Filter            callback.Filter
	Day               string
	Older             bool // before the days that can be acted on
	Figures           callback.Figures
	Tiles             []tile
	Queues            []choice
	Mine, Rows        []lostRow
	Next              *lostRow // whom to call next
	Total, Begin, End int
	Earlier, Later    string
	Rules             callback.Config
	Here              string // address of the page, to come back to
	Did               string
	Error             string
	NoNumbers         bool // none of those shown carries one
	Blind             bool // a source does not tell who asked for an agent
	status            int  // of the answer
}

// tile is a number that leads to its part of the list.
type tile struct {
	View    callback.View
	Count   int
	Word    string
	Bad     bool
	Address string
	Here    bool
}

// lostRow is an item as a page shows it.
type lostRow struct {
	*callback.Item
	Call     string // the newest, which names the item
	Caller   string // masked; empty for whoever may not see it
	Region   string
	How      string // the newest call's outcome
	Queue    string
	Waited   int64
	Times    int
	Due      string
	Late     bool
	Seen     string // the entry shown
	Tries    int    // how many attempts without an answer the next would make
	LastTry  bool   // after which it is done
	IsMine   bool
	Back     string
	Question string // what the row is called by a screen reader
}

// askLost reads which part of the list is asked for.
func (s *Server) askLost(w http.ResponseWriter, r *http.Request, v *visitor) (*lostPage, error) {
	l, _ := s.tastes(w, r)
	p := &lostPage{asked: &asked{Lang: l, Centre: centreOf(r, v)}, Rules: s.deps.Desk.CallbackRules()}
	p.Filter = callback.Filter{View: callback.ToDo, Person: v.Name, Centre: p.Centre, Queue: strings.TrimSpace(r.FormValue("queue"))}
	if name := r.FormValue("view"); name != "" {
		view, err := callback.ParseView(name)
		if err != nil {
			return nil, refuse(http.StatusBadRequest, err)
		}
		p.Filter.View = view
	}
	if p.Day = r.FormValue("day"); p.Day != "" {
		zone := s.deps.Desk.Zone()
		at, err := time.ParseInLocation(time.DateOnly, p.Day, zone)
		if err != nil {
			return nil, refuse(http.StatusBadRequest, refusal.Errorf("“%s”不是日期:请写成 2026-03-02", "day %q: write it as 2026-03-02", p.Day))
		}
		y, m, d := at.Date()
		p.Filter.From, p.Filter.To = kpi.DayStart(y, m, d, zone), kpi.DayStart(y, m, d+1, zone)
		y, m, d = s.deps.Now().In(zone).Date()
		p.Older = p.Filter.From.Before(kpi.DayStart(y, m, d-p.Rules.Days+1, zone))
	}
	if err := s.centresTo(r, v, p.asked); err != nil {
		return nil, err
	}
	p.Here = p.address(p.Filter.View, 0)
	return p, nil
}

// address is the page with another view or beginning.
func (p *lostPage) address(view callback.View, skip int) string {
	name, from := string(view), ""
	if view == callback.ToDo {
		name = ""
	}
	if skip > 0 {
		from = strconv.Itoa(skip)
	}
	return query("/lostcalls", "view", name, "queue", p.Filter.Queue, "day", p.Day, "centre", p.Centre, "skip", from)
}

// lostCalls is the list of lost callers.
func (s *Server) lostCalls(w http.ResponseWriter, r *http.Request, v *visitor) error {
	p, err := s.askLost(w, r, v)
	if err != nil {
		return err
	}
	if did := r.FormValue("did"); s.words.has("lost_did_" + did) {
		p.Did = s.words.in(p.Lang, "lost_did_"+did)
	}
	return s.showLost(w, r, v, p)
}

func (s *Server) showLost(w http.ResponseWriter, r *http.Request, v *visitor, p *lostPage) error {
	list, err := s.callbacks(r, p)
	if err != nil {
		return err
	}
	now := s.deps.Now()
	p.Figures = list.Figures(p.Centre, now, time.Time{})
	for _, q := range list.Queues(p.Centre) {
		p.Queues = append(p.Queues, choice{q, q, q == p.Filter.Queue})
	}
	p.tiles(v, list, now)
	skip, err := strconv.Atoi(r.FormValue("skip"))
	if err != nil || skip < 0 {
		skip = 0
	}
	items, total := list.Select(p.Filter, now, skip, itemsPerPage)
	for _, i := range items {
		p.Rows = append(p.Rows, s.rowOf(p, v, i, now))
	}
	if p.Total, p.Begin, p.End = total, skip+1, skip+len(items); skip > 0 {
		p.Earlier = p.address(p.Filter.View, max(skip-itemsPerPage, 0))
	}
	if p.End < total {
		p.Later = p.address(p.Filter.View, p.End)
	}
	if v.Role.May(people.Lead) && !p.Older {
		s.ownWork(p, v, list, now)
	}
	p.Blind = s.blind(p.Centre)
	p.NoNumbers = len(items) > 0
	for _, i := range items {
		p.NoNumbers = p.NoNumbers && i.Revealable() == nil
	}
	s.show(w, r, p.status, shown{page: "lostcalls", title: "lostcalls", visitor: v, body: p})
	return nil
}

// blind says whether a source of this year's calls does not tell who asked for an agent.
func (s *Server) blind(centre string) bool {
	snapshot, ok := s.deps.Snapshots.Snapshot(s.deps.Now())
	if !ok {
		return false
	}
	scope := kpi.Scope{Level: kpi.AllCentres}
	if centre != "" {
		scope = kpi.Scope{Level: kpi.OneCentre, Centre: centre}
	}
	return knows(snapshot, kpi.ThisYear, scope).MissingFor("requested", 0) != ""
}

// callbacks reads the list. Other days are read for this page alone, as pages are that take
// long; the days listed are held for all, and nobody waits for somebody's report.
func (s *Server) callbacks(r *http.Request, p *lostPage) (list *callback.List, err error) {
	if p.Older {
		err = s.busy(r, func(ctx context.Context) (err error) {
			list, err = s.deps.Desk.Callbacks(ctx, p.Filter.From, p.Filter.To)
			return err
		})
		return list, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), longest)
	defer cancel()
	return s.deps.Desk.Callbacks(ctx, time.Time{}, time.Time{})
}

func (p *lostPage) tiles(v *visitor, list *callback.List, now time.Time) {
	mine := 0
	if v.Role.May(people.Lead) {
		_, mine = list.Select(callback.Filter{View: callback.Mine, Person: v.Name, Centre: p.Centre}, now, 0, 0)
	}
	f := p.Figures
	for _, t := range []tile{
		{View: callback.ToDo, Count: f.Owed, Word: "lost_view_todo"},
		{View: callback.Late, Count: f.Overdue, Word: "lost_view_overdue", Bad: f.Overdue > 0},
		{View: callback.Mine, Count: mine, Word: "lost_view_mine"},
		{View: callback.ViewDone, Count: f.Done, Word: "lost_view_done"},
		{View: callback.ViewRedialled, Count: f.Redialled, Word: "lost_view_redialled"},
		{View: callback.Apart, Count: f.Short + f.Withheld, Word: "lost_view_apart"},
	} {
		if t.View == callback.Mine && !v.Role.May(people.Lead) {
			continue
		}
		t.Address, t.Here = p.address(t.View, 0), t.View == p.Filter.View
		p.Tiles = append(p.Tiles, t)
	}
}

// ownWork is what somebody has in hand, and whom to call next.
func (s *Server) ownWork(p *lostPage, v *visitor, list *callback.List, now time.Time) {
	mine, _ := list.Select(callback.Filter{View: callback.Mine, Person: v.Name, Centre: p.Centre}, now, 0, itemsPerPage)
	for _, i := range mine {
		p.Mine = append(p.Mine, s.rowOf(p, v, i, now))
	}
	if p.Filter.View != callback.ToDo && p.Filter.View != callback.Late {
		return
	}
	for _, i := range list.Items {
		if i.State == callback.Owed && p.Filter.Fits(i, now) {
			next := s.rowOf(p, v, i, now)
			if s.cfg.MayReveal(v.Role) && i.Revealable() != nil { // on to the number
				next.Back = query("/lostcalls/item", "call", next.Call)
			}
			p.Next = &next
			return
		}
	}
}

func (s *Server) rowOf(p *lostPage, v *visitor, i *callback.Item, now time.Time) lostRow {
	last := i.Last()
	row := lostRow{
		Item: i, Call: last.ID, How: string(last.Outcome), Queue: last.Queue, Waited: int64(last.Wait / time.Second), Times: len(i.Calls),
		Late: i.Overdue(now), Tries: i.Attempts + 1, LastTry: i.Attempts+1 >= p.Rules.Attempts, IsMine: i.Owner != "" && i.Owner == v.Name, Back: p.Here,
	}
	if v.Role.May(people.Trace) {
		row.Caller, row.Region = last.Masked, last.Region
		if row.Caller == "" && i.State != callback.Withheld {
			row.Caller = s.words.in(p.Lang, "lost_no_mask")
		}
	}
	if i.Entry != nil {
		row.Seen = i.Entry.ID
	}
	row.Due = s.due(p.Lang, i.Deadline, now)
	row.Question = strings.Join(strings.Fields(row.Caller+" "+last.ArrivedAt.In(s.deps.Desk.Zone()).Format("15:04")), " ")
	return row
}

// due says when a deadline is, and how long there is or has been.
func (s *Server) due(l Lang, at, now time.Time) string {
	if at.IsZero() {
		return s.words.in(l, "lost_no_deadline")
	}
	zone := s.deps.Desk.Zone()
	local, today := at.In(zone), now.In(zone)
	text := local.Format("01-02 15:04")
	if local.YearDay() == today.YearDay() && local.Year() == today.Year() {
		text = local.Format("15:04")
	}
	left := at.Sub(now).Truncate(time.Minute)
	span := func(d time.Duration) string {
		if d >= 48*time.Hour {
			return s.words.in(l, "lost_days", int(d/(24*time.Hour)))
		}
		return s.words.in(l, "lost_hours", int(d/time.Hour), int(d%time.Hour/time.Minute))
	}
	switch {
	case now.After(at):
		return text + " " + s.words.in(l, "lost_late_by", span(-left))
	case left < 24*time.Hour:
		return text + " " + s.words.in(l, "lost_left", span(left))
	}
	return text
}

// noCall says that a call is not on the list, or not on that of the visitor's centre.
func noCall(id string) error {
	return refusal.Errorf("来电 %s 不在未接来电清单中", "call %s is not on the list of lost calls", id).Because(ErrNotFound)
}

// callBack takes a step about an item.
func (s *Server) callBack(w http.ResponseWriter, r *http.Request, v *visitor) error {
	l, _ := s.tastes(w, r)
	call := field(r, "call")
	a := callback.Act{By: v.Name, Step: journal.CallBackStep(r.FormValue("step")), Result: journal.CallBackResult(r.FormValue("result")), Reason: field(r, "reason")}
	if result := journal.CallBackResult(a.Step); slices.Contains(journal.CallBackResults(), result) { // a button that ends it
		a.Step, a.Result = journal.CallBackDone, result
	}
	err := s.says("lost_sign_in")
	if v.Name != nobody {
		if err = s.ofCentre(r.Context(), v, call); err != nil {
			return err
		}
		_, err = s.deps.Desk.CallBack(r.Context(), call, a, r.FormValue("seen"))
	}
	status, text := s.toldOf(l, v, err)
	switch {
	case err == nil:
		s.hub.errands.changed()
		back, _, _ := strings.Cut(local(r.FormValue("back")), "#")
		separator := "?"
		if strings.Contains(back, "?") {
			separator = "&"
		}
		http.Redirect(w, r, back+separator+"did="+string(a.Step), http.StatusSeeOther)
		return nil
	case status == 0:
		return err
	}
	p, e := s.askLost(w, r, v)
	if e != nil {
		return e
	}
	p.status, p.Error = status, text
	return s.showLost(w, r, v, p)
}

// ofCentre keeps who sees one centre only from the callers of another.
func (s *Server) ofCentre(ctx context.Context, v *visitor, call string) error {
	if v.Centre == "" {
		return nil
	}
	list, err := s.deps.Desk.Callbacks(ctx, time.Time{}, time.Time{})
	if err != nil {
		return err
	}
	if i := list.Find(call); i == nil || i.Centre != v.Centre {
		return noCall(call)
	}
	return nil
}

// toldOf is what a person is told of an error in what they did, with the status; 0: it is
// none of theirs.
func (s *Server) toldOf(l Lang, v *visitor, err error) (status int, text string) {
	zone := s.deps.Desk.Zone()
	var conflict *journal.Conflict
	var refused *callback.Refused
	switch {
	case err == nil || errors.Is(err, ErrNotAnswering) || errors.Is(err, context.DeadlineExceeded):
		return 0, ""
	case errors.Is(err, ErrNotFound):
		return http.StatusConflict, s.words.in(l, "lost_gone")
	case errors.As(err, &conflict) && conflict.Newest != nil:
		theirs, e := journal.Decode[journal.CallBack](conflict.Newest)
		if e != nil {
			return http.StatusConflict, s.told(l, err)
		}
		if conflict.Newest.By == v.Name { // a button pressed twice, or another window
			return http.StatusConflict, s.words.in(l, "lost_yourself", conflict.Newest.At.In(zone).Format("15:04:05"), s.stepText(l, &theirs))
		}
		return http.StatusConflict, s.words.in(l, "lost_faster", conflict.Newest.By, conflict.Newest.At.In(zone).Format("15:04:05"), s.stepText(l, &theirs))
	case errors.As(err, &conflict):
		return http.StatusConflict, s.words.in(l, "lost_changed")
	case errors.As(err, &refused) && refused.Why == callback.IsRedialled:
		return http.StatusConflict, s.words.in(l, "lost_why_redialled", refused.Item.EndedAt.In(zone).Format("01-02 15:04:05"))
	case errors.As(err, &refused) && refused.Why == callback.IsDone:
		return http.StatusConflict, s.words.in(l, "lost_why_done", refused.Item.EndedBy, refused.Item.EndedAt.In(zone).Format("01-02 15:04:05"))
	case errors.As(err, &refused):
		return http.StatusUnprocessableEntity, s.words.in(l, "lost_why_"+string(refused.Why))
	}
	return http.StatusUnprocessableEntity, s.told(l, err)
}

// stepText is what was done, in words.
func (s *Server) stepText(l Lang, c *journal.CallBack) string {
	text := s.words.in(l, "lost_step_"+string(c.Step))
	if c.Result != "" {
		text = s.words.in(l, "lost_result_"+string(c.Result))
	}
	if c.Attempts > 0 && c.Result != journal.CallBackReached {
		text += l.of(",", ", ") + strings.TrimSpace(s.words.in(l, "lost_tries", c.Attempts))
	}
	return text
}
