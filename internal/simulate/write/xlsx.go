package write

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/simulate"
)

// workbook is what a call-centre suite exports for people: a title, Chinese headers, times
// as the spreadsheet's own, lengths as h:mm:ss, numbers as numbers and a row of totals.
func workbook() *Format {
	return &Format{
		Name: "xlsx", Title: "workbook of calls with Chinese headers and totals", File: "calls.xlsx",
		Cannot: []string{
			"Parts of seconds: times and lengths are cut to whole ones.",
			"The parts of a transferred call: talk and hold stand at the agent who answered, and the one who took over is not named.",
			"Tickets and agent states.",
			"More than 1,048,573 rows.",
		},
		Can:      []kpi.Capability{kpi.CanRequests, kpi.CanIVR, kpi.CanQueueWait, kpi.CanRing, kpi.CanRatings, kpi.CanCallers},
		Versions: true,
		carry: func(e *simulate.Event) *hotline.Call {
			c := *e.Call
			c.Legs = nil
			for _, t := range []*time.Time{&c.StartedAt, &c.QueuedAt, &c.AnsweredAt, &c.EndedAt} {
				*t = second(*t)
			}
			for _, s := range []*hotline.Span{&c.Wait, &c.Talk, &c.Hold, &c.Wrapup, &c.IVR} {
				s.Millis -= s.Millis % 1000
			}
			return &c
		},
		open: func(w io.Writer, o Options) Writer { return &xlsxWriter{to: w, zone: o.Zone} },
	}
}

// outcomeWords are what such exports write for outcomes.
func outcomeWords() map[hotline.Outcome]string {
	return map[hotline.Outcome]string{
		hotline.Open: "进行中", hotline.Answered: "已接通", hotline.SelfService: "自助", hotline.AbandonedIVR: "语音导航挂断",
		hotline.AbandonedQueue: "排队放弃", hotline.AbandonedRinging: "振铃放弃", hotline.TimedOut: "超时",
		hotline.Blocked: "拒接", hotline.Voicemail: "留言", hotline.CallbackRequested: "预约回拨",
	}
}

func directionWords() map[hotline.Direction]string {
	return map[hotline.Direction]string{hotline.Inbound: "呼入", hotline.Outbound: "呼出", hotline.Callback: "回拨"}
}

func exclusionWords() map[hotline.Exclusion]string {
	return map[hotline.Exclusion]string{
		hotline.ExcludedBlacklist: "黑名单", hotline.ExcludedTest: "测试", hotline.ExcludedInternal: "内部",
		hotline.ExcludedPhantom: "空号", hotline.ExcludedOutbound: "呼出",
	}
}

func headers() []string {
	return []string{
		"通话编号", "版本", "来电时间", "进入队列", "应答时间", "结束时间", "方向", "结果", "剔除原因", "技能组", "坐席", "业务类型",
		"等待时长", "通话时长", "保持时长", "话后时长", "自助时长", "转接次数", "主叫号码", "归属地", "邀评", "满意度", "量表",
	}
}

const (
	sheetName = "通话明细"
	maxRows   = 1_048_576 // of a sheet
)

type xlsxWriter struct {
	to    io.Writer
	zone  *time.Location
	file  *excelize.File
	sheet *excelize.StreamWriter
	row   int
	when  int // styles
	span  int
}

func (w *xlsxWriter) begin() (err error) {
	if w.file != nil {
		return nil
	}
	w.file = excelize.NewFile()
	if err := w.file.SetSheetName(w.file.GetSheetName(0), sheetName); err != nil {
		return err
	}
	when, span := "yyyy-mm-dd hh:mm:ss", "[h]:mm:ss"
	if w.when, err = w.file.NewStyle(&excelize.Style{CustomNumFmt: &when}); err != nil {
		return err
	}
	if w.span, err = w.file.NewStyle(&excelize.Style{CustomNumFmt: &span}); err != nil {
		return err
	}
	if w.sheet, err = w.file.NewStreamWriter(sheetName); err != nil {
		return err
	}
	names := make([]any, 0, len(headers()))
	for _, h := range headers() {
		names = append(names, h)
	}
	if err := w.add("12333热线通话明细"); err != nil {
		return err
	}
	return w.add(names...)
}

func (w *xlsxWriter) add(cells ...any) error {
	w.row++
	if w.row > maxRows {
		return fmt.Errorf("a sheet has %d rows at most: simulate a shorter time", maxRows)
	}
	return w.sheet.SetRow("A"+strconv.Itoa(w.row), cells)
}

func (w *xlsxWriter) Write(e *simulate.Event) error {
	if err := w.begin(); err != nil || e.Call == nil {
		return err
	}
	c := e.Call
	number := any(e.Story.Number)
	if n, err := strconv.ParseInt(e.Story.Number, 10, 64); err == nil && !strings.HasPrefix(e.Story.Number, "0") {
		number = n // as spreadsheets do
	}
	rating, scale, invited := any(nil), any(nil), any(nil)
	if c.Rating.Given {
		rating, scale = int(c.Rating.Value), c.Rating.Scale
	}
	if c.Rating.Invited {
		invited = "是"
	}
	return w.add(
		c.ID, int64(c.Version), w.at(c.StartedAt), w.at(c.QueuedAt), w.at(c.AnsweredAt), w.at(c.EndedAt),
		directionWords()[c.Direction], outcomeWords()[c.Outcome], exclusionWords()[c.Excluded], c.Queue, c.Agent, strings.Join(c.Topics, "、"),
		w.length(c.Wait), w.length(c.Talk), w.length(c.Hold), w.length(c.Wrapup), w.length(c.IVR),
		int(c.Transfers), number, c.Region, invited, rating, scale,
	)
}

// at is a time as the number of days since 1899-12-30, by the clock of the zone.
func (w *xlsxWriter) at(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	_, offset := t.In(w.zone).Zone()
	local := second(t).Unix() + int64(offset)
	return excelize.Cell{StyleID: w.when, Value: float64(local)/86400 + 25569}
}

func (w *xlsxWriter) length(s hotline.Span) any {
	if !s.Known {
		return nil
	}
	return excelize.Cell{StyleID: w.span, Value: float64(s.Millis/1000) / 86400}
}

func (w *xlsxWriter) Close() error {
	if err := w.begin(); err != nil {
		return err
	}
	if err := w.add("合计", nil, w.row-2); err != nil {
		return err
	}
	if err := w.sheet.Flush(); err != nil {
		return err
	}
	if err := w.file.Write(w.to); err != nil {
		return err
	}
	return w.file.Close()
}
