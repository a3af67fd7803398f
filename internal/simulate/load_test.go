package simulate

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestBuiltinScenarios(t *testing.T) {
	unread(t)
	names := Builtin()
	if !slices.Contains(names, NormalYear) || !slices.Contains(names, Demo) {
		t.Errorf("built in: %v", names)
	}
	for _, name := range names {
		if s := named(t, name); s.Name != name || s.Description == "" {
			t.Errorf("%s.yaml: name %q, description %q", name, s.Name, s.Description)
		}
	}
	if _, err := Named("normal"); err == nil || !strings.Contains(err.Error(), NormalYear) {
		t.Errorf("an unknown scenario: %v", err)
	}
}

func TestExtends(t *testing.T) {
	s, err := Parse("mine.yaml", []byte("extends: normal-year\nname: mine\nmenu: {self_service: 0.5}\npatience: {mean: 30s}\n"))
	if err != nil {
		t.Fatal(err)
	}
	base := named(t, NormalYear)
	if s.Name != "mine" || s.Menu.SelfService != 0.5 || s.Menu.Abandoned != base.Menu.Abandoned ||
		s.Patience.Mean != 30*time.Second || s.Patience.Kind != lognormal || len(s.Agents) != len(base.Agents) {
		t.Errorf("%+v", s)
	}
}

func TestParseSaysWhere(t *testing.T) {
	base := "extends: normal-year\nname: x\n"
	for _, tt := range []struct{ name, yaml, want string }{
		{"unknown key", base + "menu:\n  self_servise: 0.1\n", `x.yaml:4:3: unknown field "self_servise"`},
		{"wrong type", base + "absence: much\n", "x.yaml:3:10: cannot unmarshal"},
		{"duplicate key", base + "name: y\n", "x.yaml:3:1: mapping key"},
		{"not yaml", "name: [\n", "x.yaml:1:"},
		{"unknown base", "extends: nothing\nname: x\n", `extends: scenario "nothing" is not known`},
		{"base of a base", "extends: demo\nname: x\n", "one step is allowed"},
		{"no name", "extends: normal-year\nname: \"\"\n", "x.yaml:2:7: name: a name is needed"},
		{"zone", base + "zone: Asia/Shangai\n", "x.yaml:3:7: zone:"},
		{"weekday", base + "service: {weekdays: [mon, Tuesday]}\n", "x.yaml:3:27: service.weekdays[1]:"},
		{"hours", base + "service:\n  hours: [\"8:30-12:00\"]\n", "x.yaml:4:11: service.hours[0]:"},
		{"hours not on quarters", base + "service:\n  hours: [\"08:35-12:00\"]\n", "quarter hours"},
		{"hours over midnight", base + "service:\n  hours: [\"22:00-06:00\"]\n", "over midnight"},
		{"empty hours", base + "service:\n  hours: [\"08:00-08:00\"]\n", "is no part of a day"},
		{"calendar", base + "service:\n  calendar: cn-2062\n", `x.yaml:4:13: service.calendar: calendar "cn-2062" is not known, did you mean cn-2026?`},
		{"calendar elsewhere", base + "zone: Asia/Tokyo\n", "the days of cn-2026 are those of Asia/Shanghai, not of Asia/Tokyo"},
		{"calendar and hours", base + "service: {hours: [\"08:30-12:00\"]}\n", "cn-2026 says when the hotline is open"},
		{"range of dates", base + "spells: [{days: 2026-05-05..2026-05-01}]\n", "is not a range of days"},
		{"unknown years", base + "service: {unknown_years: guess}\n", "service.unknown_years:"},
		{"overtime", base + "service: {overtime: 3h}\n", "service.overtime:"},
		{"negative rate", base + "arrivals: {per_day: -1}\n", "x.yaml:3:21: arrivals.per_day:"},
		{"not a number", base + "arrivals: {per_day: .nan}\n", "arrivals.per_day:"},
		{"months", base + "arrivals: {months: [1, 1]}\n", "arrivals.months: 2 factors"},
		{"month", base + "arrivals: {months: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1]}\n", "arrivals.months[11]"},
		{"shape", base + "arrivals:\n  shape: {\"08:20\": 1}\n", `"08:20" is not the beginning of a quarter hour`},
		{"flat shape", base + "arrivals:\n  shape: {\"08:15\": 0}\n", "all weights are 0"},
		{"no shape", base + "arrivals: {shape: {}}\n", "arrivals.shape"},
		{"weekday factor", base + "arrivals: {weekdays: {mo: 1}}\n", `"mo" is not one of`},
		{"share", base + "menu: {self_service: 1.2}\n", "menu.self_service: 1.2 is not between 0 and 1"},
		{"shares", base + "menu: {self_service: 0.9, abandoned: 0.2}\n", "add up to more than 1"},
		{"closed shares", base + "closed: {self_service: 0.9, voicemail: 0.2}\n", "closed: the shares"},
		{"exclusions", base + "exclusions: {test: 0.9, phantom: 0.2}\n", "exclusions: the shares"},
		{"kind", base + "patience: {kind: weibull, mean: 5s}\n", "x.yaml:3:18: patience.kind:"},
		{"no kind", base + "wrapup: {kind: \"\", mean: 5s}\n", "wrapup: a kind is needed"},
		{"cv", base + "patience: {kind: exponential, mean: 5s, cv: 1}\n", "patience.cv: only a lognormal"},
		{"mean", base + "patience: {mean: 3h}\n", "patience.mean:"},
		{"no queues", base + "queues: []\n", "queues: 0 queues"},
		{"queue twice", base + "queues: [{name: 综合}, {name: 综合}]\ntopics: [{name: t, queue: 综合, weight: 1}]\nagents: []\n", "queues[1]: every queue needs a name of its own"},
		{"no topics", base + "topics: []\n", "topics: at least one"},
		{"topic without name", base + "topics: [{queue: 综合, weight: 1}]\n", "topics[0]: a name"},
		{"topic's queue", base + "topics: [{name: t, queue: 总, weight: 1}]\n", `x.yaml:3:27: topics[0].queue: no queue is named "总"`},
		{"transfer", base + "topics: [{name: t, queue: 综合, weight: 1, transfer: {share: 0.1}}]\n", "topics[0].transfer.queue"},
		{"shift of an agent", base + "agents: [{id: \"1\", shifts: [never]}]\n", "x.yaml:3:29: agents[0].shifts[0]:"},
		{"queue of an agent", base + "agents: [{id: \"1\", queues: [nothing]}]\n", "agents[0].queues[0]:"},
		{"agent twice", base + "agents: [{id: \"1\"}, {id: \"1\"}]\n", "agents[1]: every agent"},
		{"agent's days off", base + "agents: [{id: \"1\", off: [sun, saturday]}]\n", "agents[0].off[1]: \"saturday\" is not one of mon"},
		{"agent's pace", base + "agents: [{id: \"1\", pace: -1}]\n", "agents[0].pace"},
		{"shift twice", base + "shifts: [{name: day}, {name: day}]\n", "shifts[1]: every shift"},
		{"break", base + "shifts: [{name: day, breaks: [{at: noon}]}]\n", "shifts[0].breaks[0].at:"},
		{"phones never answered", base + "ringing: {no_answer: 0.1, timeout: 0s}\n", "a timeout and a pause are needed"},
		{"ratings", base + "ratings: {scale: \"\"}\n", "ratings: a scale"},
		{"rating weight", base + "ratings: {weights: [1, -1]}\n", "ratings.weights[1]"},
		{"people", base + "callers: {people: 0}\n", "callers.people"},
		{"repeat", base + "callers: {repeat: {within: 1000h}}\n", "callers.repeat.within"},
		{"surge", base + "surges: {factor: -2}\n", "surges.factor"},
		{"spell's days", base + "spells: [{days: March, factor: 2}]\n", "x.yaml:3:17: spells[0].days:"},
		{"spell's factor", base + "spells: [{days: 2026-03-02, factor: -1}]\n", "spells[0].factor"},
		{"spell's topic", base + "spells: [{days: 2026-03-02, factor: 1, topics: {天气: 2}}]\n", `no topic is named "天气"`},
		{"outage's time", base + "outages: [{at: 2026-03-02, for: 5m}]\n", "x.yaml:3:16: outages[0].at:"},
		{"outage's length", base + "outages: [{at: 2026-03-02 10:00}]\n", "outages[0].for: how long is missing"},
		{"outage's share", base + "outages: [{at: 2026-03-02 10:00, for: 5m, unended: 2}]\n", "outages[0].unended"},
		{"overflow", base + "queues: [{name: 综合, overflow: {after: 60s, to: 专家}}]\ntopics: [{name: t, queue: 综合, weight: 1}]\nagents: []\n", "queues[0].overflow.to"},
		{"first day", base + "agents: [{id: \"1\", from: soon}]\n", "x.yaml:3:26: agents[0].from:"},
		{"days of an agent", base + "agents: [{id: \"1\", from: 2026-03-02, until: 2026-03-01}]\n", "agents[0].until: the last day is before the first"},
		{"learning", base + "learning: {factor: 1.5}\n", "half_life"},
		{"sick", base + "sick: {share: 0.1, days: 0}\n", "sick.days"},
		{"calls back", base + "callbacks: {share: 0.1}\n", "callbacks.attempts"},
		{"outbound", base + "outbound: {answered: 2}\n", "outbound.answered"},
		{"tickets", base + "tickets: {consultation: 0.9, complaint: 0.2}\n", "tickets: the shares"},
		{"clocks", base + "clocks: [{share: 0.1, off: 25h}]\n", "clocks[0].off"},
		{"clocks' days", base + "clocks: [{days: x, share: 0.1}]\n", "clocks[0].days"},
		{"late", base + "delivery: {late: {share: 0.1, by: {kind: fixed, mean: 2000h}}}\n", "delivery.late.by.mean"},
		{"again", base + "delivery: {again: {share: 0.1}}\n", "delivery.again.copies"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse("x.yaml", []byte(tt.yaml))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestAllProblemsAreTold(t *testing.T) {
	_, err := Parse("x.yaml", []byte("extends: normal-year\nname: x\nabsence: 2\nmenu: {abandoned: 3}\n"))
	if err == nil || !strings.Contains(err.Error(), "x.yaml:3:10: absence") || !strings.Contains(err.Error(), "x.yaml:4:19: menu.abandoned") {
		t.Error(err)
	}
}
