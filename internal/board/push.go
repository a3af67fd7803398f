package board

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"hotline12333/dashboards"
)

// State is how a dashboard in Grafana stands to ours.
type State string

// The states of a dashboard.
const (
	Same     State = "same"     // it is ours
	Missing  State = "missing"  // there is none
	Outdated State = "outdated" // it is that of another version, as that version pushed it
	Edited   State = "edited"   // somebody has changed or moved it in Grafana
)

// Status is one dashboard and how it stands.
type Status struct {
	UID         string       `json:"uid"`
	Title       string       `json:"title"`
	State       State        `json:"state"`
	Changed     string       `json:"changed,omitempty"` // who changed it last in Grafana, and when
	Differences []Difference `json:"differences"`
	Pushed      bool         `json:"pushed"` // by this call

	content object
	version int
}

// ErrEdited is wrapped by the error of a push that would have overwritten what somebody
// has edited.
var ErrEdited = errors.New("edited in Grafana")

// ours are the built-in dashboards, their links leading to the board.
func (c *Client) ours() ([]object, error) {
	names, err := fs.Glob(dashboards.Files, "*.json")
	if err != nil {
		return nil, err
	}
	var out []object
	for _, name := range names {
		text, err := dashboards.Files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		var content object
		if err := json.Unmarshal(text, &content); err != nil {
			return nil, fmt.Errorf("dashboards/%s: %w", name, err)
		}
		setBoardURL(content, strings.TrimSuffix(c.cfg.BoardURL, "/"))
		if err := sign(content); err != nil {
			return nil, fmt.Errorf("dashboards/%s: %w", name, err)
		}
		out = append(out, content)
	}
	slices.SortFunc(out, func(a, b object) int { return cmp.Compare(text(a["uid"]), text(b["uid"])) })
	return out, nil
}

func setBoardURL(content object, address string) {
	templating, _ := content["templating"].(object)
	vars, _ := templating["list"].([]any)
	for i := range vars {
		if v, _ := vars[i].(object); v["name"] == boardVariable {
			vars[i] = (&variable{name: boardVariable, kind: "constant", query: address, current: address, hidden: true}).json()
		}
	}
}

// Diff says of every dashboard how it stands in Grafana. It changes nothing.
func (c *Client) Diff(ctx context.Context) ([]Status, error) {
	if _, err := c.Version(ctx); err != nil {
		return nil, err
	}
	all, err := c.ours()
	if err != nil {
		return nil, err
	}
	out := make([]Status, 0, len(all))
	for _, content := range all {
		s, err := c.status(ctx, content)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

func (c *Client) status(ctx context.Context, content object) (Status, error) {
	s := Status{UID: text(content["uid"]), Title: text(content["title"]), State: Missing, Differences: []Difference{}, content: content}
	there, err := c.get(ctx, s.UID)
	if err != nil || there == nil {
		return s, err
	}
	s.version, s.Changed = there.version, there.at
	ours, err := normalize(content)
	if err != nil {
		return s, err
	}
	theirs, err := normalize(there.content)
	if err != nil {
		return s, err
	}
	hash, err := theirs.hash()
	if err != nil {
		return s, err
	}
	found := differences(ours, theirs)
	s.Differences = append(s.Differences, found...)
	switch {
	case there.folder != folderUID:
		s.State = Edited
		s.Differences = append(s.Differences, Difference{"folder", folderUID, cmp.Or(there.folder, "none (General)")})
	case len(found) == 0 && theirs.mark == ours.mark:
		s.State = Same
	case hash == theirs.mark || len(found) == 0: // as a hotline wrote it, or told apart by the mark alone
		s.State = Outdated
	default:
		s.State = Edited
	}
	return s, nil
}

// Push brings every dashboard into Grafana that is not there as it should be, reads it
// back, and compares. What somebody has edited stops it before anything is stored, unless
// force is true.
func (c *Client) Push(ctx context.Context, force bool) ([]Status, error) {
	all, err := c.Diff(ctx)
	if err != nil {
		return nil, err
	}
	var edited []string
	for i := range all {
		if all[i].State == Edited {
			edited = append(edited, all[i].Title)
		}
	}
	if len(edited) > 0 && !force {
		return all, fmt.Errorf("%w: %s; nothing was pushed: hotline dashboards diff shows what was changed, and --force overwrites it", ErrEdited, strings.Join(edited, ", "))
	}
	if err := c.makeFolder(ctx); err != nil {
		return all, err
	}
	for i := range all {
		s := &all[i]
		if s.State == Same {
			continue
		}
		if err := c.set(ctx, s.content, s.version, s.State == Edited); err != nil {
			return all, err
		}
		after, err := c.status(ctx, s.content)
		if err != nil {
			return all, err
		}
		if after.State != Same {
			first := "it is missing"
			if len(after.Differences) > 0 {
				first = after.Differences[0].String()
			}
			return all, fmt.Errorf("reading back the dashboard %s: Grafana has stored it in another form than it was sent (%s; %d differences): does this version of Grafana rewrite it? Then use the files instead, see docs/grafana.md", s.UID, first, max(len(after.Differences), 1))
		}
		s.Pushed = true
	}
	return all, nil
}
