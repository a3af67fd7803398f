package kpi

// Reconciliation leads from the indicator of answered calls to the numerator of the answer
// rate, where the two are defined differently: AnsweredCalls + the steps = Numerator.
type Reconciliation struct {
	AnsweredCalls int64              `json:"answered_calls"`
	Steps         []ReconciliationBy `json:"steps"`
	Numerator     int64              `json:"answer_rate_numerator"`
}

// ReconciliationBy is what is added, or taken away.
type ReconciliationBy struct {
	What  string `json:"what"` // self_service, answered_after_hours, self_service_after_hours, self_service_in_hours
	Calls int64  `json:"calls"`
}

// parts are the calls that may count as answered.
type parts struct {
	answered, answeredAfter, self, selfAfter int64 // within and outside service hours
}

func (t *Tally) answeredParts() parts {
	return parts{
		answered: t.Answered - t.OutsideAnswered, answeredAfter: t.OutsideAnswered,
		self: t.SelfService - t.OutsideSelfService, selfAfter: t.OutsideSelfService,
	}
}

// counting are the parts that a definition counts as answered, each 0 or 1.
func counting(form string) parts {
	switch form {
	case RateComposite:
		return parts{answered: 1, answeredAfter: 1, self: 1, selfAfter: 1}
	case RateCompositeHours:
		return parts{answered: 1, self: 1}
	}
	return parts{answered: 1, answeredAfter: 1}
}

// NumeratorsDiffer says whether answered calls as an indicator and in the answer rate are
// not the same calls: then every report shows how one comes from the other.
func (d *Definitions) NumeratorsDiffer() bool {
	return counting(d.AnsweredCalls) != counting(d.AnswerRate)
}

// Reconcile shows how they differ; nil where they do not, or where what is between them
// is not known.
func (d *Definitions) Reconcile(t *Tally, knows Knows) *Reconciliation {
	if !d.NumeratorsDiffer() || knows.missing(CanIVR) != "" {
		return nil
	}
	from, to, n := counting(d.AnsweredCalls), counting(d.AnswerRate), t.answeredParts()
	r := &Reconciliation{AnsweredCalls: n.of(from), Numerator: n.of(to)}
	step := func(what string, sign, calls int64) {
		if sign != 0 {
			r.Steps = append(r.Steps, ReconciliationBy{what, sign * calls})
		}
	}
	step("answered_after_hours", to.answeredAfter-from.answeredAfter, n.answeredAfter)
	in, after := to.self-from.self, to.selfAfter-from.selfAfter
	if in == after {
		step("self_service", in, n.self+n.selfAfter)
	} else {
		step("self_service_in_hours", in, n.self)
		step("self_service_after_hours", after, n.selfAfter)
	}
	return r
}

func (p parts) of(c parts) int64 {
	return p.answered*c.answered + p.answeredAfter*c.answeredAfter + p.self*c.self + p.selfAfter*c.selfAfter
}
