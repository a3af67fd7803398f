package store_test

import (
	"time"

	"pgregory.net/rapid"

	"hotline12333/internal/hotline"
)

// Names with everything that has ever broken a quoting rule.
var (
	ids     = []string{"a", "b", "it's", `back\slash`, "电话-1", "g", "h", "x'y\\", "{1:2}"}
	queues  = []string{"", "社保", "cards", "it's", `q\'`}
	agents  = []string{"1001", "1002", "坐席", "o'neil"}
	topics  = []string{"pension", "card", "失业", `"`, "a,b:c"}
	sources = []string{"", "pbx", "crm's"}
	centres = []string{"default", "咸阳"}
	scales  = []string{"csat", "满意'度", `s\`}
)

// genCall draws a version of a call that arrives within hours of base.
func genCall(t *rapid.T, base time.Time) *hotline.Call {
	c := &hotline.Call{
		ID:      rapid.SampledFrom(ids).Draw(t, "id"),
		Version: rapid.Uint64Range(1, 4).Draw(t, "version"),
	}
	if rapid.IntRange(0, 9).Draw(t, "fate") == 0 {
		c.Deleted = true
		return c
	}
	c.Centre = rapid.SampledFrom(centres).Draw(t, "centre")
	c.Source = rapid.SampledFrom(sources).Draw(t, "source")
	c.Queue = rapid.SampledFrom(queues).Draw(t, "queue")
	c.Agent = rapid.SampledFrom(append(agents, "")).Draw(t, "agent")
	c.Topics = rapid.SliceOfN(rapid.SampledFrom(topics), 0, 3).Draw(t, "topics")
	c.Outcome = rapid.SampledFrom(append(hotline.FinalOutcomes(), hotline.Open, hotline.Answered, hotline.Answered)).Draw(t, "outcome")
	c.Direction = rapid.SampledFrom([]hotline.Direction{hotline.Inbound, hotline.Inbound, hotline.Callback, hotline.Outbound}).Draw(t, "direction")
	if rapid.IntRange(0, 5).Draw(t, "excluded") == 0 {
		c.Excluded = rapid.SampledFrom(hotline.Exclusions()).Draw(t, "reason")
	}
	// Four bucket edges, two of them in different months, and the edge of the repeat window.
	const twoDays = 48 * 3_600_000
	c.StartedAt = base.Add(time.Duration(rapid.SampledFrom([]int64{-900_001, -900_000, -1, 0, 1, 899_999, 900_000, twoDays - 1, twoDays, twoDays + 1}).Draw(t, "arrival")) * time.Millisecond)
	c.QueuedAt = genInstant(t, "queued", c.StartedAt)
	c.AnsweredAt = genInstant(t, "answered", c.StartedAt)
	c.EndedAt = genInstant(t, "ended", c.StartedAt)
	c.Wait, c.Talk, c.Hold = genSpan(t, "wait"), genSpan(t, "talk"), genSpan(t, "hold")
	c.Wrapup, c.IVR = genSpan(t, "wrapup"), genSpan(t, "ivr")
	for range rapid.SampledFrom([]int{0, 0, 1, 2, 3}).Draw(t, "legs") {
		c.Legs = append(c.Legs, hotline.Leg{
			Agent: rapid.SampledFrom(agents).Draw(t, "leg agent"), Queue: rapid.SampledFrom(queues).Draw(t, "leg queue"),
			AnsweredAt: genInstant(t, "leg answered", c.StartedAt), EndedAt: genInstant(t, "leg ended", c.StartedAt),
			Hold: genSpan(t, "leg hold"),
		})
	}
	c.CallerHash = rapid.SampledFrom([]string{"", "k.one", "k.one", "k.two", "it's"}).Draw(t, "caller")
	c.Transfers = rapid.Uint32Range(0, 3).Draw(t, "transfers")
	c.Rating = hotline.Rating{
		Invited: rapid.Bool().Draw(t, "invited"), Given: rapid.Bool().Draw(t, "given"),
		Value: rapid.Byte().Draw(t, "rating"), Scale: rapid.SampledFrom(scales).Draw(t, "scale"),
	}
	if rapid.Bool().Draw(t, "attributes") {
		c.Attributes = map[string]string{"trunk": "t'1", `k\`: "电"}
	}
	return c
}

func genInstant(t *rapid.T, name string, start time.Time) time.Time {
	ms := rapid.SampledFrom([]int64{0, -5_000, 1, 999, 1_000, 14_999, 15_001, 60_000, 600_000, 600_001, 900_001, 3_600_000, 8_000_000}).Draw(t, name)
	if ms == 0 {
		return time.Time{}
	}
	return start.Add(time.Duration(ms) * time.Millisecond)
}

func genSpan(t *rapid.T, name string) hotline.Span {
	ms := rapid.SampledFrom([]int64{-2, -1, 0, 1, 999, 1_000, 4_999, 5_000, 600_000, 600_001, 601_000, 900_000, 900_001, 7_200_000, 7_200_001}).Draw(t, name)
	if ms == -2 {
		return hotline.Span{}
	}
	return hotline.Millis(ms)
}

// genSupplement draws a version of a supplement to one of the calls, or to none.
func genSupplement(t *rapid.T) *hotline.Supplement {
	s := &hotline.Supplement{
		CallID:  rapid.SampledFrom(append(ids[:7:7], "nobody")).Draw(t, "call"),
		Version: rapid.Uint64Range(1, 3).Draw(t, "supplement version"),
		Kind:    rapid.SampledFrom(hotline.SupplementKinds()).Draw(t, "kind"),
		Deleted: rapid.IntRange(0, 5).Draw(t, "withdrawn") == 5,
	}
	switch s.Kind {
	case hotline.SupplementRating:
		s.Rating = hotline.Rating{Invited: rapid.Bool().Draw(t, "invited"), Scale: rapid.SampledFrom(scales).Draw(t, "scale")}
		if rapid.Bool().Draw(t, "given") {
			s.Rating.Given, s.Rating.Value = true, rapid.Byte().Draw(t, "rating")
		}
	case hotline.SupplementIVR:
		s.IVR = hotline.Millis(rapid.SampledFrom([]int64{-1, 0, 1, 999, 1_000, 14_999, 600_001, 7_200_000}).Draw(t, "ivr"))
	case hotline.SupplementTopics:
		s.Topics = rapid.SliceOfN(rapid.SampledFrom(append(topics, "new")), 1, 3).Draw(t, "topics")
	}
	return s
}
