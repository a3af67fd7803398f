package ruleset

import (
	"errors"
	"regexp"
	"strings"
	"time"

	"hotline12333/internal/calendar"
	"hotline12333/internal/strictyaml"
)

// draft is what one file of a calendar says. What a file leaves out may come from another.
type draft struct {
	file     File
	root     strictyaml.Node
	name     string
	extends  reference
	addsTo   reference
	zone     *time.Location
	deadline calendar.Deadline
	week     *[7]bool // the days that are worked
	hours    []regime
	special  map[calendar.Date][]calendar.Hours
	years    []year
	anyYear  *bool
}

// reference names another file's calendar.
type reference struct {
	name string
	at   strictyaml.Node
}

// regime is a calendar.Regime whose make-up days may have been left out.
type regime struct {
	calendar.Regime
	at []weekAt // of its week and of the weeks of its seasons
}

type weekAt struct {
	at     strictyaml.Node
	makeup bool // given
}

type year struct {
	year int
	at   strictyaml.Node
	days []listed
}

type listed struct {
	day     calendar.Date
	working bool
	at      strictyaml.Node
}

var calendarName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

func parseCalendar(f File) (*draft, error) {
	root, err := strictyaml.Parse(f.Path, f.Data)
	if err != nil {
		return nil, err
	}
	d := &draft{file: f, root: root}
	refer := func(into *reference) func(strictyaml.Node) {
		return func(n strictyaml.Node) { *into = reference{n.Text(), n} }
	}
	given := map[string]strictyaml.Node{}
	note := func(key string, read func(strictyaml.Node)) func(strictyaml.Node) {
		return func(n strictyaml.Node) {
			given[key] = n
			read(n)
		}
	}
	root.Object(map[string]func(strictyaml.Node){
		"name":         d.readName,
		"title":        func(n strictyaml.Node) { n.Text() }, // for people
		"extends":      refer(&d.extends),
		"adds_to":      refer(&d.addsTo),
		"zone":         note("zone", func(n strictyaml.Node) { d.zone = n.Zone() }),
		"deadline":     note("deadline", d.readDeadline),
		"working_week": note("working_week", d.readWorkingWeek),
		"hours":        note("hours", d.readHours),
		"special":      note("special", d.readSpecial),
		"years":        func(n strictyaml.Node) { d.readYears(n) },
		"any_year": note("any_year", func(n strictyaml.Node) {
			yes := n.Boolean()
			d.anyYear = &yes
		}),
	})
	d.complete(given)
	return d, errors.Join(root.Faults()...)
}

// complete checks what goes together.
func (d *draft) complete(given map[string]strictyaml.Node) {
	if len(d.root.Faults()) > 0 {
		return
	}
	if d.name == "" {
		d.root.Fail("name is missing")
	}
	switch {
	case d.addsTo.name != "" && d.extends.name != "":
		d.extends.at.Fail("what adds years to a calendar is that calendar: it extends none")
	case d.addsTo.name != "":
		for _, key := range []string{"zone", "deadline", "working_week", "hours", "special", "any_year"} {
			if n, ok := given[key]; ok {
				n.Fail("adds_to is for years and nothing else; extends makes a calendar of its own")
			}
		}
		if len(d.years) == 0 {
			d.root.Fail("years is missing: the days of the year to add to %s", d.addsTo.name)
		}
	case d.extends.name == "":
		if d.zone == nil {
			d.root.Fail("zone is missing, as Asia/Shanghai")
		}
		if len(d.hours) == 0 {
			d.root.Fail("hours is missing: the service hours")
		}
		if len(d.years) == 0 && (d.anyYear == nil || !*d.anyYear) {
			d.root.Fail("years is missing: which days are off (or any_year: true, where none ever are)")
		}
	}
	if d.anyYear != nil && *d.anyYear && len(d.years) > 0 {
		given["any_year"].Fail("years are given: any_year is for a calendar without days off")
	}
}

func (d *draft) readName(n strictyaml.Node) {
	d.name = n.Text()
	switch {
	case !calendarName.MatchString(d.name):
		n.Fail("%q is not a name: small letters, digits, - and _, at most 63", d.name)
	case d.name == calendar.Always:
		n.Fail("always is built in and stays what it is")
	}
}

func (d *draft) readDeadline(n strictyaml.Node) {
	words := make([]string, 0, len(calendar.Deadlines()))
	for _, w := range calendar.Deadlines() {
		words = append(words, string(w))
	}
	d.deadline = calendar.Deadline(n.Choice(words...))
}

func (d *draft) readWorkingWeek(n strictyaml.Node) {
	d.week = new([7]bool)
	texts := n.Texts()
	for _, t := range texts {
		for _, w := range weekdays(n, t) {
			d.week[w] = true
		}
	}
	if len(texts) == 0 {
		n.Fail("no day of the week is worked")
	}
}

// weekdays reads mon, or mon-fri; the week has no end, so fri-mon are four days.
func weekdays(n strictyaml.Node, text string) []time.Weekday {
	a, b, ranged := strings.Cut(text, "-")
	if !ranged {
		b = a
	}
	from, known := calendar.ParseWeekday(a)
	to, also := calendar.ParseWeekday(b)
	if !known || !also {
		n.Fail("%q is no day of the week such as mon, nor a range such as mon-fri", text)
		return nil
	}
	days := []time.Weekday{from}
	for d := from; d != to; {
		d = (d + 1) % 7
		days = append(days, d)
	}
	return days
}

// readHours reads the service hours from the beginning, and since later days.
func (d *draft) readHours(n strictyaml.Node) {
	for i, it := range n.Items() {
		g := regime{at: []weekAt{{at: it}}}
		since, weekGiven := false, false
		it.Object(map[string]func(strictyaml.Node){
			"since": func(n strictyaml.Node) {
				g.Since, since = date(n), true
				if i == 0 {
					n.Fail("the first hours hold from the beginning: leave since out, and add hours that hold since %s", n.Text())
				} else if last := d.hours[i-1].Since; g.Since <= last {
					n.Fail("hours follow by the day since which they hold: %s is not after %s", g.Since, last)
				}
			},
			"week": func(n strictyaml.Node) { g.Week, g.at[0] = week(n); weekGiven = true },
			"seasons": func(n strictyaml.Node) {
				for _, it := range n.Items() {
					g.readSeason(it)
				}
			},
		})
		if i > 0 && !since {
			it.Fail("since is missing: the first day on which these hours hold")
		}
		if !weekGiven {
			it.Fail("week is missing: the hours of each weekday")
		}
		d.hours = append(d.hours, g)
	}
}

func (g *regime) readSeason(n strictyaml.Node) {
	var s calendar.Season
	at := weekAt{at: n}
	days, weekGiven := false, false
	n.Object(map[string]func(strictyaml.Node){
		"days": func(n strictyaml.Node) {
			days = true
			var err error
			if s.From, s.To, err = calendar.ParseSeason(n.Text()); err != nil {
				n.Fail("%v", err)
				return
			}
			for i := range g.Seasons {
				if s.Overlaps(&g.Seasons[i]) {
					n.Fail("has days in common with another season")
				}
			}
		},
		"week": func(n strictyaml.Node) { s.Week, at = week(n); weekGiven = true },
	})
	if !days {
		n.Fail("days is missing, as 06-01..09-30")
	}
	if !weekGiven {
		n.Fail("week is missing: the hours of each weekday")
	}
	g.Seasons, g.at = append(g.Seasons, s), append(g.at, at)
}

// week reads the hours of each kind of day.
func week(n strictyaml.Node) (w calendar.Week, at weekAt) {
	at = weekAt{at: n}
	var seen [7]bool
	for _, p := range n.Pairs() {
		switch p.Name {
		case "makeup":
			w.Makeup, at.makeup = hours(p.Node), true
		case "holiday":
			w.Holiday = hours(p.Node)
		default:
			list := hours(p.Node)
			for _, d := range weekdays(p.Key, p.Name) {
				if seen[d] {
					p.Key.Fail("the hours of %s are given twice", d)
				}
				seen[d] = true
				w.Days[d] = list
			}
		}
	}
	return w, at
}

// hours reads one part of the day or a list of them; an empty list is closed.
func hours(n strictyaml.Node) []calendar.Hours {
	var out []calendar.Hours
	for _, text := range n.Texts() {
		h, err := calendar.ParseHours(text)
		if err != nil {
			n.Fail("%v", err)
			return nil
		}
		out = append(out, h)
	}
	if err := calendar.CheckHours(out); err != nil {
		n.Fail("%v", err)
	}
	return out
}

func date(n strictyaml.Node) calendar.Date {
	d, err := calendar.ParseDate(n.Text())
	if err != nil {
		n.Fail("%v", err)
	}
	return d
}

func (d *draft) readSpecial(n strictyaml.Node) {
	d.special = make(map[calendar.Date][]calendar.Hours)
	for _, p := range n.Pairs() {
		days, err := calendar.ParseDates(p.Name)
		if err != nil {
			p.Key.Fail("%v", err)
		}
		list := hours(p.Node)
		for _, day := range days {
			if _, twice := d.special[day]; twice {
				p.Key.Fail("the hours of %s are given twice", day)
			}
			d.special[day] = list
		}
	}
}

func (d *draft) readYears(n strictyaml.Node) {
	for _, p := range n.Pairs() {
		y := year{at: p.Key}
		first, err := calendar.ParseDate(p.Name + "-01-01")
		if err != nil {
			p.Key.Fail("%q is no year such as 2026", p.Name)
			continue
		}
		y.year = first.Year()
		seen := make(map[calendar.Date]bool)
		list := func(working bool) func(strictyaml.Node) {
			return func(n strictyaml.Node) {
				for _, it := range n.Items() {
					days, err := calendar.ParseDates(it.Text())
					if err != nil {
						it.Fail("%v", err)
					}
					for _, day := range days {
						switch {
						case day.Year() != y.year:
							it.Fail("%s is not a day of %d", day, y.year)
						case seen[day]:
							it.Fail("%s is listed twice", day)
						}
						seen[day] = true
						y.days = append(y.days, listed{day, working, it})
					}
				}
			}
		}
		offGiven := false
		p.Object(map[string]func(strictyaml.Node){
			"off":     func(n strictyaml.Node) { offGiven = true; list(false)(n) },
			"working": list(true),
		})
		if !offGiven {
			p.Key.Fail("off is missing: the days of %d that are not worked; [] where there are none", y.year)
		}
		d.years = append(d.years, y)
	}
}
