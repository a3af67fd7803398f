package report

import (
	"errors"
	"fmt"

	"github.com/xuri/excelize/v2"
)

// Charts stand on the sheets they belong to and take their values from a sheet of their
// own: there a missing value is an empty cell, which is no point of a line, while the
// tables say in words why it is missing, which a chart would draw as zero.

// chartRows a chart takes, of the default height.
const chartRows = 16

func (c *chart) drawable() bool {
	for _, s := range c.series {
		for _, v := range s.values {
			if v != nil {
				return len(c.labels) > 1
			}
		}
	}
	return false
}

func (w *writer) place(c *chart) {
	pixels := 0.0
	for _, width := range w.widths {
		pixels += (width+1)*7 + 5
	}
	w.charts = append(w.charts, placed{chart: c, sheet: w.name, cell: at(1, w.row+1), width: uint(pixels) - 8})
	w.row += chartRows + 1
}

// chartData writes the values of all charts, and then the charts.
func (b *book) chartData() error {
	if len(b.charts) == 0 {
		return nil
	}
	name := sheetName(b.props.lang.of("图表数据", "chart data"))
	if _, err := b.f.NewSheet(name); err != nil {
		return err
	}
	w := &writer{book: b, s: &sheet{draft: false}, name: name, widths: []float64{18, 18, 18, 18}, row: 1}
	if err := errors.Join(w.columns(), w.layout()); err != nil {
		return err
	}
	style, err := b.style(look{face: facePlain, size: 10, format: formatPlain})
	if err != nil {
		return err
	}
	row := 1
	for _, p := range b.charts {
		if err := b.f.SetCellStyle(name, at(1, row), at(1+len(p.chart.series), row+len(p.chart.labels)), style); err != nil {
			return err
		}
		if err := b.f.SetCellStr(name, at(1, row), defuse(p.chart.title)); err != nil {
			return err
		}
		for i, s := range p.chart.series {
			if err := b.f.SetCellStr(name, at(i+2, row), defuse(s.name)); err != nil {
				return err
			}
		}
		for i, text := range p.chart.labels {
			if err := b.f.SetCellStr(name, at(1, row+1+i), defuse(text)); err != nil {
				return err
			}
			for j, s := range p.chart.series {
				if i < len(s.values) && s.values[i] != nil {
					if err := b.number(name, at(j+2, row+1+i), *s.values[i]); err != nil {
						return err
					}
				}
			}
		}
		if err := b.draw(p, name, row); err != nil {
			return err
		}
		row += len(p.chart.labels) + 2
	}
	return nil
}

func (b *book) draw(p placed, data string, row int) error {
	c := p.chart
	values := func(column int) string {
		return fmt.Sprintf("%s!%s:%s", quoteSheet(data), fixed(column, row+1), fixed(column, row+len(c.labels)))
	}
	plain := excelize.Font{Family: facePlain, Size: 9, Color: "404040"}
	made := func(kind excelize.ChartType, bars bool) *excelize.Chart {
		x := &excelize.Chart{
			Type:         kind,
			Title:        excelize.ChartTitle{Paragraph: []excelize.RichTextRun{{Text: c.title, Font: &excelize.Font{Family: faceHead, Size: 12}}}},
			Dimension:    excelize.ChartDimension{Width: p.width, Height: chartRows*20 - 10},
			Legend:       excelize.ChartLegend{Position: "bottom", Font: &plain},
			XAxis:        excelize.ChartAxis{Font: plain},
			YAxis:        excelize.ChartAxis{Font: plain, MajorGridLines: true},
			ShowBlanksAs: "gap",
			Format:       excelize.GraphicOptions{AltText: c.title, Positioning: "oneCell"},
		}
		if c.share {
			x.YAxis.NumFmt = excelize.ChartNumFmt{CustomNumFmt: "0%"}
			low, high := c.bounds()
			x.YAxis.Minimum, x.YAxis.Maximum = &low, &high
		}
		for i, s := range c.series {
			if s.bars == bars {
				x.Series = append(x.Series, excelize.ChartSeries{
					Name: quoteSheet(data) + "!" + fixed(i+2, row), Categories: values(1), Values: values(i + 2),
					Line: lineOf(&s), Marker: markerOf(&s), Fill: fillOf(&s),
				})
			}
		}
		return x
	}
	bars, lines := made(excelize.Col, true), made(excelize.Line, false)
	switch {
	case len(bars.Series) == 0:
		return b.f.AddChart(p.sheet, p.cell, lines)
	case len(lines.Series) == 0:
		return b.f.AddChart(p.sheet, p.cell, bars)
	}
	return b.f.AddChart(p.sheet, p.cell, bars, lines)
}

// bounds are the edges of an axis of shares: tenths around the values, within 0 and 1.
func (c *chart) bounds() (low, high float64) {
	low, high = 1, 0
	for _, s := range c.series {
		for _, v := range s.values {
			if v != nil {
				low, high = min(low, *v), max(high, *v)
			}
		}
	}
	tenths := int(low*10) - 1
	return max(0, float64(tenths)/10), min(1, float64(int(high*10)+1)/10)
}

func fixed(column, row int) string {
	name, err := excelize.CoordinatesToCellName(column, row, true)
	if err != nil {
		panic("report: " + err.Error()) // columns and rows count from 1
	}
	return name
}

const (
	colourValue  = "2E75B6"
	colourBars   = "9DC3E6"
	colourTarget = "C00000"
)

func lineOf(s *series) excelize.LineOptions {
	if s.target {
		return excelize.LineOptions{Width: 1.5, Dash: excelize.LineDashDash, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{colourTarget}}}
	}
	return excelize.LineOptions{Width: 2, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{colourValue}}}
}

func markerOf(s *series) excelize.ChartMarker {
	if s.target {
		return excelize.ChartMarker{Symbol: "none"}
	}
	return excelize.ChartMarker{Symbol: "circle", Size: 5, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{colourValue}}}
}

func fillOf(s *series) excelize.Fill {
	colour := colourValue
	switch {
	case s.target:
		colour = colourTarget
	case s.bars:
		colour = colourBars
	}
	return excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{colour}}
}
