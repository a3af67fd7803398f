package app

import (
	"time"

	"hotline12333/internal/kpi"
	"hotline12333/internal/report"
	"hotline12333/internal/ruleset"
)

// reportedDefinitions are those a report explains, with those behind a row of the tables
// first.
func reportedDefinitions() []string {
	return []string{
		kpi.DefAnswerRate, kpi.DefAnsweredCalls, kpi.DefResponse, kpi.DefConsultation,
		"answer_rate_agent", "answer_rate_composite", kpi.DefShortAbandon, kpi.DefServiceLevel, kpi.DefSatisfaction, kpi.DefFirstContact,
	}
}

// definitionsOf says how the figures of a report are counted, and who said so. tickets
// says whether any are connected, for all the calls it is about.
func definitionsOf(rules *ruleset.Definitions, d *kpi.Definitions, tickets bool) ([]report.Definition, error) {
	var list []report.Definition
	for _, name := range reportedDefinitions() {
		def, err := rules.Lookup(name)
		if err != nil {
			return nil, err
		}
		s := d.State(name, tickets)
		_, official := d.Draft()[kpi.Figure(name)]
		one := report.Definition{
			Code: name, Name: def.Title, Choice: s.Leads, Version: s.Version, Text: s.Text, Official: official,
			Confirmed: s.Confirmed, By: s.By, On: s.At, Document: s.Document, Reason: s.Reason,
		}
		if since, err := time.Parse(time.DateOnly, s.Since); err == nil {
			one.Since = &since
		}
		list = append(list, one)
	}
	return list, nil
}
