package kpi

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// Score is the points of a value against its target, unrounded, by the practice of the
// self-evaluation of project expenditure (项目支出绩效自评): reached, the whole weight, and
// nothing for more; else the share that was reached. Of AtMost the share is target / value,
// of the others value / target. A graded indicator has no score of this kind: nil.
func Score(sign Sign, value, target, weight *big.Rat) *big.Rat {
	if sign == Graded {
		return nil
	}
	return new(big.Rat).Mul(attained(sign, value, target), weight)
}

// attained is the share of the target that was reached, from 0 to 1.
func attained(sign Sign, value, target *big.Rat) *big.Rat {
	if reached(sign, value, target) {
		return big.NewRat(1, 1)
	}
	if sign == AtMost {
		return new(big.Rat).Quo(target, value) // value is above a target that is not negative
	}
	if value.Sign() < 0 || target.Sign() <= 0 {
		return new(big.Rat)
	}
	return new(big.Rat).Quo(value, target)
}

// reached says whether a value reaches its target, compared as it is. More than the target
// reaches an Equals as well: its score is value / target, capped.
func reached(sign Sign, value, target *big.Rat) bool {
	if sign == AtMost {
		return value.Cmp(target) <= 0
	}
	return value.Cmp(target) >= 0
}

// nearly is the share of its target from which a missed indicator is near it (接近).
func nearly() *big.Rat { return big.NewRat(95, 100) }

// farBeyond says whether a value is better than its target by more than the margin (0.3
// for 30%): then the target may have been set low.
func farBeyond(sign Sign, value, target, margin *big.Rat) bool {
	one := big.NewRat(1, 1)
	if sign == AtMost {
		return value.Cmp(new(big.Rat).Mul(target, new(big.Rat).Sub(one, margin))) < 0
	}
	return value.Cmp(new(big.Rat).Mul(target, new(big.Rat).Add(one, margin))) > 0
}

// Execution is how the budget behind a table was carried out, in 万元, as entered.
type Execution struct {
	Adjusted, Executed *big.Rat // nil: not entered
	Reason             string   // needed below 90%
	NotApplicable      bool     // there is no budget; with Reason and Reviewer
	Reviewer           string
}

// executionLow is the rate of execution below which a reason is needed.
func executionLow() *big.Rat { return big.NewRat(90, 100) }

// ExecutionResult is the line about the budget.
type ExecutionResult struct {
	Execution
	Points Fraction
	Rate   *big.Rat // executed / adjusted; nil: not entered
	Score  *big.Rat
	State  State
	Flags  []Flag
}

// execute scores the budget: executed / adjusted × points, at most all of them.
func execute(e Execution, points Fraction) (ExecutionResult, error) {
	r := ExecutionResult{Execution: e, Points: points, State: NotEntered}
	switch {
	case e.NotApplicable && (e.Reason == "" || e.Reviewer == ""):
		return r, errors.New("the budget does not apply: that needs a reason and a reviewer")
	case e.NotApplicable:
		r.State = NotApplicable
		return r, nil
	case e.Adjusted == nil || e.Executed == nil:
		return r, nil
	case e.Adjusted.Sign() <= 0:
		return r, fmt.Errorf("the adjusted budget is %s: it must be above 0, or not apply", e.Adjusted.FloatString(2))
	case e.Executed.Sign() < 0:
		return r, fmt.Errorf("the executed budget is %s: it cannot be negative", e.Executed.FloatString(2))
	}
	one := big.NewRat(1, 1)
	r.Rate = new(big.Rat).Quo(e.Executed, e.Adjusted)
	r.Score = Score(AtLeast, r.Rate, one, points.Rat())
	r.State = stateOf(AtLeast, r.Rate, one)
	if r.Rate.Cmp(executionLow()) < 0 && e.Reason == "" {
		r.Flags = append(r.Flags, FlagExecutionLow)
	}
	if r.Rate.Cmp(one) > 0 {
		r.Flags = append(r.Flags, FlagExecutionAbove)
	}
	return r, nil
}

func stateOf(sign Sign, value, target *big.Rat) State {
	switch {
	case reached(sign, value, target):
		return Met
	case attained(sign, value, target).Cmp(nearly()) >= 0:
		return Near
	}
	return Missed
}

// Band is the band of a graded score, given in percent of the weight. A score on the edge
// of two belongs to the better one.
func Band(bands []ScoreBand, percent *big.Rat) (ScoreBand, bool) {
	i := slices.IndexFunc(bands, func(b ScoreBand) bool {
		return percent.Cmp(b.Least.Rat()) >= 0 && percent.Cmp(b.Most.Rat()) <= 0
	})
	if i < 0 {
		return ScoreBand{}, false
	}
	return bands[i], true
}

// Total adds unrounded scores; where rows were left out as not applicable, what remains is
// rescaled to 100 points.
func Total(scores []*big.Rat, points *big.Rat) *big.Rat {
	sum := new(big.Rat)
	for _, s := range scores {
		sum.Add(sum, s)
	}
	hundred := big.NewRat(100, 1)
	if points.Sign() == 0 || points.Cmp(hundred) == 0 {
		return sum
	}
	return sum.Mul(sum, hundred.Quo(hundred, points))
}

// Rounded is a total as it is printed and graded: to two decimals, halves up.
func Rounded(total *big.Rat) *big.Rat {
	r, _ := new(big.Rat).SetString(total.FloatString(2))
	return r
}

// GradeOf is the grade of a rounded total.
func GradeOf(grades []GradeBand, total *big.Rat) (GradeBand, bool) {
	i := slices.IndexFunc(grades, func(g GradeBand) bool { return total.Cmp(g.Least.Rat()) >= 0 })
	if i < 0 {
		return GradeBand{}, false
	}
	return grades[i], true
}

// Print writes a value in the unit of its target, cut so that a missed target never shows
// as met: down, and up where less is better. Not fewer decimals are kept than the target
// has. Trailing zeros go; where fixed asks for decimals two of them stay, so that a column of
// values reads alike and 7 of ten thousand cards is not 7.0000.
func Print(value *big.Rat, row *Row, fixed bool) string {
	decimals := row.Unit.Decimals
	if digits, exact := row.Target.Rat().FloatPrec(); exact {
		decimals = max(decimals, digits)
	}
	scaled := new(big.Rat).Mul(value, new(big.Rat).SetInt(pow10(decimals)))
	whole, rest := new(big.Int).QuoRem(scaled.Num(), scaled.Denom(), new(big.Int))
	if rest.Sign() > 0 && row.Sign == AtMost {
		whole.Add(whole, big.NewInt(1))
	}
	text := point(whole.String(), decimals)
	keep := 0
	if fixed {
		keep = min(decimals, 2)
	}
	for ; decimals > keep && text[len(text)-1] == '0'; decimals-- {
		text = text[:len(text)-1]
	}
	return strings.TrimSuffix(text, ".")
}
