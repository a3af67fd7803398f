package source

import (
	"slices"
	"strings"

	"hotline12333/internal/hotline"
)

func (r *record) texts(m *mapping, c *hotline.Call) *hotline.RejectError {
	var direction, excluded string
	for _, f := range [...]struct {
		from *textField
		to   *string
	}{
		{m.centre, &c.Centre},
		{m.queue, &c.Queue},
		{m.agent, &c.Agent},
		{m.region, &c.Region},
		{m.direction, &direction},
		{m.excluded, &excluded},
	} {
		if f.from == nil {
			continue
		}
		v, err := r.text(f.from, c.Outcome)
		if err != nil {
			return err
		}
		if v != "" {
			*f.to = v
		}
	}
	c.Direction = hotline.Direction(direction)
	if !c.Direction.Valid() && direction != "" {
		return hotline.Reject(hotline.UnknownValue, "direction", "not inbound, outbound or callback")
	}
	if e := hotline.Exclusion(excluded); c.Excluded == hotline.NotExcluded {
		if !e.Valid() {
			return hotline.Reject(hotline.UnknownValue, "excluded", "not a reason for exclusion")
		}
		c.Excluded = e
	}
	return r.lists(m, c)
}

func (r *record) lists(m *mapping, c *hotline.Call) *hotline.RejectError {
	if m.topics != nil {
		list, err := r.topics(m.topics, c.Outcome)
		if err != nil {
			return err
		}
		c.Topics = list
	}
	if m.transfers != nil {
		v, err := r.checked(m.transfers)
		if err != nil {
			return err
		}
		if v != "" {
			n, err := m.transfers.integer(v)
			if err != nil {
				return err
			}
			if n < 0 || n > hotline.MaxTransfers {
				return m.transfers.reject(hotline.OutOfRange, "not from 0 to %d", hotline.MaxTransfers)
			}
			c.Transfers = uint32(n)
		}
	}
	for i := range m.attributes {
		a := &m.attributes[i]
		v, err := r.text(&a.textField, c.Outcome)
		if err != nil {
			return err
		}
		if v == "" {
			continue
		}
		if c.Attributes == nil {
			c.Attributes = make(map[string]string, len(m.attributes))
		}
		c.Attributes[a.name] = v
	}
	return nil
}

// text is empty where there is no value.
func (r *record) text(f *textField, outcome hotline.Outcome) (string, *hotline.RejectError) {
	if !f.outcomes.holds(outcome) {
		return "", nil
	}
	if f.column == nil {
		return f.fallback, nil
	}
	v, err := r.checked(f.column)
	if err != nil {
		return "", err
	}
	return f.word(v)
}

func (f *textField) word(v string) (string, *hotline.RejectError) {
	if v == "" {
		return f.fallback, nil
	}
	if f.translate == nil {
		return v, nil
	}
	if to, ok := f.translate[v]; ok {
		return to, nil
	}
	switch f.unlisted {
	case "reject":
		return "", f.column.reject(hotline.UnknownValue, "%s is not in the table of translations", f.column.show(v))
	case "none":
		return f.fallback, nil
	}
	return v, nil
}

func (r *record) topics(f *textField, outcome hotline.Outcome) ([]string, *hotline.RejectError) {
	all, err := r.listOf(f, outcome)
	if err != nil {
		return nil, err
	}
	var list []string
	for _, v := range all {
		if !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	return list, nil
}

// listOf cuts a column into several words.
func (r *record) listOf(f *textField, outcome hotline.Outcome) ([]string, *hotline.RejectError) {
	if f.split == "" || f.column == nil {
		v, err := r.text(f, outcome)
		if err != nil || v == "" {
			return nil, err
		}
		return []string{v}, nil
	}
	if !f.outcomes.holds(outcome) {
		return nil, nil
	}
	all, err := r.checked(f.column)
	if err != nil {
		return nil, err
	}
	var list []string
	for part := range strings.SplitSeq(all, f.split) {
		v, err := f.word(strings.TrimSpace(part))
		if err != nil {
			return nil, err
		}
		if v != "" {
			list = append(list, v)
		}
	}
	return list, nil
}
