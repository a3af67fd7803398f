package seal

// ChangeKind is what became of a call since a report was sealed.
type ChangeKind string

// The kinds.
const (
	Corrected ChangeKind = "corrected"   // a newer version of it holds
	Deleted   ChangeKind = "deleted"     // it never was
	MovedOut  ChangeKind = "moved_out"   // its arrival lies outside of the period now
	MovedIn   ChangeKind = "moved_in"    // its arrival lay outside of the period
	Late      ChangeKind = "late"        // it was not known
	Facts     ChangeKind = "facts"       // the same version counts otherwise: a rating, a topic, a time in the IVR that came later, or a call of the same caller
	Rules     ChangeKind = "rules"       // the same version counts otherwise: definitions or service hours have changed
	Expired   ChangeKind = "expired"     // it has reached retention; what was counted of it stays
	Unlisted  ChangeKind = "unexplained" // the calls do not tell why
)

// ChangeKinds are all of them, in the order they are told.
func ChangeKinds() []ChangeKind {
	return []ChangeKind{Corrected, Deleted, MovedOut, MovedIn, Late, Facts, Rules, Expired, Unlisted}
}

// Title is the kind in Chinese and in English.
func (k ChangeKind) Title() (zh, en string) {
	switch k {
	case Corrected:
		return "更正", "corrected"
	case Deleted:
		return "删除", "deleted"
	case MovedOut:
		return "移出本期", "moved out of the period"
	case MovedIn:
		return "移入本期", "moved into the period"
	case Late:
		return "迟到", "arrived late"
	case Facts:
		return "补充信息", "facts that came later"
	case Rules:
		return "口径或服务时间变化", "definitions or service hours changed"
	case Expired:
		return "超过保存期限", "reached retention"
	}
	return "原因不明", "unexplained"
}

// Change is one call that is not as it was when the report was sealed. Versions are 0
// where there is none; Was and Is are letters per figure: N numerator, D denominator
// alone, - left out.
type Change struct {
	Kind       ChangeKind `json:"kind"`
	CallID     string     `json:"call_id"`
	WasVersion uint64     `json:"was_version,omitempty"`
	IsVersion  uint64     `json:"is_version,omitempty"`
	WasRule    string     `json:"was_rule,omitempty"`
	IsRule     string     `json:"is_rule,omitempty"`
	Was        string     `json:"was,omitempty"`
	Is         string     `json:"is,omitempty"`
}
