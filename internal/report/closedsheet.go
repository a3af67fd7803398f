package report

import (
	"fmt"

	"hotline12333/internal/kpi"
)

// corrections are what became of calls since the reports that were closed before.
func (t *teller) corrections() part {
	p := part{heading: t.of("六、上次锁定以来的更正", "Corrections since the last sealed report"), columns: []column{
		{title: t.of("已锁定报告", "Sealed report"), width: 22},
		{title: t.of("锁定时间", "Sealed at"), width: 20},
		{title: t.of("更正类别", "Kind"), width: 20},
		{title: t.of("通数", "Calls"), width: 40, align: alignCentre},
	}}
	for _, s := range t.r.Quality.Sealed {
		for _, c := range s.Changes {
			p.rows = append(p.rows, []cell{text(s.Title), text(t.moment(s.At)), text(t.word(c.Name)), count(c.Calls)})
		}
		if len(s.Changes) == 0 {
			p.rows = append(p.rows, []cell{text(s.Title), text(t.moment(s.At)), text(t.of("无更正", "no corrections")), count(0)})
		}
	}
	if len(p.rows) == 0 {
		p.rows = append(p.rows, t.said(t.of("本期尚无已锁定的报告", "no report of this period has been sealed")))
	}
	return p
}

// closing is who has closed the period, and the check list with what was answered.
func (t *teller) closing() part {
	c := t.r.Closing
	p := part{heading: t.of("八、锁定与关账清单", "Closing, and its check list"), columns: []column{
		{title: t.of("项目", "Item"), width: 22}, {title: t.of("代码", "Code"), width: 20}, {title: t.of("发现", "Found"), width: 20}, {title: t.of("说明", "Answer"), width: 40},
	}}
	for _, a := range c.Answers {
		p.rows = append(p.rows, []cell{text(t.of("已说明", "answered")), text(a.Code), text(t.word(a.Found)), text(a.Reason)})
	}
	if len(c.Answers) == 0 {
		p.rows = append(p.rows, t.said(t.of("关账清单无未决事项", "nothing was open on the check list")))
	}
	p.notes = append(p.notes, fmt.Sprintf(t.of("填报人：%s　复核人：%s　负责人：%s　锁定时间：%s", "Preparer: %s. Reviewer: %s. Head: %s. Sealed at %s"),
		c.Preparer, c.Reviewer, c.Head, t.moment(c.At)))
	if c.Revision > 0 {
		p.notes = append(p.notes, fmt.Sprintf(t.of("更正版%d，原因：%s", "Revision %d, because: %s"), c.Revision, c.Reason))
	}
	return p
}

// signature is who signs at the foot of a form, with the name where the period is closed.
func (t *teller) signature(w kpi.Wording) string {
	name := t.word(w)
	if t.r.Closing == nil {
		return name
	}
	who := map[string]string{"Preparer": t.r.Closing.Preparer, "Reviewer": t.r.Closing.Reviewer, "Head": t.r.Closing.Head}[w.EN]
	if who == "" {
		return name
	}
	return name + " " + who // the place to sign follows
}
