package people

import (
	"fmt"
	"slices"
	"strings"
)

// Role is what somebody is to the hotline, and so what the pages let them do.
type Role string

// The roles.
const (
	Viewer        Role = "viewer"        // 查看: the board and the reports
	Supervisor    Role = "supervisor"    // 班长: the calls behind a figure, outages, lost callers, shifts
	Preparer      Role = "preparer"      // 填报人: values, causes, totals; prepares a closing
	Reviewer      Role = "reviewer"      // 复核人: checks what was prepared, and seals it
	Administrator Role = "administrator" // 管理员: all of it, though never both sides of one closing
)

// Roles are all of them.
func Roles() []Role { return []Role{Viewer, Supervisor, Preparer, Reviewer, Administrator} }

// ParseRole reads a role as commands and settings take it.
func ParseRole(s string) (Role, error) {
	r := Role(s)
	if slices.Contains(Roles(), r) {
		return r, nil
	}
	names := make([]string, 0, len(Roles()))
	for _, r := range Roles() {
		names = append(names, string(r))
	}
	return "", fmt.Errorf("role %q is none of %s", s, strings.Join(names, ", "))
}

// Act is something that only some may do.
type Act string

// The acts.
const (
	See      Act = "see"      // the board, figures, reports and closed reports
	Trace    Act = "trace"    // the calls behind a figure, callers masked
	Register Act = "register" // outages
	Lead     Act = "lead"     // the day: call lost callers back, hand the shift over
	Enter    Act = "enter"    // values, causes, control totals; prepare a closing
	Review   Act = "review"   // seal what another has prepared, or give it back
)

// May says whether the role may do it. No role may do nothing.
func (r Role) May(a Act) bool {
	acts := map[Role][]Act{
		Viewer:        {See},
		Supervisor:    {See, Trace, Register, Lead},
		Preparer:      {See, Trace, Register, Lead, Enter},
		Reviewer:      {See, Trace, Review},
		Administrator: {See, Trace, Register, Lead, Enter, Review},
	}
	return slices.Contains(acts[r], a)
}

// Who may do it, for whoever is refused.
func Who(a Act) []Role {
	var list []Role
	for _, r := range Roles() {
		if r.May(a) {
			list = append(list, r)
		}
	}
	return list
}
