package board

import (
	"fmt"
	"math"
	"strconv"

	"hotline12333/internal/kpi"
)

// The colours of met, near and missed, the same on every dashboard.
const (
	good    = "green"
	near    = "orange"
	bad     = "red"
	neutral = "blue"
)

// nothing is shown where a query has no series.
const nothing = "无数据 no data"

// legend is where the names of the lines stand.
func legend(show bool) object {
	return object{"showLegend": show, "displayMode": "list", "placement": "bottom", "calcs": []any{}}
}

func tooltip(mode string) object { return object{"mode": mode, "sort": "none"} }

// reduce takes the newest value of each series.
func reduce() object {
	return object{"calcs": []any{"lastNotNull"}, "fields": "", "values": false}
}

// number is a panel of one large number, or a few.
func number(title kpi.Wording, text string, w int, targets ...target) panel {
	return panel{
		kind: "stat", title: title, about: text, w: w, h: 4, targets: targets, unit: "none", decimals: auto,
		steps: []step{{neutral, nil}}, noValue: nothing, color: "thresholds", custom: object{},
		options: object{
			"reduceOptions": reduce(), "orientation": "auto", "textMode": "auto", "colorMode": "value", "graphMode": "none",
			"justifyMode": "auto", "wideLayout": true, "showPercentChange": false, "percentChangeColorMode": "standard", "text": object{},
		},
	}
}

// dial is a gauge of a ratio with its target as the threshold.
func dial(title kpi.Wording, text string, w int, goal kpi.Target, targets ...target) panel {
	p := panel{
		kind: "gauge", title: title, about: text, w: w, h: 7, targets: targets, noValue: nothing, color: "thresholds", custom: object{},
		options: object{
			"reduceOptions": reduce(), "orientation": "auto", "showThresholdLabels": false, "showThresholdMarkers": true,
			"minVizHeight": 75, "minVizWidth": 75, "sizing": "auto", "text": object{},
		},
	}
	p.ratio(goal)
	return p
}

// bars are horizontal bars, one a series or a row.
func bars(title kpi.Wording, text string, w, h int, targets ...target) panel {
	p := panel{
		kind: "bargauge", title: title, about: text, w: w, h: h, targets: targets, unit: "none", decimals: auto, min: 0,
		steps: []step{{neutral, nil}}, noValue: nothing, color: "thresholds", custom: object{},
		options: object{
			"reduceOptions": reduce(), "orientation": "horizontal", "displayMode": "basic", "valueMode": "color", "namePlacement": "auto",
			"showUnfilled": true, "minVizWidth": 8, "minVizHeight": 16, "maxVizHeight": 300, "sizing": "auto", "text": object{},
			"legend": legend(false),
		},
	}
	for i := range targets {
		if targets[i].table || targets[i].sql != "" {
			p.options["reduceOptions"] = object{"calcs": []any{"lastNotNull"}, "fields": "", "values": true}
		}
	}
	return p
}

// lines are values over time.
func lines(title kpi.Wording, text string, w, h int, targets ...target) panel {
	return panel{
		kind: "timeseries", title: title, about: text, w: w, h: h, targets: targets, unit: "short", decimals: auto,
		steps: []step{{good, nil}}, noValue: nothing, color: "palette-classic", custom: drawn("line", 10),
		options: object{"legend": legend(true), "tooltip": tooltip("multi")},
	}
}

// drawn is how lines or columns are drawn: gaps in the data stay gaps.
func drawn(style string, fill int) object {
	return object{
		"drawStyle": style, "lineInterpolation": "linear", "lineWidth": 1, "lineStyle": object{"fill": "solid"}, "fillOpacity": fill,
		"gradientMode": "none", "spanNulls": false, "insertNulls": false, "showPoints": "auto", "pointSize": 5, "barAlignment": 0, "barWidthFactor": 0.6,
		"stacking":     object{"mode": "none", "group": "A"},
		"axisLabel":    "",
		"axisGridShow": true, "axisPlacement": "auto", "axisColorMode": "text", "axisCenteredZero": false, "axisBorderShow": false,
		"scaleDistribution": object{"type": "linear"}, "hideFrom": object{"legend": false, "tooltip": false, "viz": false},
		"thresholdsStyle": object{"mode": "off"},
	}
}

// stacked puts columns on one another.
func (p panel) stacked() panel {
	p.custom = drawn("bars", 70)
	p.custom["stacking"] = object{"mode": "normal", "group": "A"}
	return p
}

// in gives the unit of values that are never below zero.
func (p panel) in(unit string) panel {
	p.unit, p.min = unit, 0
	return p
}

// targeted draws the target as a line and counts what is below as missed.
func (p panel) targeted(goal kpi.Target) panel {
	p.ratio(goal)
	p.custom["thresholdsStyle"] = object{"mode": "dashed"}
	return p
}

// grid is a table; its queries are put side by side by what they have in common.
func grid(title kpi.Wording, text string, w, h int, targets ...target) panel {
	return panel{
		kind: "table", title: title, about: text, w: w, h: h, targets: targets, unit: "none", decimals: auto,
		steps: []step{{good, nil}}, noValue: "", color: "thresholds",
		// Both ways of saying how a cell is shown: up to 9.5, and since.
		custom:  object{"align": "auto", "displayMode": "auto", "cellOptions": object{"type": "auto"}, "inspect": false, "filterable": false},
		options: object{"showHeader": true, "frameIndex": 0, "cellHeight": "sm", "sortBy": []any{}, "footer": object{"show": false, "reducer": []any{"sum"}, "fields": "", "countRows": false, "enablePagination": false}},
	}
}

// column names a column of a table and says how its values are shown.
type column struct {
	field string // as the query gives it
	title string
	unit  string
	set   []object // further properties
}

// columns joins the queries of a table and leaves just these columns, in this order.
func (p panel) columns(list ...column) panel {
	order, names := object{}, object{}
	shown := make([]any, len(list))
	for i, c := range list {
		order[c.field], names[c.field], shown[i] = i, c.title, c.field
		properties := append([]object{}, c.set...)
		if c.unit != "" {
			properties = append(properties, object{"id": "unit", "value": c.unit})
		}
		if len(properties) > 0 {
			p.overrides = append(p.overrides, override(c.title, properties...))
		}
	}
	if len(p.targets) > 1 {
		p.transforms = append(p.transforms, object{"id": "merge", "options": object{}})
	}
	p.transforms = append(p.transforms,
		object{"id": "filterFieldsByName", "options": object{"include": object{"names": shown}}},
		object{"id": "organize", "options": object{"excludeByName": object{}, "indexByName": order, "renameByName": names}})
	return p
}

func override(field string, properties ...object) object {
	return object{"matcher": object{"id": "byName", "options": field}, "properties": list(properties)}
}

// painted colours a cell's background by its thresholds or mappings.
func painted() object {
	return object{"id": "custom.cellOptions", "value": object{"type": "color-background", "mode": "basic"}}
}

// paintedBefore is painted for Grafana up to 9.5.
func paintedBefore() object {
	return object{"id": "custom.displayMode", "value": "color-background-solid"}
}

// squares is a heatmap: of the buckets of a histogram, or of one column a bucket.
func squares(title kpi.Wording, text string, w, h int, unit string, targets ...target) panel {
	return panel{
		kind: "heatmap", title: title, about: text, w: w, h: h, targets: targets, unit: "short", decimals: auto,
		steps: []step{{good, nil}}, noValue: nothing, color: "thresholds",
		custom: object{"hideFrom": object{"legend": false, "tooltip": false, "viz": false}, "scaleDistribution": object{"type": "linear"}},
		options: object{
			"calculate": false, "cellGap": 1, "cellRadius": 0, "cellValues": object{"unit": "short"},
			"color":        object{"mode": "scheme", "scheme": "Oranges", "fill": "dark-orange", "scale": "exponential", "exponent": 0.5, "steps": 64, "reverse": false},
			"exemplars":    object{"color": "rgba(255,0,255,0.7)"},
			"filterValues": object{"le": 1e-9}, "legend": object{"show": true}, "rowsFrame": object{"layout": "auto"}, "showValue": "never",
			"tooltip": object{"show": true, "mode": "single", "yHistogram": false, "showColorScale": false},
			"yAxis":   object{"axisPlacement": "left", "reverse": false, "unit": unit},
		},
	}
}

// states are bands in time, by the mappings.
func states(title kpi.Wording, text string, w, h int, targets ...target) panel {
	return panel{
		kind: "state-timeline", title: title, about: text, w: w, h: h, targets: targets, unit: "none", decimals: auto,
		// By thresholds Grafana would show the bounds of the band instead of the mappings' words.
		steps: []step{{neutral, nil}}, noValue: nothing, color: "palette-classic",
		custom: object{"lineWidth": 0, "fillOpacity": 80, "spanNulls": false, "insertNulls": false, "hideFrom": object{"legend": false, "tooltip": false, "viz": false}},
		options: object{
			"mergeValues": true, "showValue": "auto", "alignValue": "left", "rowHeight": 0.85, "legend": legend(true), "tooltip": tooltip("single"),
		},
	}
}

// ratio shows fractions of one as percent, the target as the threshold.
func (p *panel) ratio(goal kpi.Target) {
	p.unit, p.decimals, p.min, p.max = "percentunit", 2, 0, 1
	p.steps = []step{{bad, nil}, {good, goal.Value()}}
	p.mappings = append(p.mappings, cut(goal.Value(), 100, 2, "%"))
}

// cut is a mapping that keeps a value just below a target from being rounded up to it:
// Grafana rounds what it shows, and 82.996% is no 83.00%. scale makes the value what is
// printed, with so many decimals.
func cut(goal, scale float64, decimals int, unit string) object {
	smallest := math.Pow10(-decimals) / scale
	return object{"type": "range", "options": object{
		"from": goal - smallest, "to": math.Nextafter(goal, 0),
		"result": object{"text": strconv.FormatFloat((goal-smallest)*scale, 'f', decimals, 64) + unit, "color": bad, "index": 0},
	}}
}

// meaning shows a value as words.
func meaning(value, shown, color string, index int) object {
	return object{"type": "value", "options": object{value: object{"text": shown, "color": color, "index": index}}}
}

// named makes words of label values in a table's column.
func named(pairs ...[2]string) object {
	result := object{}
	for i, p := range pairs {
		result[p[0]] = object{"text": p[1], "index": i}
	}
	return object{"type": "value", "options": result}
}

// newest asks for the value at the end of the time shown.
func newest(legend, format string, args ...any) target {
	return target{expr: fmt.Sprintf(format, args...), legend: legend, instant: true}
}

// cells is newest as rows of a table.
func cells(format string, args ...any) target {
	return target{expr: fmt.Sprintf(format, args...), instant: true, table: true}
}

// course asks for the values over the time shown.
func course(legend, format string, args ...any) target {
	return target{expr: fmt.Sprintf(format, args...), legend: legend}
}
