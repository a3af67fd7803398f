package report

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mattn/go-runewidth"

	"hotline12333/internal/kpi"
)

// composite is a day whose official rate is the composite one of service hours, confirmed in
// the course of it.
func composite() *kpi.Statement {
	zone := time.FixedZone("Asia/Shanghai", 8*3600)
	from := time.Date(2026, 3, 2, 0, 0, 0, 0, zone)
	to := from.AddDate(0, 0, 1)
	d := kpi.DefaultDefinitions()
	d.AnswerRate = kpi.RateCompositeHours
	d.InForce[kpi.DefAnswerRate] = kpi.DefinitionState{
		Version: 3, Confirmed: true, Leads: kpi.RateCompositeHours, Since: "2026-03-02", By: "王芳", Document: "咸人社函〔2026〕8号", Changed: true,
		Text: kpi.Wording{ZH: strings.Repeat("综合接通率，", 12), EN: strings.Repeat("composite answer rate ", 9)},
	}
	b := kpi.Build{Zone: zone, Definitions: d, InService: func(_ string, at time.Time) bool { return at.In(zone).Hour() < 18 }}
	entry := func(hour int) kpi.Entry {
		return kpi.Entry{
			Key:   kpi.Key{Dimension: kpi.ByQueue, Bucket: from.Add(time.Duration(hour) * time.Hour), Centre: "default", Source: "test", Name: "a"},
			Tally: kpi.Tally{Calls: 20, Answered: 8, AbandonedQueue: 2, SelfService: 10, WaitAbandoned: kpi.Hist{9: 2}, DataTo: from.Add(20 * time.Hour)},
		}
	}
	entries := []kpi.Entry{entry(9), entry(19)}
	return b.Statement(kpi.Period{From: &from, To: &to, Zone: zone.String()}, entries, kpi.Queue, entries)
}

func TestTableOfAConfirmedDefinition(t *testing.T) {
	got := written(t, Table, composite())
	for _, want := range []string{
		"* is the leading answer rate: definition v3, confirmed by the centre",
		"composite, service hours *      90.00%              18 / 20",
		"composite answer rate           90.00%              36 / 40",
		"answered calls (indicator) 16 − answered after hours 8 + self service in hours\n10 = numerator of the answer rate 18\n",
		"answer rate v3 since 2026-03-02, confirmed by 王芳, 咸人社函〔2026〕8号;\nanother version was in force earlier in the period\n",
		"16   90.00%", // of the queue, by the same definition
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	for _, line := range strings.Split(got, "\n") {
		if w := runewidth.StringWidth(line); w > tableWidth {
			t.Errorf("%d columns: %s", w, line)
		}
		if strings.HasPrefix(strings.TrimSpace(line), "，") {
			t.Errorf("a line begins with what closes the one before: %s", line)
		}
	}
}

func TestDefinitionNotices(t *testing.T) {
	list := []Definition{{Code: kpi.DefAnswerRate, Name: kpi.Wording{ZH: "接通率", EN: "the answer rate"}, Official: true}, {Code: kpi.DefAnsweredCalls, Official: true}}
	want := []kpi.Wording{
		{
			ZH: "接听通数与接通率分子口径不一致：接听通数 16 － 非服务时间人工接听量 8 ＋ 服务时间内自助服务量 10 ＝ 接通率分子 18。",
			EN: "answered calls and the answer rate do not count the same calls as answered: answered calls 16 − answered outside service hours 8 + self-service within service hours 10 = numerator of the answer rate 18.",
		},
		{
			ZH: "期间内“接通率”的口径有变更，全期按期末口径（第3版）计算，不与变更前的数据相加。",
			EN: "the definition of the answer rate changed within the period: all of it is computed by the one at its end (v3), and is no sum of the parts.",
		},
	}
	if diff := cmp.Diff(want, definitionNotices(composite(), list)); diff != "" {
		t.Error(diff)
	}
	if got := definitionNotices(sample(kpi.Undivided), list); got != nil {
		t.Errorf("without a reason: %+v", got)
	}
}
