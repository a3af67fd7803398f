package callback

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"hotline12333/internal/journal"
	"hotline12333/internal/refusal"
)

// View is a part of the list.
type View string

// The views.
const (
	ToDo          View = "todo" // owed and taken
	Mine          View = "mine" // taken by one person
	Late          View = "overdue"
	ViewDone      View = "done"
	ViewRedialled View = "redialled"
	Apart         View = "apart" // short abandons and withheld numbers: to be called back by nobody
	All           View = "all"
)

// Views are all of them.
func Views() []View { return []View{ToDo, Mine, Late, ViewDone, ViewRedialled, Apart, All} }

// Filter selects items.
type Filter struct {
	View          View
	Person        string // of Mine
	Centre, Queue string // empty: all
	// From and To are the day on which one of the calls arrived; zero: any.
	From, To time.Time
}

// Fits says whether an item is selected at an instant.
func (f *Filter) Fits(i *Item, now time.Time) bool {
	if f.Centre != "" && i.Centre != f.Centre {
		return false
	}
	if f.Queue != "" && !slices.ContainsFunc(i.Calls, func(c Call) bool { return c.Queue == f.Queue }) {
		return false
	}
	if !f.From.IsZero() && !slices.ContainsFunc(i.Calls, func(c Call) bool { return !c.ArrivedAt.Before(f.From) && c.ArrivedAt.Before(f.To) }) {
		return false
	}
	switch f.View {
	case Mine:
		return i.State == Taken && i.Owner == f.Person
	case Late:
		return i.Overdue(now)
	case ViewDone:
		return i.State == Done
	case ViewRedialled:
		return i.State == Redialled
	case Apart:
		return i.State == Short || i.State == Withheld
	case All:
		return true
	}
	return i.Open()
}

// Select gives a page of the items that fit, and how many there are; of what has ended the
// latest comes first.
func (l *List) Select(f Filter, now time.Time, skip, limit int) (page []*Item, total int) {
	var fits []*Item
	for _, i := range l.Items {
		if f.Fits(i, now) {
			fits = append(fits, i)
		}
	}
	if f.View == ViewDone || f.View == ViewRedialled {
		slices.SortStableFunc(fits, func(a, b *Item) int { return b.EndedAt.Compare(a.EndedAt) })
	}
	total = len(fits)
	from := min(max(skip, 0), total)
	return fits[from:min(from+limit, total)], total
}

// Queues are the queues of the calls of a centre, or of all.
func (l *List) Queues(centre string) []string {
	seen := map[string]bool{}
	var list []string
	for n := range l.Items {
		if centre != "" && l.Items[n].Centre != centre {
			continue
		}
		for _, c := range l.Items[n].Calls {
			if c.Queue != "" && !seen[c.Queue] {
				seen[c.Queue] = true
				list = append(list, c.Queue)
			}
		}
	}
	slices.Sort(list)
	return list
}

// Figures are how many callers stand how. Taken and Overdue are among Owed.
type Figures struct {
	Owed      int        `json:"owed"`
	Taken     int        `json:"taken"`
	Overdue   int        `json:"overdue"`
	Done      int        `json:"done"`
	Redialled int        `json:"redialled"`
	Short     int        `json:"short"`          // callers of short abandons alone
	Withheld  int        `json:"withheld"`       // calls without a number
	Next      *time.Time `json:"next,omitempty"` // the earliest deadline still to come
}

func (f *Figures) add(i *Item, now time.Time) {
	switch i.State {
	case Owed, Taken:
		f.Owed++
		if i.State == Taken {
			f.Taken++
		}
		if i.Overdue(now) {
			f.Overdue++
		} else if at := i.Deadline; !at.IsZero() && (f.Next == nil || at.Before(*f.Next)) {
			f.Next = &at
		}
	case Done:
		f.Done++
	case Redialled:
		f.Redialled++
	case Short:
		f.Short++
	case Withheld:
		f.Withheld++
	}
}

// Figures counts the items of a centre, or of all, at an instant. What had ended before
// since is left out.
func (l *List) Figures(centre string, now, since time.Time) Figures {
	var f Figures
	for n := range l.Items {
		i := l.Items[n]
		if centre != "" && i.Centre != centre || !i.EndedAt.IsZero() && i.EndedAt.Before(since) {
			continue
		}
		f.add(i, now)
	}
	return f
}

// Centres are those with lost calls.
func (l *List) Centres() []string {
	var list []string
	for n := range l.Items {
		if !slices.Contains(list, l.Items[n].Centre) {
			list = append(list, l.Items[n].Centre)
		}
	}
	slices.Sort(list)
	return list
}

// Act is what somebody wants to do about an item.
type Act struct {
	By     string
	Step   journal.CallBackStep
	Result journal.CallBackResult
	Reason string
}

// mostNamed bounds the calls that an entry names; it ends all before it, named or not.
const mostNamed = 200

// Why is why an act is refused.
type Why string

// The reasons.
const (
	IsShort     Why = "short"     // nobody is called back for a short abandon
	IsWithheld  Why = "withheld"  // there is nobody to call back
	IsRedialled Why = "redialled" // the caller has got through meanwhile
	IsDone      Why = "done"      // somebody has ended it meanwhile
	IsYours     Why = "yours"     // taken already, by the same person
	IsNobodys   Why = "nobodys"   // what is to be given back was not taken
	IsNotEnded  Why = "not_ended" // only what a person has ended is opened again
)

// Refused says that an act does not fit the item as it stands; nothing was written.
type Refused struct {
	Why  Why
	Item Item
}

func (r *Refused) Error() string {
	i := &r.Item
	switch at := i.EndedAt.Format("2006-01-02 15:04:05 -07:00"); r.Why {
	case IsShort:
		return "nothing was written: the caller hung up at once, such calls stand apart and nobody is called back for them"
	case IsWithheld:
		return "nothing was written: the caller's number is not known, there is nobody to call back"
	case IsRedialled:
		return fmt.Sprintf("nothing was written: the caller called again and was answered at %s (call %s)", at, i.EndedBy)
	case IsDone:
		return fmt.Sprintf("nothing was written: it was ended at %s by %s (%s)", at, i.EndedBy, orWay(i))
	case IsYours:
		return "nothing was written: you have taken it already"
	case IsNobodys:
		return "nothing was written: nobody has taken it"
	}
	return "nothing was written: only what a person has ended can be opened again"
}

func orWay(i *Item) string {
	if i.Way == ByPerson {
		return string(i.Step.Result)
	}
	return string(i.Way)
}

// Next is the entry's body for an act on the item as it stands. An attempt that makes as
// many as attempts ends the item.
func (i *Item) Next(a Act, attempts int) (journal.CallBack, error) {
	next := journal.CallBack{Step: a.Step, Result: a.Result, Attempts: i.Attempts}
	if why := i.keeps(a); why != "" {
		return next, &Refused{Why: why, Item: *i}
	}
	switch a.Step {
	case journal.CallBackTried:
		if next.Attempts++; next.Attempts >= attempts {
			next.Step, next.Result = journal.CallBackDone, journal.CallBackNotReached
		}
	case journal.CallBackReopened:
		next.Attempts = 0
	}
	for j := len(i.Calls) - 1; j >= 0 && len(next.Calls) < mostNamed; j-- {
		next.Calls = append(next.Calls, i.Calls[j].ID)
	}
	slices.Sort(next.Calls)
	return next, next.Validate(a.Reason)
}

// keeps says what keeps somebody from an act; empty: nothing does.
func (i *Item) keeps(a Act) Why {
	again := a.Step == journal.CallBackReopened
	switch {
	case i.State == Short:
		return IsShort
	case i.State == Withheld:
		return IsWithheld
	case again && (i.State != Done || i.Way != ByPerson):
		return IsNotEnded
	case again:
		return ""
	case i.State == Redialled:
		return IsRedialled
	case i.State == Done:
		return IsDone
	case a.Step == journal.CallBackTaken && i.State == Taken && i.Owner == a.By:
		return IsYours
	case a.Step == journal.CallBackGivenBack && i.State != Taken:
		return IsNobodys
	}
	return ""
}

// ViewNames are the names of all views.
func ViewNames() []string {
	names := make([]string, 0, len(Views()))
	for _, v := range Views() {
		names = append(names, string(v))
	}
	return names
}

// ParseView reads a view as commands and addresses name it.
func ParseView(s string) (View, error) {
	if v := View(s); slices.Contains(Views(), v) {
		return v, nil
	}
	return "", refusal.Errorf("没有清单“%[1]s”:请从页面上方选择", "%[1]q is none of %[2]s", s, strings.Join(ViewNames(), ", "))
}
