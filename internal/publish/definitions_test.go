package publish

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/kpi"
)

// A confirmation shows within a second, without any call; one for a later day shows then.
func TestConfirmationsAreFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		f, err := New(DefaultConfig(), Deps{Store: m, Definitions: []kpi.Definition{{
			Name: kpi.DefAnswerRate, Provisional: []kpi.Provisional{{Version: 1}},
			Versions: []kpi.DefinitionVersion{{Number: 1, Form: kpi.RateAgent}, {Number: 2, Form: kpi.RateComposite}},
		}}})
		if err != nil {
			t.Fatal(err)
		}
		poll := func() {
			t.Helper()
			if err := f.poll(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		info := func() []string {
			return lines(exposition(t, NewMetrics(DefaultConfig(), f, time.Now, nil)), "hotline_definition_info{")
		}
		poll()
		changes, cancel := f.Subscribe()
		defer cancel()
		if diff := cmp.Diff([]string{`hotline_definition_info{confirmed="false",definition="agent",indicator="answer_rate",version="1"} 1`}, info()); diff != "" {
			t.Error(diff)
		}
		today, tomorrow := time.Now().In(f.zone), time.Now().In(f.zone).AddDate(0, 0, 1)
		m.confirmed = []kpi.Confirmed{
			{Name: kpi.DefAnswerRate, Version: 2, From: today.Format(time.DateOnly), By: "王"},
			{Name: kpi.DefAnswerRate, Version: 1, From: tomorrow.Format(time.DateOnly), By: "王"},
		}
		time.Sleep(confirmedEvery)
		poll()
		select {
		case <-changes:
		default:
			t.Error("nobody was told")
		}
		composite := `hotline_definition_info{confirmed="true",definition="composite",indicator="answer_rate",version="2"} 1`
		if diff := cmp.Diff([]string{composite}, info()); diff != "" {
			t.Error(diff)
		}
		m.broken = errors.New("the store is down")
		time.Sleep(confirmedEvery)
		if err := f.poll(t.Context()); !errors.Is(err, m.broken) {
			t.Errorf("failure: %v", err)
		}
		if diff := cmp.Diff([]string{composite}, info()); diff != "" { // what is known stays
			t.Error(diff)
		}
		m.broken = nil
		y, mo, d := tomorrow.Date()
		time.Sleep(time.Until(kpi.DayStart(y, mo, d, f.zone)))
		poll()
		if diff := cmp.Diff([]string{`hotline_definition_info{confirmed="true",definition="agent",indicator="answer_rate",version="1"} 1`}, info()); diff != "" {
			t.Error(diff)
		}
	})
}
