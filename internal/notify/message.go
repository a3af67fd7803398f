package notify

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Webhook is what Alertmanager posts (version 4 of its webhook).
type Webhook struct {
	Version  string  `json:"version"`
	GroupKey string  `json:"groupKey"`
	Status   string  `json:"status"` // firing or resolved
	Alerts   []Alert `json:"alerts"`

	// These are passed on, and told nobody.
	Receiver          string            `json:"receiver"`
	GroupLabels       map[string]string `json:"groupLabels"`
	CommonLabels      map[string]string `json:"commonLabels"`
	CommonAnnotations map[string]string `json:"commonAnnotations"`
	ExternalURL       string            `json:"externalURL"`

	// Repeat is how often the group is repeated on purpose; zero: not known, as of what
	// Alertmanager posts.
	Repeat time.Duration `json:"-"`
}

// Alert is one of a group.
type Alert struct {
	Status      string            `json:"status"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	StartsAt    time.Time         `json:"startsAt"`
	EndsAt      time.Time         `json:"endsAt"`
	Fingerprint string            `json:"fingerprint"`
}

// The statuses.
const (
	firing   = "firing"
	resolved = "resolved"
)

// pages says whether any alert of the group is one that somebody is woken for.
func (w *Webhook) pages() bool {
	return slices.ContainsFunc(w.Alerts, func(a Alert) bool { return a.Labels["severity"] == "page" })
}

// writer puts a group into words. Times are those of the zone.
type writer struct {
	zone     *time.Location
	runbooks string
}

// text is the message of a group: what fires first, Chinese before English, at most so
// many bytes; what does not fit is counted.
func (w writer) text(g *Webhook, most int) string {
	alerts := slices.Clone(g.Alerts)
	slices.SortStableFunc(alerts, func(a, b Alert) int {
		return strings.Compare(a.Status, b.Status) // firing, resolved
	})
	var b strings.Builder
	for i := range alerts {
		part := w.alert(&alerts[i])
		rest := fmt.Sprintf("……另有 %d 条 / %d more\n", len(alerts)-i, len(alerts)-i)
		room := most - len(rest)
		if i == len(alerts)-1 {
			room = most
		}
		if b.Len()+len(part) > room {
			if i == 0 { // even one is too long
				return cut(part, most)
			}
			b.WriteString(rest)
			break
		}
		b.WriteString(part)
	}
	return strings.TrimRight(b.String(), "\n")
}

func (w writer) alert(a *Alert) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s%s\n", heading(a), first(a.Annotations["summary"], a.Labels["alertname"]))
	if en := a.Annotations["summary_en"]; en != "" {
		fmt.Fprintf(&b, "%s\n", en)
	}
	at, word := a.StartsAt, "自 since"
	if a.Status == resolved && !a.EndsAt.IsZero() {
		at, word = a.EndsAt, "恢复于 resolved at"
	}
	fmt.Fprintf(&b, "%s %s\n", word, at.In(w.zone).Format("2006-01-02 15:04:05"))
	if page := a.Annotations["runbook_url"]; page != "" && a.Status != resolved {
		fmt.Fprintf(&b, "处置 what to do: %s%s\n", w.runbooks, page)
	}
	return b.String() + "\n"
}

// short is the text of a short message: one line of Chinese, at most so many characters.
func (w writer) short(g *Webhook, most int) string {
	var lines []string
	for i := range g.Alerts {
		a := &g.Alerts[i]
		if a.Labels["severity"] == "page" {
			lines = append(lines, heading(a)+first(a.Annotations["summary"], a.Labels["alertname"]))
		}
	}
	runes := []rune(strings.Join(lines, ";"))
	if len(runes) > most {
		runes = append(runes[:most-1], '…')
	}
	return string(runes)
}

func heading(a *Alert) string {
	switch {
	case a.Status == resolved:
		return "【恢复】"
	case a.Labels["severity"] == "page":
		return "【告警】"
	}
	return "【提醒】"
}

func first(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}

// cut shortens a text to so many bytes, between two characters.
func cut(s string, most int) string {
	const mark = "…"
	if len(s) <= most {
		return s
	}
	end := most - len(mark)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + mark
}
