package alarm

import (
	"fmt"
	"os"
	"reflect"
	"strings"

	"github.com/prometheus/alertmanager/config"
)

// nobody is the receiver that tells nobody.
const nobody = "quiet"

// Routes say what is grouped, held back, repeated, and told to whom.
type Routes struct {
	text []byte
	cfg  *config.Config
}

// LoadRoutes reads the centre's own file, or the built-in one where it has none.
func LoadRoutes(builtin []byte, own string) (*Routes, error) {
	text := builtin
	if own != "" {
		var err error
		if text, err = os.ReadFile(own); err != nil {
			return nil, fmt.Errorf("alarm.routes: %w", err)
		}
	}
	cfg, err := config.Load(string(text))
	if err != nil {
		return nil, fmt.Errorf("alarm.routes: %w", ruleError(own, []error{err}))
	}
	for i := range cfg.Receivers {
		if what := reaches(&cfg.Receivers[i]); what != "" {
			return nil, fmt.Errorf("alarm.routes: %s: receiver %s has %s, which the program does not send by itself: leave the receiver empty, it tells whoever notify names; or run Alertmanager",
				own, cfg.Receivers[i].Name, what)
		}
	}
	return &Routes{text: text, cfg: cfg}, nil
}

// Text is what the file says.
func (r *Routes) Text() []byte { return r.text }

// reaches names the first kind of integration that a receiver has.
func reaches(r *config.Receiver) string {
	v := reflect.ValueOf(r).Elem()
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Slice && f.Len() > 0 {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
			return name
		}
	}
	return ""
}
