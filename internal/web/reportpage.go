package web

import (
	"bytes"
	"context"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"hotline12333/internal/refusal"
	"hotline12333/internal/web/people"
)

type reportPage struct {
	*asked
	Query   ReportQuery
	Report  *ReportPage
	Sheets  template.HTML // what internal/report has escaped
	Formats []string
	Forms   []string
}

// formats of a download, the best for people first.
func formats() []string { return []string{"xlsx", "docx", "html", "csv", "json"} }

func reportQuery(r *http.Request, a *asked) ReportQuery {
	q := ReportQuery{Period: a.Period, Centre: a.Centre, Table: r.FormValue("table"), Form: r.FormValue("form"), Lang: string(a.Lang)}
	if slices.Contains([]string{"zh", "en"}, r.FormValue("language")) {
		q.Lang = r.FormValue("language")
	}
	return q
}

func (s *Server) report(w http.ResponseWriter, r *http.Request, v *visitor) error {
	a, err := s.ask(w, r, v, s.thisQuarter())
	if err != nil {
		return err
	}
	page := reportPage{asked: a, Query: reportQuery(r, a), Formats: formats(), Forms: []string{"self_evaluation", "monitoring"}}
	link := func(Trace) string { return "" }
	if v.Role.May(people.Trace) {
		link = func(t Trace) string {
			t.Place.Centre = a.Centre
			return callsOf(t)
		}
	}
	err = s.busy(r, func(ctx context.Context) (err error) {
		page.Report, err = s.deps.Desk.Report(ctx, page.Query, link)
		return err
	})
	if err != nil {
		return err
	}
	page.Sheets = template.HTML(page.Report.Sheets)
	s.show(w, r, http.StatusOK, shown{page: "report", title: "report", visitor: v, body: page})
	return nil
}

// callsOf is the address of the calls behind a figure.
func callsOf(t Trace) string { return query("/calls", t.pairs()...) }

// pairs are names and values that traceOf reads again.
func (t Trace) pairs() []string {
	p := &t.Place
	return []string{
		"figure", t.Figure, "period", t.Period, "centre", p.Centre, "queue", p.Queue, "agent", p.Agent, "topic", p.Topic, "source", p.Source,
		"nameless", string(p.Nameless), "weekday", p.Weekday, "hour", p.Hour,
	}
}

// download prints a report in a format. It is made whole first, so that what arrives is
// whole or an error.
func (s *Server) download(w http.ResponseWriter, r *http.Request, v *visitor) error {
	a, err := s.ask(w, r, v, "")
	if err != nil {
		return err
	}
	format := r.FormValue("format")
	if !slices.Contains(formats(), format) {
		return refuse(http.StatusBadRequest, refusal.Errorf("没有格式“%s”:可选 %s", "format %q is none of %s", format, strings.Join(formats(), ", ")))
	}
	var out bytes.Buffer
	err = s.busy(r, func(ctx context.Context) error {
		return s.deps.Desk.Print(ctx, reportQuery(r, a), format, &out)
	})
	if err != nil {
		return err
	}
	name := "hotline-" + a.Span.Name
	if a.Centre != "" {
		name += "-" + a.Centre
	}
	attach(w, name+"."+format)
	_, _ = w.Write(out.Bytes()) // the client may be gone
	return nil
}

// attach says that a file follows, to be kept and not shown.
func attach(w http.ResponseWriter, name string) {
	types := map[string]string{
		"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
		"docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		"html": "text/html; charset=utf-8", "csv": "text/csv; charset=utf-8", "json": "application/json",
	}
	kind := "application/octet-stream"
	for ending, t := range types {
		if len(name) > len(ending) && name[len(name)-len(ending)-1:] == "."+ending {
			kind = t
		}
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", "attachment; filename*=UTF-8''"+url.PathEscape(name))
}
