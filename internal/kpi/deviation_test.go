package kpi

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// lossy makes losses of a day and hour.
func lossy(d, hour int, queue string, lost, of int64) Loss {
	return Loss{Bucket: day(2026, 3, d).Add(time.Duration(hour) * time.Hour).UTC(), Queue: queue, Lost: lost, Of: of}
}

func TestRateDeviationStatesFacts(t *testing.T) {
	losses := []Loss{
		lossy(2, 9, "养老待遇", 120, 200),
		lossy(2, 10, "养老待遇", 94, 150),
		lossy(2, 15, "社会保障卡", 6, 100),
		lossy(3, 9, "社会保障卡", 40, 250),
		lossy(4, 16, "", 0, 100),
		lossy(5, 0, "社会保障卡", 40, 200), // the first hour of the day
	}
	parts := DivideLosses(losses, beijing)
	got := RateDeviation(Wording{"12333热线电话接通率", "Answer rate of 12333"}, AnswerRateTarget, RequestWords, parts)
	// 700 of 1,000; 17% of 1,000 may be lost.
	want := Wording{
		ZH: "12333热线电话接通率70.00%，低于指标值83%：人工请求1,000通，未接300通；达标时最多可未接170通，超出130通。" +
			"最集中的是3月2日9–11时（未接214通，占全部未接的71.3%，接通率38.85%）。" +
			"最多的日子：3月2日（未接220通，占全部未接的73.3%，接通率51.11%）；3月3日（未接40通，占全部未接的13.3%，接通率84.00%）；3月5日（未接40通，占全部未接的13.3%，接通率80.00%）。" +
			"按时段，最多的是每日9–11时（未接254通，占全部未接的84.6%，接通率57.66%）。" +
			"按技能组：养老待遇（未接214通，占全部未接的71.3%，接通率38.85%）；社会保障卡（未接86通，占全部未接的28.6%，接通率84.36%）。",
		EN: "Answer rate of 12333 is 70.00%, below the target of 83%: of 1,000 requests, 300 were not answered; the target allows 170, so 130 too many. " +
			"The most at once: 2 March, 9:00–11:00 (214 not answered, 71.3% of all; answer rate 38.85%). " +
			"The days with the most: 2 March (220 not answered, 73.3% of all; answer rate 51.11%); 3 March (40 not answered, 13.3% of all; answer rate 84.00%); 5 March (40 not answered, 13.3% of all; answer rate 80.00%). " +
			"By hour of the day: 9:00–11:00 (254 not answered, 84.6% of all; answer rate 57.66%). " +
			"By queue: 养老待遇 (214 not answered, 71.3% of all; answer rate 38.85%); 社会保障卡 (86 not answered, 28.6% of all; answer rate 84.36%).",
	}
	if got != want {
		t.Errorf("got\n%s\n%s\nwant\n%s\n%s", got.ZH, got.EN, want.ZH, want.EN)
	}
}

func TestNoDeviationWhereThereIsNone(t *testing.T) {
	for name, losses := range map[string][]Loss{
		"nothing lost":    {lossy(2, 9, "a", 0, 10)},
		"exactly reached": {lossy(2, 9, "a", 17, 100)},
		"no calls":        nil,
	} {
		if got := RateDeviation(Wording{"x", "x"}, AnswerRateTarget, RequestWords, DivideLosses(losses, beijing)); got != (Wording{}) {
			t.Errorf("%s: %s", name, got.ZH)
		}
	}
	one := RateDeviation(Wording{"x", "x"}, TimelinessTarget, AnswerWords, DivideLosses([]Loss{lossy(2, 23, "", 1, 3)}, beijing))
	if !strings.Contains(one.ZH, "超时应答1通") || !strings.Contains(one.ZH, "未知技能组") || strings.Contains(one.ZH, "最多的日子") || !strings.Contains(one.ZH, "3月2日22–24时") {
		t.Errorf("one late answer: %s", one.ZH)
	}
}

// What is said of parts adds up to what was lost, in any order.
func TestLossPartsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		losses := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Loss {
			of := rapid.Int64Range(1, 50).Draw(t, "of")
			return lossy(rapid.IntRange(1, 5).Draw(t, "day"), rapid.IntRange(0, 23).Draw(t, "hour"),
				rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "queue"), rapid.Int64Range(0, of).Draw(t, "lost"), of)
		}), 0, 40).Draw(t, "losses")
		p := DivideLosses(losses, beijing)
		var days, queues, lost int64
		for _, l := range losses {
			lost += l.Lost
		}
		for _, l := range p.Days {
			days += l.Lost
		}
		for _, l := range p.Queues {
			queues += l.Lost
		}
		if days != lost || queues != lost || p.Lost != lost {
			t.Fatalf("lost %d: %d by day, %d by queue", lost, days, queues)
		}
		// No two hours in a row of the worst day lost more than what is said.
		for h := range 23 {
			var two int64
			for _, l := range losses {
				local := l.Bucket.In(beijing)
				if len(p.Days) > 0 && sameDay(p.Days[0].Date, l.Bucket) && (local.Hour() == h || local.Hour() == h+1) {
					two += l.Lost
				}
			}
			if two > 0 && two > p.Worst.Lost {
				t.Fatalf("%d o'clock lost %d, said is %+v", h, two, p.Worst)
			}
		}
		if again := DivideLosses(rapid.Permutation(losses).Draw(t, "order"), beijing); len(again.Days) != len(p.Days) || len(p.Days) > 0 && again.Days[0] != p.Days[0] {
			t.Fatal("the order of what was lost matters")
		}
	})
}

func TestLossesFollowTheFigure(t *testing.T) {
	g := golden()
	night := g
	entries := []Entry{{Key: Key{Bucket: morning, Name: "pension"}, Tally: g}, {Key: Key{Bucket: morning.Add(12 * time.Hour), Name: "pension"}, Tally: night}}
	rate := func(tl *Tally) Ratio { return Compute(tl, nil, DefaultDefinitions()).AnswerRate }
	list := LossesOf(entries, rate, func(_ string, at time.Time) bool { return at.Equal(morning) })
	if len(list) != 2 || list[0].Lost != 17 || list[0].Of != 100 || list[1].Lost != 0 || list[1].Of != 83 {
		t.Errorf("in hours 17 of 100 are lost, at night none of 83 that asked: %+v", list)
	}
}

func TestVolumeDeviation(t *testing.T) {
	days, end := steady(t, 2026, 380, day(2026, 4, 1))
	days[end-1].Known = false
	got := VolumeDeviation(Wording{"12333热线接听通数", "Calls answered by 12333"}, "通", days, end, 100_000)
	p := PaceOf(days, end, nil, 100_000)
	for _, want := range []string{
		"12333热线接听通数" + grouped(p.ToDate) + "通", "已过64个工作日，全年256个", "为25,000通", "少" + grouped(25_000-p.ToDate) + "通",
		"差得最多的月份：", "其中1个工作日无数据。",
	} {
		if !strings.Contains(got.ZH, want) {
			t.Errorf("%q is not in %s", want, got.ZH)
		}
	}
	if !strings.Contains(got.EN, "64 of 256 working days ask for 25,000") {
		t.Error(got.EN)
	}
	if ahead, end := steady(t, 2026, 410, day(2026, 4, 1)); VolumeDeviation(Wording{}, "通", ahead, end, 100_000) != (Wording{}) {
		t.Error("a volume ahead of its pace deviates")
	}
}
