package kpi

import (
	"fmt"

	"hotline12333/internal/hotline"
)

// Rule is why a call stands where it does in a figure. In one figure a rule puts calls on
// one side only.
type Rule struct {
	Code string `json:"code"`
	ZH   string `json:"zh"`
	EN   string `json:"en"`
}

// outcomeRules say what became of a call.
var outcomeRules = map[hotline.Outcome]Rule{
	hotline.Open:              {"open", "未办结:尚无结果", "open: not decided yet"},
	hotline.Answered:          {"answered", "人工接听", "answered by an agent"},
	hotline.SelfService:       {"self_service", "自助服务,未请求人工", "self-service: no agent asked for"},
	hotline.AbandonedIVR:      {"abandoned_ivr", "语音导航中放弃,未请求人工", "abandoned in the IVR: no agent asked for"},
	hotline.AbandonedQueue:    {"abandoned_queue", "排队中放弃", "abandoned in the queue"},
	hotline.AbandonedRinging:  {"abandoned_ringing", "振铃中放弃", "abandoned while an agent's phone rang"},
	hotline.TimedOut:          {"timed_out", "等待超时,系统挂断", "timed out: the system gave up"},
	hotline.Blocked:           {"blocked", "遇忙或队列已满", "blocked: queue full, line busy or closed"},
	hotline.Voicemail:         {"voicemail", "排队后留言", "voicemail after queueing"},
	hotline.CallbackRequested: {"callback_requested", "请求回拨", "asked to be called back"},
}

// exclusionRules say why a call is in no population.
var exclusionRules = map[hotline.Exclusion]Rule{
	hotline.ExcludedBlacklist: {"excluded_blacklist", "剔除(黑名单)", "excluded (blacklist)"},
	hotline.ExcludedTest:      {"excluded_test", "剔除(测试)", "excluded (test)"},
	hotline.ExcludedInternal:  {"excluded_internal", "剔除(内部来电)", "excluded (internal)"},
	hotline.ExcludedPhantom:   {"excluded_phantom", "剔除(无来电人的记录)", "excluded (phantom: nobody behind the record)"},
	hotline.ExcludedOutbound:  {"excluded_outbound", "剔除(外呼)", "excluded (outbound)"},
}

var (
	ruleAgentLeg      = Rule{"agent_leg", "转接后的接听:时长计入,通数计入首位接听坐席", "a later leg: its time counts here, the call at the first agent who spoke"}
	ruleAnotherFirst  = Rule{"another_agent_first", "由其他坐席首先接听,计入该坐席", "another agent spoke first: the call counts there"}
	ruleDirectMail    = Rule{"voicemail_direct", "未排队直接留言,未请求人工", "voicemail without queueing: no agent asked for"}
	ruleAfterHours    = Rule{"after_hours", "非服务时间来电,未接听", "after hours, not answered"}
	ruleOutside       = Rule{"outside_hours", "非服务时间来电,不计入", "arrived outside service hours: not counted here"}
	ruleFarewell      = Rule{"no_further_call", "回访窗口内未再来电", "no further call of the caller within the window"}
	ruleFurther       = Rule{"further_call", "回访窗口内再次来电", "a further call of the caller within the window"}
	ruleFirstCall     = Rule{"first_call", "窗口内首次来电", "no call of the caller before, within the window"}
	ruleRepeatCall    = Rule{"repeat_call", "重复来电", "repeat call: within the window after another of the caller"}
	ruleNobody        = Rule{"caller_unknown", "主叫未知", "the caller is not known"}
	ruleCentreCalled  = Rule{"centre_called", "中心回拨,非来电", "a call back, made by the centre"}
	ruleUnrated       = Rule{"not_rated", "未评价", "not rated"}
	ruleRated         = Rule{"rated", "已评价", "rated"}
	ruleUninvited     = Rule{"not_invited", "未邀请评价", "not invited to rate"}
	ruleUnknownScale  = Rule{"unknown_scale", "评价的量表未定义", "rated on a scale that is not defined"}
	ruleSatisfied     = Rule{"satisfied", "评价为满意", "rated as satisfied"}
	ruleDissatisfied  = Rule{"dissatisfied", "评价为不满意", "rated as not satisfied"}
	ruleHandled       = Rule{"handled", "由坐席处理", "handled by an agent"}
	ruleTransferred   = Rule{"transferred", "有转接", "transferred"}
	ruleUntransferred = Rule{"not_transferred", "未转接", "not transferred"}
	ruleSkewed        = Rule{"clock_skew", "时间倒置,已按零计", "a time ran backwards and was taken for zero"}
	ruleStraight      = Rule{"no_clock_skew", "时间正常", "times in order"}
)

// RuleOf is the rule of that code by which a call is counted, or not; ok is false where there
// is none, as of a program to come.
func RuleOf(code string) (r Rule, ok bool) {
	for _, r := range outcomeRules {
		if r.Code == code {
			return r, true
		}
	}
	for _, r := range exclusionRules {
		if r.Code == code {
			return r, true
		}
	}
	for _, r := range []Rule{ruleAgentLeg, ruleAnotherFirst, ruleDirectMail, ruleAfterHours, ruleOutside} {
		if r.Code == code {
			return r, true
		}
	}
	return Rule{}, false
}

// excluded is the rule of calls that belong to no population here.
func (s *Seen) excluded() (Rule, bool) {
	if s.Part {
		return ruleAnotherFirst, true
	}
	r, ok := exclusionRules[s.Excluded]
	return r, ok
}

// became is what became of the call, at whatever hour it came.
func (s *Seen) became() Rule {
	if r, ok := s.excluded(); ok {
		return r
	}
	if s.Outcome == hotline.Voicemail && !s.Queued {
		return ruleDirectMail
	}
	return outcomeRules[s.Outcome]
}

// asked is what became of the call as far as the requested are concerned.
func (s *Seen) asked() Rule {
	if s.Asked() && s.Outcome != hotline.Answered && s.OutsideService {
		return ruleAfterHours
	}
	return s.became()
}

// inHours is what became of the call, where only those within service hours count.
func (s *Seen) inHours() Rule {
	if _, ok := s.excluded(); !ok && s.OutsideService && s.Outcome != hotline.Open {
		return ruleOutside
	}
	return s.became()
}

// short is asked, with the short abandons by themselves.
func short(threshold int, otherwise func(*Seen) Rule) func(*Seen) Rule {
	return func(s *Seen) Rule {
		r := otherwise(s)
		if r != ruleAfterHours && s.Lost() && int(Class(s.Wait/1000)) < threshold {
			return Rule{
				"short_abandon", fmt.Sprintf("速挂(等待不足%d秒即放弃)", threshold),
				fmt.Sprintf("short abandon: hung up with a wait below %d s", threshold),
			}
		}
		return r
	}
}

// within divides the answered by their wait.
func within(threshold int, otherwise func(*Seen) Rule) func(*Seen) Rule {
	return func(s *Seen) Rule {
		switch {
		case s.Part || s.Excluded != hotline.NotExcluded || s.Outcome != hotline.Answered:
			return otherwise(s)
		case int(Class((s.Wait+999)/1000)) <= threshold:
			return Rule{"answered_within", fmt.Sprintf("%d秒内人工接听", threshold), fmt.Sprintf("answered within %d s", threshold)}
		}
		return Rule{"answered_later", fmt.Sprintf("人工接听,等待超过%d秒", threshold), fmt.Sprintf("answered after more than %d s", threshold)}
	}
}

func (s *Seen) rated(satisfied map[string]bool) Rule {
	if r, ok := s.excluded(); ok {
		return r
	}
	if !s.Given {
		return ruleUnrated
	}
	switch good, known := satisfied[s.Rating]; {
	case !known:
		return ruleUnknownScale
	case good:
		return ruleSatisfied
	}
	return ruleDissatisfied
}

func (s *Seen) participated() Rule {
	if r, ok := s.excluded(); ok {
		return r
	}
	switch {
	case s.Given:
		return ruleRated
	case s.Invited:
		return ruleUnrated
	}
	return ruleUninvited
}

// handled says whether an agent had the call, the first one or a later one.
func (s *Seen) handled() Rule {
	if _, ok := s.excluded(); !ok && s.Legs > 0 {
		return ruleHandled
	}
	return s.became()
}

func (s *Seen) transferred() Rule {
	if r, ok := s.excluded(); ok {
		return r
	}
	if s.Transfers > 0 {
		return ruleTransferred
	}
	return ruleUntransferred
}

// sideOfHours is what became of the call, with those who were served outside service hours
// by themselves.
func (s *Seen) sideOfHours() Rule {
	r := s.became()
	switch {
	case !s.OutsideService:
	case r == outcomeRules[hotline.Answered]:
		return Rule{"answered_outside_hours", "非服务时间人工接听", "answered outside service hours"}
	case r == outcomeRules[hotline.SelfService]:
		return Rule{"self_service_outside_hours", "非服务时间自助服务", "self-service outside service hours"}
	}
	return r
}

func (s *Seen) settled() Rule {
	r := s.became()
	switch {
	case r != outcomeRules[hotline.Answered]:
		return r
	case !s.KnownCaller:
		return ruleNobody
	case s.Followed:
		return ruleFurther
	}
	return ruleFarewell
}

func (s *Seen) repeated() Rule {
	if r, ok := s.excluded(); ok {
		return r
	}
	switch {
	case s.Outcome == hotline.Open:
		return outcomeRules[hotline.Open]
	case !s.KnownCaller:
		return ruleNobody
	case s.Direction != hotline.Inbound:
		return ruleCentreCalled
	case s.Preceded:
		return ruleRepeatCall
	}
	return ruleFirstCall
}
