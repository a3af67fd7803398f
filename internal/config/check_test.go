package config

import (
	"errors"
	"fmt"
	"testing"
)

func TestCheck(t *testing.T) {
	file := write(t, "store:\n  addresses: []\n  user: root\n")
	l, err := Load(defaultSample(), Layers{File: file, Environ: []string{"HOTLINE_STORE_ROWS=0"}})
	if err != nil {
		t.Fatal(err)
	}
	l.Value.Web.Page.Refresh = 0
	wantError(t, l.Check(),
		"store.rows: must be at least 1 (set by env HOTLINE_STORE_ROWS)",
		"store.addresses is empty (set by file hotline.yaml:2:3)",
		"store: no login as root without a password",
		"web.page.refresh must be above zero",
	)
	if l, err = Load(defaultSample(), Layers{}); err != nil || l.Check() != nil {
		t.Errorf("defaults: %v, %v", err, l.Check())
	}
}

type wrapping struct {
	Deep struct {
		Field int `yaml:"field" doc:"F."`
	} `yaml:"deep" doc:"D."`
	err error
}

func (w wrapping) Validate() error { return w.err }

func TestCheckFindsTheField(t *testing.T) {
	type root struct {
		W wrapping `yaml:"w" doc:"W."`
	}
	sentinel := errors.New("sentinel")
	for _, c := range []struct {
		err  error
		want string
	}{
		{fmt.Errorf("deep.field: bad: %w", sentinel), "w.deep.field: bad: sentinel"},
		{fmt.Errorf("deep.unknown: bad: %w", sentinel), "w.deep.unknown: bad: sentinel"},
		{fmt.Errorf("field and all: %w", sentinel), "w: field and all: sentinel"},
		{fmt.Errorf("both %w and %w", sentinel, sentinel), "w: both sentinel and sentinel"},
		{errors.Join(sentinel, fmt.Errorf("deep: x")), "w: sentinel\nw.deep: x"},
	} {
		l, err := Load(root{}, Layers{})
		if err != nil {
			t.Fatal(err)
		}
		l.Value.W.err = c.err
		got := l.Check()
		if got == nil || got.Error() != c.want {
			t.Errorf("got %v, want %s", got, c.want)
		}
		if errors.Is(c.err, sentinel) && !errors.Is(got, sentinel) {
			t.Errorf("%v lost what it wraps", got)
		}
	}
}

func TestDefaultRootIsValid(t *testing.T) {
	l, err := Load(DefaultRoot(), Layers{})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Check(); err != nil {
		t.Fatal(err)
	}
}

func TestLogRules(t *testing.T) {
	for _, c := range []struct{ env, want string }{
		{"HOTLINE_LOG_LEVEL=warning", `log.level is "warning", want one of debug, info, warn, error (set by env HOTLINE_LOG_LEVEL)`},
		{"HOTLINE_LOG_FORMAT=xml", `log.format is "xml", want one of auto, text, json`},
	} {
		l, err := Load(DefaultRoot(), Layers{Environ: []string{c.env}})
		if err != nil {
			t.Fatal(err)
		}
		wantError(t, l.Check(), c.want)
	}
}

func TestStaffingRules(t *testing.T) {
	for _, c := range []struct{ env, want string }{
		{"HOTLINE_STAFFING_SERVICE_LEVEL=1", `staffing.service_level: 1 is not a share such as 0.8: no number of seats answers everybody at once (set by env HOTLINE_STAFFING_SERVICE_LEVEL)`},
		{"HOTLINE_STAFFING_WITHIN=0s", `staffing.within: 0s is not between 0 and 1h`},
		{"HOTLINE_STAFFING_PATIENCE=25h", `staffing.patience: 25h0m0s is not between 0 and 24h`},
		{"HOTLINE_STAFFING_HANDLING=5h", `staffing.handling: 5h0m0s is not between 0 and 4h`},
	} {
		l, err := Load(DefaultRoot(), Layers{Environ: []string{c.env}})
		if err != nil {
			t.Fatal(err)
		}
		wantError(t, l.Check(), c.want)
	}
}
