package alarm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/nflog"
	"github.com/prometheus/alertmanager/nflog/nflogpb"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"

	"hotline12333/internal/wholefile"
)

// Two files outlive the program: who has been told what (told), and which alerts there
// were (alerts). With both, an alert that was told before a restart is not told again, one
// that was not is, and one that ended meanwhile is told to have ended.

const (
	toldFile   = "told"
	alertsFile = "alerts.json"

	// toldFor is how long it is known that somebody was told: longer than any alert waits to
	// be repeated.
	toldFor = 5 * 24 * time.Hour
	// endedFor is how long an alert that has ended is kept for those who are still to hear it.
	endedFor = 24 * time.Hour
)

// toldLog is Alertmanager's log of notifications, on the disk after each of them.
type toldLog struct {
	known *nflog.Log
	path  string
	log   *slog.Logger
}

var _ notify.NotificationLog = (*toldLog)(nil)

// openTold reads the log. A damaged one is set aside: alerts in force are told once more.
func openTold(path string, log *slog.Logger) (*toldLog, error) {
	open := func() (*nflog.Log, error) {
		return nflog.New(nflog.Options{SnapshotFile: path, Retention: toldFor, Logger: log, Metrics: prometheus.NewRegistry()})
	}
	l, err := open()
	if err != nil {
		log.Error("who was told of alerts cannot be read and is set aside; those in force are told again", "path", path, "err", err)
		if err := setAside(path); err != nil {
			return nil, err
		}
		if l, err = open(); err != nil {
			return nil, err
		}
	}
	return &toldLog{l, path, log}, nil
}

// Log implements notify.NotificationLog.
func (l *toldLog) Log(r *nflogpb.Receiver, group string, firing, resolved []uint64, data *nflog.Store, expiry time.Duration) error {
	if err := l.known.Log(r, group, firing, resolved, data, expiry); err != nil {
		return err
	}
	l.write()
	return nil
}

// Query implements notify.NotificationLog.
func (l *toldLog) Query(of ...nflog.QueryParam) ([]*nflogpb.Entry, error) {
	return l.known.Query(of...)
}

// write forgets what is old and puts the rest on the disk. Where that fails somebody is
// told twice after a restart, which is no reason to fail now.
func (l *toldLog) write() {
	var b bytes.Buffer
	_, err := l.known.GC()
	if err == nil {
		_, err = l.known.Snapshot(&b)
	}
	if err == nil {
		err = wholefile.Replace(l.path, b.Bytes())
	}
	if err != nil {
		l.log.Error("who was told of an alert cannot be written down: it is told again after a restart", "err", err)
	}
}

// keptAlert is an alert as it lies in the file.
type keptAlert struct {
	Labels      model.LabelSet `json:"labels"`
	Annotations model.LabelSet `json:"annotations"`
	StartsAt    time.Time      `json:"startsAt"`
	EndsAt      time.Time      `json:"endsAt,omitzero"` // zero: it fires
}

// readAlerts gives the alerts of the file: what fired is taken to fire until until, by when
// the rules say so again or have let it end.
func readAlerts(path string, now, until time.Time) ([]*alert.Alert, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var kept []keptAlert
	if err == nil {
		err = json.Unmarshal(text, &kept)
	}
	if err != nil {
		return nil, fmt.Errorf("which alerts there were cannot be read: %w", err)
	}
	var list []*alert.Alert
	for _, k := range kept {
		a := &alert.Alert{
			Alert:     model.Alert{Labels: k.Labels, Annotations: k.Annotations, StartsAt: k.StartsAt, EndsAt: k.EndsAt},
			UpdatedAt: now,
		}
		if k.EndsAt.IsZero() {
			a.EndsAt, a.Timeout = until, true
		}
		if a.Validate() == nil && now.Sub(a.EndsAt) < endedFor {
			list = append(list, a)
		}
	}
	return list, nil
}

func writeAlerts(path string, list []*alert.Alert, now time.Time) error {
	kept := make([]keptAlert, 0, len(list))
	for _, a := range list {
		k := keptAlert{Labels: a.Labels, Annotations: a.Annotations, StartsAt: a.StartsAt}
		if a.ResolvedAt(now) {
			k.EndsAt = a.EndsAt
		}
		kept = append(kept, k)
	}
	text, err := json.MarshalIndent(kept, "", "  ")
	if err != nil {
		return err
	}
	return wholefile.Replace(path, append(text, '\n'))
}
