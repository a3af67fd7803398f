package journal

import (
	"slices"

	"hotline12333/internal/refusal"
)

// CallBack is a step of somebody who calls a lost caller back. The entry's subject is the id
// of one of the calls, so that no pseudonym stands in the journal.
type CallBack struct {
	Step     CallBackStep   `json:"step"`
	Result   CallBackResult `json:"result,omitempty"`   // of CallBackDone
	Attempts int            `json:"attempts,omitempty"` // how often nobody answered, this time included
	Calls    []string       `json:"calls"`              // the lost calls of the caller that it is about
}

// CallBackStep is what was done about a lost call.
type CallBackStep string

// The steps.
const (
	CallBackTaken     CallBackStep = "taken"      // the entry's author calls back
	CallBackTried     CallBackStep = "tried"      // nobody answered; the author will try again
	CallBackGivenBack CallBackStep = "given_back" // somebody else may take it
	CallBackDone      CallBackStep = "done"
	CallBackReopened  CallBackStep = "reopened" // it was done by mistake
)

// CallBackSteps are all of them.
func CallBackSteps() []CallBackStep {
	return []CallBackStep{CallBackTaken, CallBackTried, CallBackGivenBack, CallBackDone, CallBackReopened}
}

// CallBackResult is how it ended.
type CallBackResult string

// The results.
const (
	CallBackReached     CallBackResult = "reached"
	CallBackNotReached  CallBackResult = "not_reached"  // tried so often as Attempts says
	CallBackWrongNumber CallBackResult = "wrong_number" // the number is not the caller's, or does not exist
	CallBackWithdrawn   CallBackResult = "withdrawn"    // there is nothing to call back for; the entry says why
)

// CallBackResults are all of them.
func CallBackResults() []CallBackResult {
	return []CallBackResult{CallBackReached, CallBackNotReached, CallBackWrongNumber, CallBackWithdrawn}
}

// Held says whether somebody has it in hand after the step.
func (c *CallBack) Held() bool { return c.Step == CallBackTaken || c.Step == CallBackTried }

// Validate checks the words; reason is the entry's.
func (c *CallBack) Validate(reason string) error {
	switch {
	case !slices.Contains(CallBackSteps(), c.Step):
		return refusal.Errorf("没有操作“%[1]s”:请用页面上的按钮", "step: %[1]q is none of %[2]v", c.Step, CallBackSteps())
	case (c.Step == CallBackDone) != (c.Result != ""):
		return refusal.Errorf("办结时、也只在办结时写明结果", "result: how it ended is said when it is done, and only then")
	case c.Result != "" && !slices.Contains(CallBackResults(), c.Result):
		return refusal.Errorf("没有结果“%[1]s”:请用页面上的按钮", "result: %[1]q is none of %[2]v", c.Result, CallBackResults())
	case c.Result == CallBackNotReached && c.Attempts < 1:
		return refusal.Errorf("还没有人回拨过:请先记一次没人接", "not_reached: nobody has tried yet; note the attempt first")
	case len(c.Calls) == 0:
		return refusal.Errorf("没有写明是哪些未接来电", "calls: which lost calls it is about is missing")
	case (c.Result == CallBackWithdrawn || c.Step == CallBackReopened) && reason == "":
		return refusal.Errorf("请填写原因:为何不需回拨,或为何重新列入", "a reason is needed: why nobody is called back, or why it is opened again")
	}
	return nil
}
