package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"hotline12333/internal/config"
	"hotline12333/internal/journal"
	"hotline12333/internal/kpi"
	"hotline12333/internal/ruleset"
	"hotline12333/internal/store"
)

// choices are the definitions of the rules with what the journal says is confirmed.
func (s *system) choices(ctx context.Context, rules *ruleset.Rules) (*kpi.Choices, error) {
	confirmed, err := s.store.Confirmed(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading which definitions are confirmed: %w", err)
	}
	zone, err := time.LoadLocation(s.cfg.Publish.Zone)
	if err != nil {
		return nil, fmt.Errorf("publish.zone: %w", err)
	}
	return &kpi.Choices{Zone: zone, Definitions: rules.Definitions.List, Confirmed: confirmed}, nil
}

// definitionQuery asks for the definitions of a period. A bound of zero is none.
type definitionQuery struct {
	From, To, Now time.Time
	Asked         map[string]int // versions, whatever is in force
}

func (s *system) definitions(ctx context.Context, q definitionQuery) (kpi.Definitions, error) {
	rules, err := s.rules()
	if err != nil {
		return kpi.Definitions{}, err
	}
	for name := range q.Asked {
		if _, err := rules.Definitions.Lookup(name); err != nil {
			return kpi.Definitions{}, err
		}
	}
	c, err := s.choices(ctx, rules)
	if err != nil {
		return kpi.Definitions{}, err
	}
	if c, err = c.Ask(q.Asked); err != nil {
		return kpi.Definitions{}, err
	}
	return c.For(q.From, q.To, q.Now), nil
}

// DefinitionList is every definition with what holds of it, and what was entered about it.
type DefinitionList struct {
	Definitions []DefinitionLine `json:"definitions"`

	// Differ says that answered calls as an indicator and in the answer rate are not the
	// same calls, as things are now.
	Differ bool `json:"numerators_differ"`
}

// DefinitionLine is one definition.
type DefinitionLine struct {
	Name     string                `json:"name"`
	Title    kpi.Wording           `json:"title"`
	State    kpi.DefinitionState   `json:"state"`           // now, where no tickets are connected
	Items    *kpi.DefinitionState  `json:"items,omitempty"` // where they are, if that is another version
	InForce  []kpi.DefinitionState `json:"in_force"`        // from which day on what, the oldest first
	Versions []VersionLine         `json:"versions"`
	History  []EntryLine           `json:"history"` // every confirmation ever entered
}

// VersionLine is a version that may be confirmed.
type VersionLine struct {
	Version int         `json:"version"`
	Form    string      `json:"form,omitempty"`
	From    string      `json:"from,omitempty"`
	Formula string      `json:"formula"`
	Text    kpi.Wording `json:"text"`
}

// Definitions lists all definitions, or the one that is named.
func Definitions(ctx context.Context, cfg config.Root, log *slog.Logger, name string) (*DefinitionList, error) {
	rules, err := openRules(cfg)
	if err != nil {
		return nil, err
	}
	if name != "" {
		if _, err := rules.Definitions.Lookup(name); err != nil {
			return nil, err
		}
	}
	var list *DefinitionList
	err = withJournal(ctx, cfg, log, func(s *system) error {
		list, err = s.listDefinitions(ctx, rules, name)
		return err
	})
	return list, err
}

func (s *system) listDefinitions(ctx context.Context, rules *ruleset.Rules, name string) (*DefinitionList, error) {
	c, err := s.choices(ctx, rules)
	if err != nil {
		return nil, err
	}
	entries, err := s.store.Entries(ctx, store.EntryQuery{Kind: journal.KindDefinition, Subject: name})
	if err != nil {
		return nil, err
	}
	now := c.At(time.Now())
	list := &DefinitionList{Differ: now.NumeratorsDiffer()}
	for i := range c.Definitions {
		d := &c.Definitions[i]
		if name != "" && d.Name != name {
			continue
		}
		line := DefinitionLine{Name: d.Name, Title: d.Title, State: now.State(d.Name, false), InForce: c.History(d.Name), History: []EntryLine{}}
		if items := now.State(d.Name, true); items.Version != line.State.Version {
			line.Items = &items
		}
		for _, v := range d.Versions {
			line.Versions = append(line.Versions, VersionLine{v.Number, v.Form, v.From, v.Formula, v.Text})
		}
		for _, e := range entryLines(entries, c.Zone) {
			if e.Subject == d.Name {
				line.History = append(line.History, e)
			}
		}
		list.Definitions = append(list.Definitions, line)
	}
	return list, nil
}

// Confirmation makes a version of a definition the official one from a day on.
type Confirmation struct {
	Name     string
	Version  int
	From     string // the first day; empty: today
	By       string
	Reason   string
	Document string
	Replaces string // id of the confirmation for the same day that was seen
	Withdraw bool   // nothing is confirmed for that day any more
}

// Confirmed is what a confirmation has come to.
type Confirmed struct {
	Entry journal.Entry
	State kpi.DefinitionState // from that day on

	// Differ says that from that day on answered calls as an indicator and in the answer
	// rate are not the same calls.
	Differ bool
}

// ConfirmDefinition writes the confirmation into the journal. Boards and metrics follow
// within seconds.
func ConfirmDefinition(ctx context.Context, cfg config.Root, log *slog.Logger, k Confirmation) (*Confirmed, error) {
	rules, err := openRules(cfg)
	if err != nil {
		return nil, err
	}
	if err := k.check(cfg, rules); err != nil {
		return nil, err
	}
	var done *Confirmed
	err = withJournal(ctx, cfg, log, func(s *system) error {
		done, err = s.confirm(ctx, rules, k)
		return err
	})
	return done, err
}

func (k *Confirmation) check(cfg config.Root, rules *ruleset.Rules) error {
	d, err := rules.Definitions.Lookup(k.Name)
	if err != nil {
		return err
	}
	zone, err := time.LoadLocation(cfg.Publish.Zone)
	if err != nil {
		return fmt.Errorf("publish.zone: %w", err)
	}
	if k.From == "" {
		k.From = time.Now().In(zone).Format(time.DateOnly)
	}
	if _, err := time.Parse(time.DateOnly, k.From); err != nil {
		return fmt.Errorf("%q is no day: write the first day the definition holds for as 2026-03-01", k.From)
	}
	for _, f := range []struct{ name, text string }{{"who confirms it", k.By}, {"the reason", k.Reason}, {"the number of the document", k.Document}} {
		if strings.TrimSpace(f.text) == "" {
			return fmt.Errorf("%s is missing: a definition is made official by a named person, with a reason and a document", f.name)
		}
	}
	if k.Withdraw {
		if k.Version != 0 {
			return errors.New("a withdrawal names no version: whatever was confirmed for that day is withdrawn")
		}
		return nil
	}
	i := slices.IndexFunc(d.Versions, func(v kpi.DefinitionVersion) bool { return v.Number == k.Version })
	switch {
	case i < 0:
		var known []string
		for _, v := range d.Versions {
			known = append(known, strings.TrimSpace(fmt.Sprintf("%d %s", v.Number, v.Form)))
		}
		return fmt.Errorf("the definition %s has no version %d; it has: %s", k.Name, k.Version, strings.Join(known, ", "))
	case k.From < d.Versions[i].From:
		return fmt.Errorf("version %d of %s holds from %s at the earliest, not from %s", k.Version, k.Name, d.Versions[i].From, k.From)
	}
	return nil
}

func (s *system) confirm(ctx context.Context, rules *ruleset.Rules, k Confirmation) (*Confirmed, error) {
	e, err := s.enter(ctx, journal.Entry{
		Slot:     journal.Slot{Kind: journal.KindDefinition, Subject: k.Name, Period: k.From},
		By:       k.By,
		Reason:   k.Reason,
		Evidence: k.Document,
		Replaces: k.Replaces, Withdrawn: k.Withdraw,
		Body: journal.Encode(journal.Confirmation{Version: k.Version, From: k.From}),
	})
	if err != nil {
		return nil, err
	}
	c, err := s.choices(ctx, rules)
	if err != nil {
		return nil, err
	}
	day, err := time.ParseInLocation(time.DateOnly, k.From, c.Zone)
	if err != nil {
		return nil, err
	}
	y, m, d := day.Date()
	then := c.At(kpi.DayStart(y, m, d, c.Zone))
	return &Confirmed{Entry: e, State: then.InForce[k.Name], Differ: then.NumeratorsDiffer()}, nil
}
