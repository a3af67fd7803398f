package source

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"hotline12333/internal/hotline"
	"hotline12333/internal/strictyaml"
	"hotline12333/internal/wire"
)

// maxSheetBytes is from where on a sheet is unpacked into a temporary file.
const maxSheetBytes = 16 << 20

// workbook is what the numbers of a workbook mean.
type workbook struct {
	Date1904 bool `json:"date1904,omitempty"` // its days are counted from 1904, not from 1900
}

// xlsx reads one sheet of a workbook, row by row. The packed workbook is kept in memory,
// what it unpacks to is not; see guardWorkbook for the bounds. A place in it is the number
// of a row.
type xlsx struct {
	ctx    context.Context
	form   *format
	file   *excelize.File
	sheet  *excelize.Rows
	book   workbook
	title  string // of the sheet
	last   int64  // the number of its last row, as its XML says
	header []string
	width  int
	at     int64
	row    row
	again  [][]string // rows read again, instead of a sheet
}

var _ rows = (*xlsx)(nil)

func newXLSX(ctx context.Context, in io.Reader, form *format) (*xlsx, error) {
	packed, err := readPacked(ctx, in)
	if err != nil {
		return nil, err
	}
	x := &xlsx{ctx: ctx, form: form}
	if len(packed) == 0 {
		return x, nil
	}
	guard, err := guardWorkbook(ctx, packed)
	if err != nil {
		return nil, err
	}
	x.file, err = excelize.OpenReader(bytes.NewReader(packed), excelize.Options{
		RawCellValue: true, UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: maxSheetBytes,
	})
	if err != nil {
		return nil, fmt.Errorf("opening the workbook: %w", err)
	}
	if err := x.open(guard); err != nil {
		return nil, errors.Join(err, x.Close())
	}
	return x, nil
}

// Close removes the temporary files.
func (x *xlsx) Close() error {
	var errs []error
	if x.sheet != nil {
		errs = append(errs, x.sheet.Close())
	}
	if x.file != nil {
		errs = append(errs, x.file.Close())
	}
	x.sheet, x.file = nil, nil
	return errors.Join(errs...)
}

func (x *xlsx) open(guard *guarded) error {
	sheets := x.file.GetSheetList()
	switch {
	case len(sheets) == 0:
		return errors.New("the workbook has no sheet")
	case x.form.sheet == "":
		x.title = sheets[0]
	case slices.Contains(sheets, x.form.sheet):
		x.title = x.form.sheet
	default:
		return fmt.Errorf("the workbook has no sheet %q%s; it has: %s", x.form.sheet, strictyaml.Meant(x.form.sheet, sheets), quoteAll(sheets))
	}
	props, err := x.file.GetWorkbookProps()
	if err != nil {
		return fmt.Errorf("reading the workbook's properties: %w", err)
	}
	x.book.Date1904 = props.Date1904 != nil && *props.Date1904
	var ok bool
	if x.last, ok = guard.sheets[x.title]; !ok {
		return fmt.Errorf("sheet %q holds no table", x.title)
	}
	if x.sheet, err = x.file.Rows(x.title); err != nil {
		return fmt.Errorf("reading sheet %q: %w", x.title, err)
	}
	return x.head()
}

// head reads the title rows and the header.
func (x *xlsx) head() error {
	for range x.form.skip {
		if _, err := x.cells(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
	if !x.form.header {
		x.width = x.form.width
		return nil
	}
	var names [][]string
	for len(names) < x.form.headerRows {
		cells, err := x.cells()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if len(names) > 0 || !blank(cells) {
			names = append(names, cells)
		}
	}
	x.header = joinHeader(names)
	x.width = len(x.header)
	return nil
}

// cells are the values of the next row, empty for one that is not in the file.
func (x *xlsx) cells() ([]string, error) {
	if len(x.again) > 0 {
		one := x.again[0]
		x.again = x.again[1:]
		x.at++
		return one, nil
	}
	if x.sheet == nil {
		return nil, io.EOF
	}
	if x.at%256 == 0 {
		if err := x.ctx.Err(); err != nil {
			return nil, err
		}
	}
	if !x.sheet.Next() {
		if err := x.sheet.Error(); err != nil {
			return nil, err
		}
		if x.at < x.last { // the library ends silently where the XML breaks off
			return nil, fmt.Errorf("sheet %q breaks off after row %d of %d: the workbook is damaged", x.title, x.at, x.last)
		}
		return nil, errors.Join(io.EOF, x.Close())
	}
	x.at++
	cells, err := x.sheet.Columns(excelize.Options{RawCellValue: true})
	if err != nil {
		return nil, fmt.Errorf("row %d: %w", x.at, err)
	}
	return cells, nil
}

func blank(cells []string) bool {
	return !slices.ContainsFunc(cells, func(s string) bool { return strings.TrimSpace(s) != "" })
}

func (x *xlsx) names() []string { return x.header }

func (x *xlsx) jump(to wire.Position) error {
	for x.at < to.Line {
		if _, err := x.cells(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
	return nil
}

func (x *xlsx) next() (*row, error) {
	for {
		cells, err := x.cells()
		if err != nil {
			return nil, err
		}
		if blank(cells) {
			continue
		}
		for i, c := range cells {
			cells[i] = plainNumber(c)
		}
		r := &x.row
		*r = row{fields: cells, line: x.at, next: wire.Position{Offset: x.at, Line: x.at}, book: &x.book}
		r.footer = isFooter(cells, x.form.footer)
		for _, c := range cells {
			r.length += int64(len(c)) + 3
		}
		if r.length > maxRowBytes {
			r.err = hotline.Reject(hotline.TooLarge, "", "a row of %d bytes, at most %d", r.length, maxRowBytes)
			return r, nil
		}
		// A sheet has no cells at the end of a row where there is nothing.
		for len(r.fields) < max(x.width, x.form.atLeast) {
			r.fields = append(r.fields, "")
		}
		return r, nil
	}
}

// rowAsJSON is how a row of a workbook is kept when it is rejected.
type rowAsJSON struct {
	workbook
	Cells []string `json:"cells"`
}

// kept gives the bytes of a row of a workbook.
func (r *row) kept() ([]byte, error) {
	raw, err := json.Marshal(rowAsJSON{*r.book, r.fields})
	r.length = int64(len(raw))
	return raw[:min(len(raw), keepBytes)], err
}

func xlsxRow(raw []byte, header []string, form *format) (*xlsx, error) {
	var kept rowAsJSON
	if err := json.Unmarshal(raw, &kept); err != nil {
		return nil, fmt.Errorf("the row of a workbook is not as it was kept: %w", err)
	}
	return &xlsx{
		ctx: context.Background(), form: form, book: kept.workbook, header: header, width: len(header), again: [][]string{kept.Cells},
	}, nil
}

// serial reads the number of a day, with the time of the day as its fraction.
func (b *workbook) serial(v string) (w wall, ok bool) {
	if b == nil || strings.Trim(v, "0123456789.") != "" {
		return w, false
	}
	days, err := strconv.ParseFloat(v, 64)
	if err != nil || days < 0 || days >= 2958466 { // the year 10000
		return w, false
	}
	ms := int64(math.Round(days * 86_400_000))
	if b.Date1904 {
		ms += 1462 * 86_400_000
	}
	const epoch1899 = 25569 * 86_400_000 // from 1899-12-30 to 1970
	ms -= epoch1899
	day := floorDay(floorDiv(ms, 1000))
	y, m, d := civil(day)
	rest := ms - day*86_400_000
	return wall{
		year: y, month: m, day: d,
		hour: int(rest / 3_600_000), minute: int(rest / 60_000 % 60), second: int(rest / 1000 % 60), nanos: int(rest%1000) * 1e6,
	}, true
}

// days reads a length of time that is kept as a part of a day, in milliseconds.
func (b *workbook) days(v string) (int64, bool) {
	if b == nil {
		return 0, false
	}
	days, err := strconv.ParseFloat(v, 64)
	if err != nil || days < -8 || days > 8 {
		return 0, false
	}
	return int64(math.Round(days * 86_400_000)), true
}
