package kpi

// State is how an indicator stands against its target.
type State string

// The states. Only the first three have a value.
const (
	Met           State = "met"
	Near          State = "near" // missed, with 95% of the target or more
	Missed        State = "missed"
	NoData        State = "no_data"
	Unconnected   State = "not_connected" // a source cannot know it
	NotEntered    State = "not_entered"
	NotApplicable State = "not_applicable"
)

// States are all of them.
func States() []State {
	return []State{Met, Near, Missed, NoData, Unconnected, NotEntered, NotApplicable}
}

// Wording is what the state is called.
func (s State) Wording() Wording {
	switch s {
	case Met:
		return Wording{ZH: "达标", EN: "met"}
	case Near:
		return Wording{ZH: "接近", EN: "near"}
	case Missed:
		return Wording{ZH: "未达标", EN: "missed"}
	case NoData:
		return Wording{ZH: "无数据", EN: "no data"}
	case Unconnected:
		return Wording{ZH: "未接入", EN: "not connected"}
	case NotEntered:
		return Wording{ZH: "未填报", EN: "not entered"}
	case NotApplicable:
		return Wording{ZH: "不适用", EN: "not applicable"}
	}
	return Wording{}
}

// Flag is something a reader of a row must know.
type Flag string

// The flags.
const (
	FlagTargetLow      Flag = "target_low"
	FlagUnconfirmed    Flag = "definition_not_confirmed"
	FlagPartValue      Flag = "value_of_a_part"
	FlagPace           Flag = "against_pace"
	FlagExecutionLow   Flag = "execution_low"
	FlagExecutionAbove Flag = "execution_above"
)

// Wording says what the flag means.
func (f Flag) Wording() Wording {
	switch f {
	case FlagTargetLow:
		return Wording{ZH: "超出指标值30%以上:指标值是否偏低?请说明", EN: "more than 30% beyond the target: was it set low? explain"}
	case FlagUnconfirmed:
		return Wording{ZH: "口径待确认", EN: "definition not confirmed"}
	case FlagPartValue:
		return Wording{ZH: "取期内最近一次填报值", EN: "the latest value entered within the period"}
	case FlagPace:
		return Wording{ZH: "按时序进度比较", EN: "held against the expected progress"}
	case FlagExecutionLow:
		return Wording{ZH: "预算执行率低于90%,请说明原因", EN: "less than 90% of the budget executed: give the reason"}
	case FlagExecutionAbove:
		return Wording{ZH: "执行数超过全年预算数,请核对", EN: "more executed than there is budget: check it"}
	}
	return Wording{}
}

// Likelihood is whether the year's target will be reached (完成目标可能性).
type Likelihood string

// The likelihoods, the surest first.
const (
	Certain    Likelihood = "certain"
	Possible   Likelihood = "possible"
	Impossible Likelihood = "impossible"
)

// Likelihoods are all of them.
func Likelihoods() []Likelihood { return []Likelihood{Certain, Possible, Impossible} }

// Wording is what the likelihood is called.
func (l Likelihood) Wording() Wording {
	switch l {
	case Certain:
		return Wording{ZH: "确定能", EN: "certain"}
	case Possible:
		return Wording{ZH: "有可能", EN: "possible"}
	case Impossible:
		return Wording{ZH: "完全不可能", EN: "impossible"}
	}
	return Wording{}
}
