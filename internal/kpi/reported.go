package kpi

// Reported are the values of the indicators that calls and tickets give, of a statement: a
// count is over 1, and over 0 where there was nothing to count, which is no data and not
// none. What no source knows says so.
func Reported(s *Statement) map[Figure]Ratio {
	answered := s.Exact.AnsweredCalls
	if s.Counts.Offered == 0 {
		answered.Den = 0 // calls that are all still open say nothing yet
	}
	return map[Figure]Ratio{
		FigureAnsweredCalls:          answered,
		FigureAnswerRate:             s.Exact.AnswerRate,
		FigureResponseTimeliness:     s.Exact.ResponseTimeliness,
		FigureConsultationTimeliness: s.Exact.ConsultationTimeliness,
	}
}
