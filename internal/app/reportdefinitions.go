package app

import (
	"fmt"
	"time"

	"hotline12333/internal/kpi"
	"hotline12333/internal/report"
)

// definitionsOf says how the figures of a report are counted, those behind the indicators
// first.
func definitionsOf(d kpi.Definitions) []report.Definition {
	leads := kpi.Wording{ZH: "人工接通率＝人工接听量÷人工请求量；非服务时间未接来电不计入。", EN: "answered by agents / requested; calls after hours that were not answered are left out."}
	if d.AnswerRate == kpi.RateComposite {
		leads = kpi.Wording{ZH: "综合接通率＝（人工接听量＋自助服务量）÷来电总量。", EN: "(answered by agents + self-service) / offered."}
	}
	list := []report.Definition{
		{Code: "answer_rate", Name: kpi.Wording{ZH: "12333热线电话接通率", EN: "answer rate"}, Choice: d.AnswerRate, Text: leads, Official: true},
		{Code: "answered_calls", Name: kpi.Wording{ZH: "12333热线接听通数", EN: "answered calls"}, Text: kpi.Wording{ZH: "人工接听的来电通数，一次来电只计一次。", EN: "calls that an agent answered, each counted once."}, Official: true},
		{Code: "response_timeliness", Name: kpi.Wording{ZH: "12333热线响应及时率", EN: "response timeliness"}, Official: true, Text: kpi.Wording{
			ZH: fmt.Sprintf("%d秒内接听的来电÷人工接听量（GB/T 33358—2016）；等待含排队与振铃，不含自助语音。", d.Timeliness),
			EN: fmt.Sprintf("answered within %d s / answered (GB/T 33358-2016); the wait is queueing and ringing, never the IVR.", d.Timeliness),
		}},
		{Code: "consultation_timeliness", Name: kpi.Wording{ZH: "12333咨询服务及时率", EN: "consultation timeliness"}, Official: true, Text: kpi.Wording{
			ZH: "（当场答复＋期限内答复）÷应答复的咨询工单；期限按工作日计。", EN: "(answered on the spot + replied by the deadline) / consultations due; deadlines in working days.",
		}},
		{Code: "answer_rate_composite", Name: kpi.Wording{ZH: "综合接通率(含自助)", EN: "composite answer rate"}, Text: kpi.Wording{ZH: "（人工接听量＋自助服务量）÷来电总量。", EN: "(answered by agents + self-service) / offered."}},
		{Code: "short_abandoned", Name: kpi.Wording{ZH: "速挂", EN: "short abandon"}, Text: kpi.Wording{
			ZH: fmt.Sprintf("排队或振铃中放弃，且等待不足%d秒。", d.ShortAbandon), EN: fmt.Sprintf("abandoned in queue or ringing with a wait below %d s.", d.ShortAbandon),
		}},
		{Code: "service_level", Name: kpi.Wording{ZH: "N秒接通率(占请求)", EN: "service level"}, Text: kpi.Wording{ZH: "N秒内接听的来电÷人工请求量。", EN: "answered within N s / requested."}},
	}
	for i := range list {
		settle(&list[i], d.State(list[i].Code, false))
	}
	return list
}

// settle puts down what is in force, and who said so.
func settle(d *report.Definition, s kpi.DefinitionState) {
	d.Version, d.Confirmed, d.By, d.Document, d.On = max(s.Version, 1), s.Confirmed, s.By, s.Document, s.At
	if s.Leads != "" {
		d.Choice = s.Leads
	}
	if s.Text != (kpi.Wording{}) {
		d.Text = s.Text
	}
	if since, err := time.Parse(time.DateOnly, s.Since); err == nil {
		d.Since = &since
	}
}
