package app

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	"hotline12333/internal/config"
	"hotline12333/internal/journal"
	"hotline12333/internal/kpi"
	"hotline12333/internal/refusal"
	"hotline12333/internal/source"
	"hotline12333/internal/store"
	"hotline12333/internal/strictyaml"
)

// ControlDay is what somebody else counted on a day.
type ControlDay struct {
	Day string // 2026-03-02
	journal.ControlTotal
}

// ControlTotals are those of several days from one who counted.
type ControlTotals struct {
	Counter string // who counted: pbx, carrier, or any other name
	Centre  string
	Days    []ControlDay
	Replace bool // days that have other totals get these; otherwise they are an error

	Author
}

// ControlResult is what has become of the days.
type ControlResult struct{ Entered, Replaced, Unchanged int }

// EnterControlTotals writes the totals of days into the journal. Days that have the same
// totals already are left alone, so a file can be given again, also after an interruption.
func EnterControlTotals(ctx context.Context, cfg config.Root, log *slog.Logger, c ControlTotals) (r ControlResult, err error) {
	if err := c.validate(); err != nil {
		return r, err
	}
	err = withJournal(ctx, cfg, log, func(s *system) error { return s.enterControlTotals(ctx, c, &r) })
	return r, err
}

func (c *ControlTotals) validate() error {
	if strings.TrimSpace(c.Counter) == "" {
		return refusal.Errorf("请选择统计方", "who counted is missing: pbx, carrier, or another name")
	}
	if err := c.check(true); err != nil {
		return err
	}
	for i := range c.Days {
		if err := c.Days[i].Validate(); err != nil {
			return refusal.Errorf("%s:%v", "%s: %v", c.Days[i].Day, err)
		}
	}
	return nil
}

func (s *system) enterControlTotals(ctx context.Context, c ControlTotals, r *ControlResult) error {
	zone, err := source.ParseZone(s.cfg.Publish.Zone)
	if err != nil {
		return fmt.Errorf("publish.zone: %w", err)
	}
	list, err := s.store.Entries(ctx, store.EntryQuery{Kind: journal.KindControlTotal, Subject: c.Counter})
	if err != nil {
		return err
	}
	newest := make(map[journal.Slot]*journal.Entry)
	for _, h := range journal.Histories(list) {
		newest[h.Slot] = h.Newest()
	}
	var todo []journal.Entry
	var clashes []error
	for i := range c.Days {
		slot := journal.Slot{Kind: journal.KindControlTotal, Centre: c.Centre, Subject: c.Counter, Period: c.Days[i].Day}
		e := c.entry(slot)
		e.Body = journal.Encode(c.Days[i].ControlTotal)
		if seen := newest[slot]; seen != nil {
			has, err := journal.Decode[journal.ControlTotal](seen)
			if err != nil {
				return err
			}
			switch { // encoded alike, whatever the order of its keys in the store
			case bytes.Equal(journal.Encode(has), e.Body) && !seen.Withdrawn:
				r.Unchanged++
				continue
			case !c.Replace && !seen.Withdrawn:
				clashes = append(clashes, refusal.Errorf("%[1]s 已有%[5]s(%[3]s 于 %[4]s 填报)", "%[1]s has %[2]s, entered by %[3]s on %[4]s",
					slot.Period, seen.Body, seen.By, seen.At.In(zone).Format(time.DateOnly), totalsText(has)))
			}
			e.Replaces = seen.ID
		}
		todo = append(todo, e)
	}
	if len(clashes) > 0 {
		return refusal.Errorf("未填入:以下日期已有不同总数(勾选“用新的替换”则以新的为准):%v", "nothing was entered, since these days have other totals (replace takes the new ones): %v", errors.Join(clashes...))
	}
	for _, e := range todo {
		if _, err := s.enter(ctx, e); err != nil {
			return refusal.Errorf("此前的 %d 天已填入,其余请重新提交:%v", "%d days were entered before this one; give the rest again: %v", r.Entered+r.Replaced, err)
		}
		if e.Replaces == "" {
			r.Entered++
		} else {
			r.Replaced++
		}
	}
	return nil
}

// controlColumns are the columns of a file of control totals, by their titles.
func controlColumns() map[string][]string {
	return map[string][]string{
		"date":      {"date", "day", "日期"},
		"offered":   {"offered", "来电总量"},
		"requested": {"requested", "人工请求量"},
		"answered":  {"answered", "人工接听量"},
	}
}

// totalsColumn is what a column of control totals is called.
func totalsColumn(name string) kpi.Wording {
	names := controlColumns()[name]
	return kpi.Wording{ZH: names[len(names)-1], EN: name}
}

// totalsText is what control totals say, in Chinese.
func totalsText(t journal.ControlTotal) string {
	text := ""
	for _, n := range []struct {
		column string
		count  *int64
	}{{"offered", t.Offered}, {"requested", t.Requested}, {"answered", t.Answered}} {
		if n.count != nil {
			text += fmt.Sprintf(" %s %d", totalsColumn(n.column).ZH, *n.count)
		}
	}
	return text
}

// faultOfCSV is what keeps a file from being read as CSV.
func faultOfCSV(name string, err error) error {
	line := 0
	if fault := (*csv.ParseError)(nil); errors.As(err, &fault) {
		line = fault.Line
	}
	return refusal.Errorf("文件 %[1]s 第 %[3]d 行:列数与首行不同,或引号不成对", "%[1]s: %[2]v", name, err, line)
}

// ReadControlTotals reads a CSV file with a title line: date, and at least one of offered,
// requested and answered. Every fault is told with its line.
func ReadControlTotals(name string) ([]ControlDay, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	days, err := readControlTotals(f, name)
	return days, errJoin(err, f.Close())
}

// mostControlBytes is far above a row for each day of a century.
const mostControlBytes = 8 << 20

func readControlTotals(in io.Reader, name string) ([]ControlDay, error) {
	limited := io.LimitReader(in, mostControlBytes)
	all, err := io.ReadAll(limited)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	if len(all) == mostControlBytes {
		return nil, refusal.Errorf("文件 %s 超过 %d 字节:是每日总数的文件吗?", "%s is larger than %d bytes: is it a file of daily totals?", name, mostControlBytes)
	}
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(all), "\ufeff")))
	r.TrimLeadingSpace = true
	titles, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, refusal.Errorf("文件 %s 是空的", "%s is empty", name)
	}
	if err != nil {
		return nil, faultOfCSV(name, err)
	}
	columns, err := controlPlaces(titles)
	if err != nil {
		return nil, refusal.Errorf("文件 %s 第 1 行:%v", "%s:1: %v", name, err)
	}
	var days []ControlDay
	var faults []error
	seen := make(map[string]int)
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			faults = append(faults, faultOfCSV(name, err))
			break
		}
		line, _ := r.FieldPos(0)
		day, err := controlDay(row, columns)
		if err == nil && seen[day.Day] > 0 {
			err = refusal.Errorf("%s 在第 %d 行已有", "%s stands in line %d already", day.Day, seen[day.Day])
		}
		if err != nil {
			faults = append(faults, refusal.Errorf("文件 %s 第 %d 行:%v", "%s:%d: %v", name, line, err))
			continue
		}
		seen[day.Day] = line
		days = append(days, day)
	}
	if len(days) == 0 && len(faults) == 0 {
		return nil, refusal.Errorf("文件 %s 中没有日期行", "%s has no day", name)
	}
	return days, errors.Join(faults...)
}

// controlPlaces finds the columns.
func controlPlaces(titles []string) (map[string]int, error) {
	places := make(map[string]int)
	var words []string
	byWord := make(map[string]string)
	for column, names := range controlColumns() {
		for _, n := range names {
			words = append(words, n)
			byWord[n] = column
		}
	}
	for i, title := range titles {
		title = strings.ToLower(strings.TrimSpace(title))
		column, ok := byWord[title]
		if !ok {
			return nil, refusal.Errorf("列名“%[1]s”无法识别:可用 日期、来电总量、人工请求量、人工接听量", "column %[1]q is not known%[2]s; known: date, offered, requested, answered (日期, 来电总量, 人工请求量, 人工接听量)", title, strictyaml.Meant(title, words))
		}
		if _, twice := places[column]; twice {
			return nil, refusal.Errorf("列“%s”出现两次", "column %s is there twice", totalsColumn(column))
		}
		places[column] = i
	}
	if _, ok := places["date"]; !ok {
		return nil, refusal.Errorf("缺少“日期”列", "the column date is missing")
	}
	return places, nil
}

func controlDay(row []string, places map[string]int) (ControlDay, error) {
	var d ControlDay
	text := strings.TrimSpace(row[places["date"]])
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		if day, err = time.Parse("2006/1/2", text); err != nil {
			return d, refusal.Errorf("“%s”不是日期:请写成 2026-03-02", "%q is no day: write it as 2026-03-02", text)
		}
	}
	d.Day = day.Format(time.DateOnly)
	for column, to := range map[string]**int64{"offered": &d.Offered, "requested": &d.Requested, "answered": &d.Answered} {
		i, ok := places[column]
		if !ok || strings.TrimSpace(row[i]) == "" {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(row[i]), 10, 64)
		if err != nil {
			return d, refusal.Errorf("%s“%s”不是整数", "%s: %q is no whole number", totalsColumn(column), row[i])
		}
		*to = &n
	}
	return d, d.Validate()
}

// CheckDay reads a day as control totals have it.
func CheckDay(s string) (string, error) {
	if s == "" {
		return "", refusal.Errorf("请填写日期,或选择 CSV 文件", "the day is missing: write it as 2026-03-02")
	}
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return "", refusal.Errorf("“%s”不是日期:请写成 2026-03-02", "%q is no day: write it as 2026-03-02", s)
	}
	return s, nil
}
