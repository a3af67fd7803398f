package board

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// schemaVersion is that of the JSON below. It says 39 although Grafana 9.3 knows 37: a
// newer one is taken as it is, and an older one would be rewritten by newer Grafanas.
const schemaVersion = 39

// boardURL is where the dashboards' links to the live board go unless a push says where it
// is; boardVariable is the hidden variable that holds it.
const (
	boardURL      = "http://127.0.0.1:8333"
	boardVariable = "board_url"
)

// JSON renders the dashboard with its mark, indented, keys in order.
func (d *Dashboard) JSON() ([]byte, error) {
	content := d.content()
	if err := sign(content); err != nil {
		return nil, fmt.Errorf("dashboard %s: %w", d.UID, err)
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(content); err != nil {
		return nil, fmt.Errorf("dashboard %s: %w", d.UID, err)
	}
	return out.Bytes(), nil
}

func (d *Dashboard) content() object {
	vars := make([]any, 0, len(d.vars)+1)
	for i := range d.vars {
		vars = append(vars, d.vars[i].json())
	}
	vars = append(vars, (&variable{name: boardVariable, kind: "constant", query: boardURL, current: boardURL, hidden: true}).json())
	return object{
		"uid": d.UID, "title": both(d.Title), "description": about(d.About.ZH, d.About.EN), "tags": []any{Tag},
		"schemaVersion": schemaVersion, "editable": true, "graphTooltip": 1, "fiscalYearStartMonth": 0, "liveNow": false,
		"timezone": "browser", "weekStart": "monday", "refresh": d.Refresh,
		"time":       object{"from": d.From, "to": "now"},
		"timepicker": object{"hidden": false, "refresh_intervals": []any{"5s", "10s", "30s", "1m", "5m", "15m", "1h"}},
		"templating": object{"list": vars}, "annotations": object{"list": annotations()},
		"links": links(d.UID), "panels": d.panels(),
	}
}

// panels lays the rows out on the grid of 24 columns.
func (d *Dashboard) panels() []any {
	var out []any
	id, y := 0, 0
	next := func() int { id++; return id }
	for _, r := range d.rows {
		out = append(out, object{
			"id": next(), "type": "row", "title": both(r.title), "collapsed": false, "panels": []any{},
			"gridPos": object{"x": 0, "y": y, "w": 24, "h": 1},
		})
		y++
		x, tallest := 0, 0
		for i := range r.panels {
			p := &r.panels[i]
			if x+p.w > 24 {
				x, y, tallest = 0, y+tallest, 0
			}
			out = append(out, p.json(next(), object{"x": x, "y": y, "w": p.w, "h": p.h}))
			x, tallest = x+p.w, max(tallest, p.h)
		}
		y += tallest
	}
	return out
}

func (p *panel) json(id int, place object) object {
	targets := make([]any, len(p.targets))
	for i := range p.targets {
		targets[i] = p.targets[i].json(string(rune('A' + i)))
	}
	steps := make([]any, len(p.steps))
	for i, s := range p.steps {
		steps[i] = object{"color": s.color, "value": s.from}
	}
	defaults := object{
		"unit": p.unit, "mappings": list(p.mappings), "color": object{"mode": p.color},
		"thresholds": object{"mode": "absolute", "steps": steps}, "noValue": p.noValue, "links": []any{},
		"custom": p.custom,
	}
	if p.decimals != auto {
		defaults["decimals"] = p.decimals
	}
	for key, v := range map[string]any{"min": p.min, "max": p.max} {
		if v != nil {
			defaults[key] = v
		}
	}
	return object{
		"id": id, "type": p.kind, "title": both(p.title), "description": p.about, "gridPos": place,
		"datasource": p.targets[0].source(), "targets": targets, "options": p.options,
		"fieldConfig":     object{"defaults": defaults, "overrides": list(p.overrides)},
		"transformations": list(p.transforms), "links": []any{}, "transparent": false,
	}
}

// list makes an empty list of none: null is what blanks a panel.
func list(l []object) []any {
	out := make([]any, len(l))
	for i := range l {
		out[i] = l[i]
	}
	return out
}

func (t *target) source() object {
	if t.sql != "" {
		return object{"type": ClickHouseType, "uid": ClickHouseUID}
	}
	return object{"type": PrometheusType, "uid": PrometheusUID}
}

func (t *target) json(ref string) object {
	if t.sql != "" {
		// format is for the plugin's versions up to 3, queryType for later ones.
		kind, format := "table", 1
		if t.series {
			kind, format = "timeseries", 0
		}
		return object{
			"refId": ref, "datasource": t.source(), "editorType": "sql", "queryType": kind, "format": format,
			"rawSql": t.sql, "pluginVersion": "4.0.0", "hide": false,
		}
	}
	format := "time_series"
	switch {
	case t.table:
		format = "table"
	case t.heat:
		format = "heatmap"
	}
	return object{
		"refId": ref, "datasource": t.source(), "editorMode": "code", "expr": t.expr, "legendFormat": t.legend,
		"instant": t.instant, "range": !t.instant, "format": format, "exemplar": false, "interval": "", "hide": false,
	}
}

func (v *variable) json() object {
	hide := 0
	if v.hidden {
		hide = 2
	}
	options, text := []any{}, v.current
	for _, o := range v.options {
		chosen := o.value == v.current
		if chosen {
			text = o.text
		}
		options = append(options, object{"text": o.text, "value": o.value, "selected": chosen})
	}
	out := object{
		"name": v.name, "label": both(v.title), "type": v.kind, "hide": hide, "skipUrlSync": v.hidden, "query": v.query,
		"current": object{"selected": false, "text": text, "value": v.current}, "options": options,
	}
	switch v.kind {
	case "custom":
		pairs := make([]string, len(v.options))
		for i, o := range v.options {
			pairs[i] = o.text + " : " + o.value
		}
		out["query"] = strings.Join(pairs, ",")
		out["includeAll"], out["multi"] = false, false
	case "query":
		source, query := object{"type": PrometheusType, "uid": PrometheusUID}, any(object{"query": v.query, "refId": "hotline-" + v.name})
		if v.sql {
			source, query = object{"type": ClickHouseType, "uid": ClickHouseUID}, v.query
		}
		out["datasource"], out["query"], out["definition"] = source, query, v.query
		// 2: asked again whenever the time changes, so that a new queue is there at once.
		out["refresh"], out["regex"], out["sort"], out["includeAll"], out["multi"] = 2, "", 1, false, false
	case "textbox":
		out["options"] = []any{object{"text": v.current, "value": v.current, "selected": true}}
		out["query"] = v.current
	}
	return out
}

// links lead to the other dashboards, with what is chosen here, and to the board.
func links(uid string) []any {
	link := func(kind, title, url string, tags ...any) object {
		if tags == nil {
			tags = []any{}
		}
		return object{
			"type": kind, "title": title, "url": url, "tags": tags, "asDropdown": false, "icon": "external link",
			"includeVars": kind == "dashboards", "keepTime": kind == "dashboards" && uid != historyUID, "targetBlank": kind == "link", "tooltip": "",
		}
	}
	return []any{
		link("link", "实时看板 Live board", "${"+boardVariable+"}"),
		link("dashboards", "看板 Dashboards", "", Tag),
	}
}

// alarms are the alerts in force; the rules give each one of these severities.
const alarms = `ALERTS{alertstate="firing",severity=~"page|warning"}`

// changed has a series for as long as a definition that leads an indicator is a new one.
// An indicator that was not there before has not changed: the program, or Prometheus, has
// just begun.
const changed = "(max by (indicator, definition, version, confirmed) (hotline_definition_info)" +
	" unless max by (indicator, definition, version, confirmed) (hotline_definition_info offset 2m))" +
	" and on (indicator) max by (indicator) (hotline_definition_info offset 2m)"

func annotations() []any {
	mark := func(name, color, expr, title, text, tags string) object {
		// The query stands at both places: older versions read the first.
		return object{
			"name": name, "enable": true, "hide": false, "iconColor": color, "datasource": object{"type": PrometheusType, "uid": PrometheusUID},
			"expr": expr, "step": "60s", "titleFormat": title, "textFormat": text, "tagKeys": tags, "useValueForTime": false,
			"target": object{"refId": "Anno", "expr": expr, "interval": "60s"},
		}
	}
	return []any{
		object{
			"name": "Annotations & Alerts", "builtIn": 1, "type": "dashboard", "enable": true, "hide": true, "iconColor": "rgba(0, 211, 255, 1)",
			"datasource": object{"type": "grafana", "uid": "-- Grafana --"},
			"target":     object{"limit": 100, "matchAny": false, "tags": []any{}, "type": "dashboard"},
		},
		mark("告警 Alarms", "red", alarms, "{{alertname}}", "{{severity}} {{centre}} {{queue}}", "severity"),
		mark("口径变更 Definitions changed", "purple", changed, "{{indicator}}", "{{definition}} 第{{version}}版 v{{version}}, confirmed={{confirmed}}", "indicator"),
	}
}
