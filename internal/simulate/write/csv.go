package write

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/simulate"
)

// genericCSV is comma-separated text whose columns carry the names of the call contract.
func genericCSV() *Format {
	return &Format{
		Name: "generic-csv", Title: "comma-separated text with the columns of the call contract", File: "calls.csv",
		Cannot: []string{
			"The parts of a transferred call: talk and hold stand at the agent who answered, and the one who took over is not named.",
			"Tickets and agent states.",
		},
		Can:      []kpi.Capability{kpi.CanRequests, kpi.CanIVR, kpi.CanQueueWait, kpi.CanRing, kpi.CanRatings, kpi.CanCallers},
		Versions: true,
		carry: func(e *simulate.Event) *hotline.Call {
			c := *e.Call
			c.Legs = nil
			return &c
		},
		open: func(w io.Writer, o Options) Writer { return &csvWriter{out: csv.NewWriter(w), zone: o.Zone} },
	}
}

// columns of the call contract, and what stands in them.
func columns() []string {
	return []string{
		"call_id", "version", "centre", "started_at", "queued_at", "answered_at", "ended_at",
		"direction", "outcome", "excluded", "queue", "agent", "topics",
		"wait_seconds", "talk_seconds", "hold_seconds", "wrapup_seconds", "ivr_seconds",
		"transfers", "caller", "region", "rating_invited", "rating_value", "rating_scale",
	}
}

type csvWriter struct {
	out   *csv.Writer
	zone  *time.Location
	begun bool
	row   []string
}

func (w *csvWriter) Write(e *simulate.Event) error {
	if err := w.begin(); err != nil || e.Call == nil {
		return err
	}
	c, number := e.Call, ""
	if e.Story != nil {
		number = e.Story.Number
	}
	at := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.In(w.zone).Format("2006-01-02T15:04:05.000Z07:00")
	}
	rating, scale := "", ""
	if c.Rating.Given {
		rating, scale = strconv.Itoa(int(c.Rating.Value)), c.Rating.Scale
	}
	invited := ""
	if c.Rating.Invited {
		invited = "true"
	}
	w.row = append(w.row[:0],
		c.ID, strconv.FormatUint(c.Version, 10), c.Centre, at(c.StartedAt), at(c.QueuedAt), at(c.AnsweredAt), at(c.EndedAt),
		string(c.Direction), string(c.Outcome), string(c.Excluded), c.Queue, c.Agent, strings.Join(c.Topics, ";"),
		seconds(c.Wait), seconds(c.Talk), seconds(c.Hold), seconds(c.Wrapup), seconds(c.IVR),
		strconv.Itoa(int(c.Transfers)), number, c.Region, invited, rating, scale,
	)
	return w.out.Write(w.row)
}

func (w *csvWriter) begin() error {
	if w.begun {
		return nil
	}
	w.begun = true
	return w.out.Write(columns())
}

func (w *csvWriter) Close() error {
	err := w.begin()
	w.out.Flush()
	if err == nil {
		err = w.out.Error()
	}
	return err
}

// seconds of a span with their thousandths; an unknown one is empty.
func seconds(s hotline.Span) string {
	if !s.Known {
		return ""
	}
	return strconv.FormatFloat(float64(s.Millis)/1000, 'f', 3, 64)
}
