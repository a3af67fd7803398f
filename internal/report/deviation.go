package report

import (
	"math/big"

	"hotline12333/internal/kpi"
)

// deviations puts under each computed indicator that is off its target when and where it
// was lost, as kpi counts it. leads is the form of the response timeliness that it shows.
func (in *Input) deviations(t *FilledTable, source *kpi.Table, span kpi.Span, leads string) {
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
			said = in.lostRate(row, span, leads)
		case !span.From.Equal(toDate(in.Span, in.Count.Zone).From):
			continue // how far a volume is behind is said of the year
		}
		if said.ZH != "" {
			x.Deviation = append(x.Deviation, said)
		}
	}
}

func (in *Input) lostRate(row *kpi.Row, span kpi.Span, leads string) kpi.Wording {
	d := in.Count.Definitions
	tickets := false
	words, of := kpi.RequestWords, func(f *kpi.Figures) kpi.Ratio { return f.AnswerRate }
	switch row.Figure {
	case kpi.FigureAnswerRate:
		if d.AnswerRate == kpi.RateComposite || d.AnswerRate == kpi.RateCompositeHours {
			words = kpi.OfferedWords
		}
	case kpi.FigureResponseTimeliness:
		words, of = kpi.AnswerWords, func(f *kpi.Figures) kpi.Ratio { return f.ResponseTimelinessWait }
		if leads == kpi.ResponseItems {
			words, of, tickets = kpi.ItemWords, func(f *kpi.Figures) kpi.Ratio { return f.ResponseTimelinessItems }, true
		}
	case kpi.FigureConsultationTimeliness:
		words, of, tickets = kpi.ConsultWords, func(f *kpi.Figures) kpi.Ratio { return f.ConsultationTimeliness }, true
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
	switch {
	case tickets: // they are of no queue, and the hour is that of the deadline
		parts.Hours, parts.Worst = nil, nil
	case span == in.Span:
		parts.Queues = losses(in.Queues).Queues
	}
	target := new(big.Rat).Mul(row.Target.Rat(), row.Unit.Scale.Rat())
	return kpi.RateDeviation(row.Name, kpi.Target{Num: target.Num().Int64(), Den: target.Denom().Int64()}, words, parts)
}
