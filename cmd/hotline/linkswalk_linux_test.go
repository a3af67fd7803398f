package main

import (
	"fmt"
	"math"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/html"
)

// figureCells are the cells of a page's tables that show a number or lead to calls.
func figureCells(t *testing.T, page string) (list []figureCell) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	section, heading := "", ""
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "section":
			section, heading = attribute(n, "id"), ""
		case "h3":
			heading = textOf(n)
		case "table":
			list = append(list, tableCells(n, section+"/"+heading)...)
		}
	}
	return list
}

func tableCells(table *html.Node, at string) (list []figureCell) {
	columns := map[int]string{}
	open := map[int]int{} // rows that a cell of a column still takes
	for row := range table.Descendants() {
		if row.Type != html.ElementNode || row.Data != "tr" {
			continue
		}
		column, label := 0, ""
		for c := range row.ChildNodes() {
			if c.Type != html.ElementNode || c.Data != "td" && c.Data != "th" {
				continue
			}
			for open[column] > 0 {
				open[column]--
				column++
			}
			wide, high := max(1, number0(attribute(c, "colspan"))), max(1, number0(attribute(c, "rowspan")))
			text := textOf(c)
			for i := range wide {
				if row.Parent.Data == "thead" {
					columns[column+i] = text
				}
				open[column+i] = high - 1
			}
			cell := figureCell{at: at + "/" + columns[column] + "/" + label, text: text}
			for a := range c.Descendants() {
				if a.Type == html.ElementNode && a.Data == "a" {
					cell.href, cell.title = attribute(a, "href"), attribute(a, "title")
				}
			}
			if strings.HasPrefix(cell.href, "/sealed/part") { // what was handed in: its list of calls
				cell.href = ""
				label = text
			} else if c.Data == "td" && (numeric.MatchString(text) || strings.HasPrefix(cell.href, "/calls")) {
				list = append(list, cell)
			} else {
				label = text
			}
			column += wide
		}
	}
	return list
}

func number0(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// behind is what the page of calls says.
type behind struct {
	value    string
	num, den string
	equal    bool
	problem  string
}

// figureWalk follows the figures of pages.
type figureWalk struct {
	w    *world
	seen map[string]*behind // by address, in the page's language
	used map[string]bool    // of notOfCalls
}

// page checks every figure of a page that leads nowhere, and of the others a part, unless
// time does not matter.
func (f *figureWalk) page(t *testing.T, path string, least int, rows bool) {
	t.Helper()
	status, page := f.w.stranger().get(path)
	if status != http.StatusOK {
		t.Fatalf("%s: %d %s", path, status, tail(page))
	}
	_, language, _ := strings.Cut(path, "&lang=")
	var linked []figureCell
	unknown := map[string]string{}
	for _, c := range figureCells(t, page) {
		if c.href != "" {
			c.href += "&lang=" + language
			linked = append(linked, c)
			continue
		}
		if why := f.reason(c.at); why == "" {
			unknown[c.at] = c.text
		}
	}
	for at, text := range unknown {
		t.Errorf("%s: %s leads nowhere (%s)", path, text, at)
	}
	if len(linked) < least {
		t.Errorf("%s has %d figures that lead somewhere, want %d", path, len(linked), least)
	}
	linked = f.few(linked, rows)
	f.read(t, linked)
	for _, c := range linked {
		if b := f.seen[c.href]; b.problem != "" || !b.equal || c.title == "" && !b.says(c.text) {
			t.Errorf("%s: %s (%s) leads to %s, which says %+v", path, c.text, c.at, c.href, *b)
		}
	}
}

// difference is the page of what changed since the report was closed.
func (f *figureWalk) difference(t *testing.T) string {
	t.Helper()
	_, page := f.w.stranger().get("/sealed")
	m := regexp.MustCompile(`href="(/sealed/difference\?[^"]*)"`).FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("no closed report on %s", tail(page))
	}
	return html.UnescapeString(m[1])
}

func (f *figureWalk) reason(at string) string {
	for pattern, why := range notOfCalls {
		if regexp.MustCompile(pattern).MatchString(at) {
			f.used[pattern] = true
			return why
		}
	}
	return ""
}

// few takes a cell of each column, or, of the tables whose rows are indicators, of each row,
// and one of each table that counts nothing, of which a week by hours is full. With
// HOTLINE_SOAK it takes all.
func (f *figureWalk) few(cells []figureCell, rows bool) (list []figureCell) {
	if os.Getenv("HOTLINE_SOAK") != "" {
		return cells
	}
	taken := map[string]int{}
	for _, c := range cells {
		parts := strings.SplitN(c.at, "/", 4)
		in := strings.Join(parts[:3], "/")
		switch {
		case c.text == "0":
			in = strings.Join(parts[:2], "/")
		case rows && (strings.HasPrefix(in, "summary") || strings.HasPrefix(in, "form")):
			in = c.at
		}
		if taken[in]++; taken[in] == 1 || f.seen[c.href] != nil {
			list = append(list, c)
		}
	}
	return list
}

// read fills in what the pages behind the cells say.
func (f *figureWalk) read(t *testing.T, cells []figureCell) {
	t.Helper()
	var missing []string
	for _, c := range cells {
		if f.seen[c.href] == nil {
			f.seen[c.href] = new(behind)
			missing = append(missing, c.href)
		}
	}
	var all sync.WaitGroup
	for part := range 2 { // as many at a time as the pages make
		p := f.w.stranger()
		all.Go(func() {
			for i := part; i < len(missing); i += 2 {
				status, page := p.get(missing[i])
				b := f.seen[missing[i]]
				if status != http.StatusOK {
					b.problem = fmt.Sprintf("%d %s", status, tail(page))
					continue
				}
				b.read(page)
			}
		})
	}
	all.Wait()
	t.Logf("%d pages of calls", len(missing))
}

var (
	shownValue = regexp.MustCompile(`<p class="large"><b>([^<]*)</b>(?: <span>([^<]*) / ([^<]*)</span>)?`)
	shownEqual = regexp.MustCompile(`<span class="tag ok">✓`)
)

func (b *behind) read(page string) {
	m := shownValue.FindStringSubmatch(page)
	if m == nil {
		b.problem = "no figure"
		return
	}
	b.value, b.num, b.den, b.equal = m[1], m[2], m[3], shownEqual.MatchString(page)
}

// says whether the page tells the number of a cell: as its value, or as one of the two numbers it is
// divided from; cut to whole percents, with all digits, or in the unit of an indicator.
func (b *behind) says(text string) bool {
	plain := func(s string) string {
		s = strings.NewReplacer(",", "", "▲ ", "", "▼ ", "", " 秒", "", " s", "", "%", "").Replace(s)
		return strings.TrimSpace(s)
	}
	if value, terms, ok := strings.Cut(strings.TrimSuffix(text, ")"), " ("); ok { // a value with what it is divided from
		return b.says(value) && strings.Contains(terms, b.num)
	}
	got, value, num, den := plain(text), plain(b.value), plain(b.num), plain(b.den)
	if first, _, ok := strings.Cut(got, " / "); ok { // counted / control
		got = first
	}
	if got == value || got == num || got == den {
		return true
	}
	whole, _, _ := strings.Cut(value, ".")
	if got == whole && strings.Contains(b.value, "%") && !strings.HasSuffix(text, "%") { // cut to whole percents
		return true
	}
	x, err := strconv.ParseFloat(got, 64)
	if err != nil {
		return got == b.value // no data, not connected
	}
	n, nerr := strconv.ParseFloat(num, 64)
	d, derr := strconv.ParseFloat(den, 64)
	if nerr == nil && derr == nil && (math.Abs(x*d/n-1) < 1e-12 || x == n*1000 || x == float64(int64(n/d*10000))/10000) { // exact; milliseconds
		return true
	}
	v, err := strconv.ParseFloat(value, 64)
	if nerr == nil { // the numerator counts
		v = n
	}
	return err == nil && strings.Contains(got, ".") && x == float64(int64(v/100))/100 // in ten thousands, cut
}
