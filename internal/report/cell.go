package report

import (
	"strconv"
	"time"

	"hotline12333/internal/kpi"
)

func text(s string) cell { return cell{text: s} }

func label(s string) cell { return cell{text: s, tone: toneLabel} }

func count(n int64) cell {
	v := float64(n)
	return cell{text: group(n), number: &v, format: formatCount}
}

// day is a date as text: a date of a workbook would be shown as each country likes it.
func day(t time.Time) cell { return cell{text: t.Format(time.DateOnly), align: alignCentre} }

// missing says why there is no figure.
func (l Lang) missing(needs kpi.Capability) cell {
	s := l.of("无数据", "no data")
	if needs != "" {
		s = l.of("未接入", "not connected")
	}
	return cell{text: s, tone: toneWeak, align: alignCentre}
}

// capability names what a source cannot know.
func (l Lang) capability(c kpi.Capability) string {
	switch c {
	case kpi.CanRequests:
		return l.of("哪些来电请求了人工", "who asked for an agent")
	case kpi.CanIVR:
		return l.of("自助语音(IVR)", "calls that end in the IVR")
	case kpi.CanQueueWait:
		return l.of("排队等待时长", "how long callers wait")
	case kpi.CanRing:
		return l.of("振铃", "ringing")
	case kpi.CanRatings:
		return l.of("满意度评价", "ratings")
	case kpi.CanAgentState:
		return l.of("坐席状态", "agents' states")
	case kpi.CanTickets:
		return l.of("工单", "tickets")
	case kpi.CanCallers:
		return l.of("来电人(匿名标识)", "callers, by pseudonym")
	case kpi.ServiceHours:
		return l.of("服务时间(工作日历)", "service hours, without a calendar of the year")
	}
	return string(c)
}

// counted shows a count of a statement, by its name.
func (l Lang) counted(c *kpi.Counts, name string, n int64) cell {
	if missing := c.NotConnected[name]; missing != "" {
		return l.missing(missing)
	}
	return count(n)
}

func (l Lang) ofVolume(v *volume) cell {
	if v.missing != "" {
		return l.missing(v.missing)
	}
	return count(v.n)
}

// percent shows a ratio cut to two decimals; the number in the cell is the cut one.
func (l Lang) percent(r kpi.Ratio) cell {
	s, ok := kpi.CutPercent(r, 2)
	if !ok {
		return l.missing(r.NotConnected)
	}
	v := parse(s[:len(s)-1] + "e-2") // read as written: 82.99% is 0.8299 and nothing beside it
	return cell{text: s, number: &v, format: formatPercent}
}

// seconds shows a mean of milliseconds, cut to two decimals.
func (l Lang) seconds(r kpi.Ratio) cell {
	s, ok := kpi.CutSeconds(r, 2)
	if !ok {
		return l.missing(r.NotConnected)
	}
	v := parse(s)
	return cell{text: s, number: &v, format: formatTwo}
}

// exact shows a figure with all its digits, for programs.
func (l Lang) exact(v *float64, needs kpi.Capability) cell {
	if v == nil {
		return l.missing(needs)
	}
	return cell{text: strconv.FormatFloat(*v, 'f', -1, 64), number: v, format: formatExact}
}

// parse reads digits that kpi has printed.
func parse(digits string) float64 {
	v, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		panic("report: " + err.Error()) // kpi prints decimal digits
	}
	return v
}
