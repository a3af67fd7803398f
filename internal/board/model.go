package board

import "hotline12333/internal/kpi"

// The data sources, by the uids that deploy/grafana/provisioning gives them.
const (
	PrometheusUID  = "hotline-prometheus"
	PrometheusType = "prometheus"
	ClickHouseUID  = "hotline-clickhouse"
	ClickHouseType = "grafana-clickhouse-datasource"
)

// Tag is on every dashboard; their links find one another by it.
const Tag = "hotline"

// object is a JSON object.
type object = map[string]any

// Dashboard is one dashboard before it is JSON.
type Dashboard struct {
	UID     string // fixed: links and pushes go by it
	File    string // its name below dashboards/
	Title   kpi.Wording
	About   kpi.Wording // what it answers
	From    string      // the beginning of the time shown, as now-6h; the end is now
	Refresh string      // "" for one that is not live

	vars []variable
	rows []row
}

// row is a line of panels under a heading. They stand from left to right and wrap.
type row struct {
	title  kpi.Wording
	panels []panel
}

// panel is one picture, table or number.
type panel struct {
	kind    string
	title   kpi.Wording
	about   string // the definition (口径) in both languages
	w, h    int    // of 24 columns; of 30 pixels each
	targets []target

	unit       string
	decimals   int // digits after the point; auto: Grafana decides
	min, max   any // nil: by the data
	steps      []step
	noValue    string
	mappings   []object
	color      string // mode; empty: that of the kind
	options    object
	custom     object
	overrides  []object
	transforms []object
}

// auto leaves the number of decimals to Grafana.
const auto = -1

// target is one query: of Prometheus when it has an expression, else of ClickHouse.
type target struct {
	expr    string
	legend  string
	instant bool
	table   bool // as rows with the labels as columns
	heat    bool // as buckets of a histogram

	sql    string
	series bool // rows are points in time; else a table
}

// step is a threshold: from the value on the colour holds. The first one has no value.
type step struct {
	color string
	from  any
}

// variable is a choice at the top of a dashboard.
type variable struct {
	name    string
	title   kpi.Wording
	kind    string // query, custom, textbox or constant
	query   string
	sql     bool // a query of ClickHouse
	current string
	options []choice // of a custom one
	hidden  bool
}

type choice struct{ text, value string }

func words(zh, en string) kpi.Wording { return kpi.Wording{ZH: zh, EN: en} }

// both puts Chinese and English on one line, as titles have them.
func both(w kpi.Wording) string {
	if w.EN == "" {
		return w.ZH
	}
	return w.ZH + " " + w.EN
}

// about puts both languages below each other, as descriptions have them.
func about(zh, en string) string { return zh + "\n\n" + en }
