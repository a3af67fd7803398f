package alarm

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/notify/email"
	"github.com/prometheus/alertmanager/notify/wechat"
	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/common/model"
)

// nobody is the receiver that tells nobody.
const nobody = "quiet"

// What the program sends by itself of Alertmanager's own integrations.
const (
	chEmail  = "email"
	chWeChat = "wechat" // applications of WeCom (企业微信应用)
)

// Routes say what is grouped, held back, repeated, and told to whom.
type Routes struct {
	text []byte
	cfg  *config.Config
}

// LoadRoutes reads the centre's own file, or the built-in one where it has none.
func LoadRoutes(builtin []byte, own string) (*Routes, error) {
	if own == "" {
		cfg, err := config.Load(string(builtin))
		return &Routes{builtin, cfg}, err
	}
	text, err := os.ReadFile(own)
	if err != nil {
		return nil, fmt.Errorf("alarm.routes: %w", err)
	}
	cfg, err := config.LoadFile(own) // which finds files of secrets beside it
	if err != nil {
		return nil, fmt.Errorf("alarm.routes: %w", ruleError(own, []error{err}))
	}
	for i := range cfg.Receivers {
		if what := unsent(&cfg.Receivers[i]); what != "" {
			return nil, fmt.Errorf("alarm.routes: %s: receiver %s has %s, which the program does not send by itself: name robots, short messages and a webhook in notify, or run Alertmanager",
				own, cfg.Receivers[i].Name, what)
		}
	}
	return &Routes{text, cfg}, nil
}

// Text is what the file says.
func (r *Routes) Text() []byte { return r.text }

// unsent names the first kind of integration of a receiver that the program does not have.
func unsent(r *config.Receiver) string {
	v := reflect.ValueOf(r).Elem()
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Slice && f.Len() > 0 {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
			if !slices.Contains([]string{"email_configs", "wechat_configs"}, name) {
				return name
			}
		}
	}
	return ""
}

// integration is one way by which a receiver is reached.
type integration struct {
	channel  string
	idx      int // of several of the kind
	notifier notify.Notifier
	ended    notify.ResolvedSender
}

// own are the integrations that the file gives a receiver.
func (r *Routes) own(receiver *config.Receiver, log *slog.Logger) ([]integration, error) {
	if len(receiver.EmailConfigs)+len(receiver.WechatConfigs) == 0 {
		return nil, nil
	}
	texts, err := template.FromGlobs(r.cfg.Templates)
	if err != nil {
		return nil, fmt.Errorf("alarm.routes: templates: %w", err)
	}
	texts.ExternalURL = &url.URL{}
	var list []integration
	for i, c := range receiver.EmailConfigs {
		list = append(list, integration{chEmail, i, email.New(c, texts, log), c})
	}
	for i, c := range receiver.WechatConfigs {
		n, err := wechat.New(c, texts, log)
		if err != nil {
			return nil, fmt.Errorf("alarm.routes: receiver %s: %w", receiver.Name, err)
		}
		list = append(list, integration{chWeChat, i, n, c})
	}
	return list, nil
}

// Test sends an alert over each integration of the file and says what became of it, by
// receiver and kind, as page/email.
func (r *Routes) Test(ctx context.Context, labels, annotations map[string]string) (map[string]error, error) {
	result := make(map[string]error)
	for i := range r.cfg.Receivers {
		receiver := &r.cfg.Receivers[i]
		list, err := r.own(receiver, slog.New(slog.DiscardHandler))
		if err != nil {
			return nil, err
		}
		for _, one := range list {
			a := &alert.Alert{Alert: model.Alert{Labels: set(labels), Annotations: set(annotations), StartsAt: time.Now()}}
			ctx := notify.WithGroupKey(notify.WithReceiverName(notify.WithGroupLabels(ctx, a.Labels), receiver.Name), "test")
			_, err := one.notifier.Notify(notify.WithNow(ctx, time.Now()), a)
			name := receiver.Name + "/" + one.channel
			if one.idx > 0 {
				name = fmt.Sprintf("%s %d", name, one.idx+1)
			}
			result[name] = err
		}
	}
	return result, nil
}

func set(m map[string]string) model.LabelSet {
	s := make(model.LabelSet, len(m))
	for k, v := range m {
		s[model.LabelName(k)] = model.LabelValue(v)
	}
	return s
}
