package report

import (
	"fmt"
	"strings"

	"github.com/mattn/go-runewidth"

	"hotline12333/internal/kpi"
)

// tableWidth is the terminal a table is made for.
const tableWidth = 80

// reconciliation leads from the indicator of answered calls to the answer rate's numerator.
func (p *page) reconciliation() {
	r := p.s.Reconciled
	if r == nil {
		return
	}
	text := "answered calls (indicator) " + group(r.AnsweredCalls)
	for _, s := range r.Steps {
		sign, n := " + ", s.Calls
		if n < 0 {
			sign, n = " − ", -n
		}
		text += sign + strings.ReplaceAll(s.What, "_", " ") + " " + group(n)
	}
	p.wrapped("", text+" = numerator of the answer rate "+group(r.Numerator))
	p.line("")
}

// stepWords are what lies between answered calls and the answer rate's numerator.
func stepWords(what string) kpi.Wording {
	switch what {
	case "self_service":
		return kpi.Wording{ZH: "自助服务量", EN: "self-service"}
	case "self_service_in_hours":
		return kpi.Wording{ZH: "服务时间内自助服务量", EN: "self-service within service hours"}
	case "self_service_after_hours":
		return kpi.Wording{ZH: "非服务时间自助服务量", EN: "self-service outside service hours"}
	case "answered_after_hours":
		return kpi.Wording{ZH: "非服务时间人工接听量", EN: "answered outside service hours"}
	}
	return kpi.Wording{ZH: what, EN: what}
}

// definitionNotices are what a reader must know of the definitions before the figures: that
// two of them count other calls as answered, and how these come to each other; and that
// one changed within the period.
func definitionNotices(s *kpi.Statement, list []Definition) []kpi.Wording {
	var out []kpi.Wording
	if r := s.Reconciled; r != nil {
		zh := "接听通数与接通率分子口径不一致：接听通数 " + group(r.AnsweredCalls)
		en := "answered calls and the answer rate do not count the same calls as answered: answered calls " + group(r.AnsweredCalls)
		for _, step := range r.Steps {
			sign, n, words := " ＋ ", step.Calls, stepWords(step.What)
			plain := " + "
			if n < 0 {
				sign, plain, n = " － ", " − ", -n
			}
			zh, en = zh+sign+words.ZH+" "+group(n), en+plain+words.EN+" "+group(n)
		}
		out = append(out, kpi.Wording{ZH: zh + " ＝ 接通率分子 " + group(r.Numerator) + "。", EN: en + " = numerator of the answer rate " + group(r.Numerator) + "."})
	}
	for i := range list {
		d := &list[i]
		if st := s.Definitions[d.Code]; d.Official && st.Changed {
			out = append(out, kpi.Wording{
				ZH: fmt.Sprintf("期间内“%s”的口径有变更，全期按期末口径（第%d版）计算，不与变更前的数据相加。", d.Name.ZH, st.Version),
				EN: fmt.Sprintf("the definition of %s changed within the period: all of it is computed by the one at its end (v%d), and is no sum of the parts.", d.Name.EN, st.Version),
			})
		}
	}
	return out
}

// definitions are the footnotes: what the figures above mean, of those that are a choice.
func (p *page) definitions() {
	if p.s.Counts.Calls == 0 {
		return
	}
	p.line("")
	p.line("Definitions (口径)")
	for _, d := range []struct {
		name, title string
		shown       bool
	}{
		{kpi.DefAnswerRate, "answer rate", true},
		{kpi.DefAnsweredCalls, "answered calls", true},
		{kpi.DefResponse, "response timeliness", true},
		{kpi.DefConsultation, "consultation timeliness", p.s.Rates.ConsultationTimeliness != nil},
		{kpi.DefServiceLevel, "service level", p.s.NotComputed["service_level"] == ""},
		{kpi.DefSatisfaction, "satisfaction", p.s.Rates.SatisfactionRate != nil},
		{kpi.DefFirstContact, "first contact resolution", p.s.Rates.FirstContactResolution != nil},
	} {
		s, ok := p.s.Definitions[d.name]
		if !ok || !d.shown {
			continue
		}
		p.wrapped("", d.title+" "+StateOf(s))
		p.wrapped("  ", s.Text.ZH)
		p.wrapped("  ", s.Text.EN)
	}
}

// StateOf says in one line which version of a definition holds, and by whose word.
func StateOf(s kpi.DefinitionState) string {
	text := fmt.Sprintf("v%d", s.Version)
	switch {
	case s.Confirmed:
		text += " since " + s.Since + ", confirmed by " + s.By
		if s.Document != "" {
			text += ", " + s.Document
		}
	default:
		text += ", not confirmed (口径待确认)"
	}
	if s.Asked {
		text += "; asked for, whatever is in force"
	}
	if s.Changed {
		text += "; another version was in force earlier in the period"
	}
	return text
}

// wrapped prints a text in lines that fit, broken at spaces or between Chinese characters.
func (p *page) wrapped(indent, text string) {
	line, width := "", 0
	flush := func() {
		p.line("%s", indent+strings.TrimSpace(line))
		line, width = "", 0
	}
	for _, piece := range pieces(text) {
		if w := runewidth.StringWidth(piece); width+w > tableWidth-len(indent) && width > 0 {
			flush()
		}
		line += piece
		width += runewidth.StringWidth(piece)
	}
	if strings.TrimSpace(line) != "" {
		flush()
	}
}

// pieces cuts a text where it may be broken. A closing mark stays with what it closes.
func pieces(text string) []string {
	var list []string
	runes, start := []rune(text), 0
	for i := 1; i <= len(runes); i++ {
		if i < len(runes) {
			before, after := runes[i-1], runes[i]
			wide := runewidth.RuneWidth(before) == 2 || runewidth.RuneWidth(after) == 2
			if before != ' ' && !wide || strings.ContainsRune("，。；：、）”’%", after) || strings.ContainsRune("（“‘", before) {
				continue
			}
		}
		list = append(list, string(runes[start:i]))
		start = i
	}
	return list
}
