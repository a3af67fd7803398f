package kpi

import (
	"cmp"
	"slices"

	"hotline12333/internal/hotline"
)

// CountRepeats adds what one call cannot tell by itself: which calls have a further one of
// the same caller, in the same centre, that arrived after them and within
// hotline.RepeatWindow. calls are all there are, in any order, each the newest version
// with its supplements, as for Count. A call back is no further call, since the centre
// makes it, and excluded calls neither have further ones nor are any.
func CountRepeats(into map[Key]*Tally, calls []*hotline.Call) {
	CountRepeatsOf(into, calls, func(*hotline.Call) bool { return true })
}

// CountRepeatsOf is CountRepeats for some of the calls; the others are looked at alone. It is
// right for a call when all of its caller's are there that arrived within
// hotline.RepeatWindow of it, before and after.
func CountRepeatsOf(into map[Key]*Tally, calls []*hotline.Call, counts func(*hotline.Call) bool) {
	byCaller := make(map[string][]*hotline.Call)
	for _, c := range calls {
		if !c.Contact() {
			continue
		}
		names := []string{c.Caller(), c.CallerBefore()}
		for _, name := range slices.Compact(names) {
			if name != "" {
				byCaller[name] = append(byCaller[name], c)
			}
		}
	}
	for name, list := range byCaller {
		slices.SortFunc(list, func(a, b *hotline.Call) int {
			return cmp.Or(a.StartedAt.Compare(b.StartedAt), cmp.Compare(a.ID, b.ID))
		})
		for i, c := range list {
			if !counts(c) {
				continue
			}
			part := Tally{}
			if name == c.Caller() && c.Outcome == hotline.Answered && further(list[i+1:], c) {
				part.RepeatedWithin = 1
			}
			if name == cmp.Or(c.CallerBefore(), c.Caller()) && c.Repeats() && c.Outcome != hotline.Open && preceded(list[:i], c) {
				part.RepeatCallers = 1
			}
			if part.RepeatedWithin+part.RepeatCallers == 0 {
				continue
			}
			f := c.Facts()
			spread(into, c, &f, &part)
			if len(f.Legs) > 0 {
				at(into, c, &f, ByAgent, f.Legs[0].Agent).Merge(&part)
			}
		}
	}
}

// further says whether one of the later calls is a further one for c.
func further(later []*hotline.Call, c *hotline.Call) bool {
	for _, l := range later {
		switch {
		case l.StartedAt.Sub(c.StartedAt) > hotline.RepeatWindow:
			return false
		case l.StartedAt.After(c.StartedAt) && l.Repeats():
			return true
		}
	}
	return false
}

// preceded says whether c is a further call for one of the earlier ones.
func preceded(earlier []*hotline.Call, c *hotline.Call) bool {
	for _, e := range slices.Backward(earlier) {
		if e.StartedAt.Before(c.StartedAt) {
			return c.StartedAt.Sub(e.StartedAt) <= hotline.RepeatWindow
		}
	}
	return false
}
