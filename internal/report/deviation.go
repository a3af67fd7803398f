package report

import (
	"math/big"

	"hotline12333/internal/kpi"
)

// deviations puts under each computed indicator that is off its target when and where it
// was lost, as kpi counts it.
func (in *Input) deviations(t *FilledTable, source *kpi.Table, span kpi.Span) {
	for i := range t.Rows {
		x := &t.Rows[i]
		if x.State != kpi.Missed && x.State != kpi.Near {
			continue
		}
		row, ok := source.Row(x.Code)
		if !ok || row.Figure == "" {
			continue
		}
		said := in.Behind
		switch {
		case row.Figure != kpi.FigureAnsweredCalls:
			said = in.lostRate(row, span)
		case !span.From.Equal(toDate(in.Span, in.Count.Zone).From):
			continue // how far a volume is behind is said of the year
		}
		if said.ZH != "" {
			x.Deviation = append(x.Deviation, said)
		}
	}
}

func (in *Input) lostRate(row *kpi.Row, span kpi.Span) kpi.Wording {
	d := in.Count.Definitions
	words, of := kpi.RequestWords, func(f *kpi.Figures) kpi.Ratio { return f.AnswerRate }
	switch row.Figure {
	case kpi.FigureAnswerRate:
		if d.AnswerRate == kpi.RateComposite || d.AnswerRate == kpi.RateCompositeHours {
			words = kpi.OfferedWords
		}
	case kpi.FigureResponseTimeliness:
		words, of = kpi.AnswerWords, func(f *kpi.Figures) kpi.Ratio { return f.ResponseTimelinessWait }
		if d.Leads(false) == kpi.ResponseItems {
			return kpi.Wording{} // of tickets, whose queue and hour say nothing
		}
	case kpi.FigureConsultationTimeliness:
		words, of = kpi.ConsultWords, func(f *kpi.Figures) kpi.Ratio { return f.ConsultationTimeliness }
	default:
		return kpi.Wording{}
	}
	ratio := func(t *kpi.Tally) kpi.Ratio {
		f := kpi.Compute(t, nil, d)
		return of(&f)
	}
	losses := func(entries []kpi.Entry) kpi.LossParts {
		return kpi.DivideLosses(kpi.LossesOf(entries, ratio, in.Count.InService), in.Count.Zone)
	}
	parts := losses(within(in.Year, span))
	parts.Queues = nil
	if span == in.Span {
		parts.Queues = losses(in.Queues).Queues
	}
	target := new(big.Rat).Mul(row.Target.Rat(), row.Unit.Scale.Rat())
	return kpi.RateDeviation(row.Name, kpi.Target{Num: target.Num().Int64(), Den: target.Denom().Int64()}, words, parts)
}
