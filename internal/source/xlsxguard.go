package source

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"
)

// The bounds of a workbook. A million rows of twenty columns is about a gigabyte of XML,
// packed into fifty megabytes.
const (
	maxPacked   = 256 << 20
	maxUnpacked = 6 << 30
	maxParts    = 10_000
	maxAside    = 64 << 20 // all that is no sheet and no table of texts, which is kept in memory
	maxPart     = 4 << 30  // one sheet, or the table of texts
	maxRowXML   = 16 << 20 // one row
	maxTag      = 1 << 20  // what stands between two tags: one cell
)

// readPacked reads a whole workbook, which is an archive with its directory at its end.
func readPacked(ctx context.Context, in io.Reader) ([]byte, error) {
	var b bytes.Buffer
	for {
		n, err := io.CopyN(&b, in, 1<<20)
		if errors.Is(err, io.EOF) || n == 0 && err == nil {
			break
		}
		if err != nil {
			return nil, err
		}
		if b.Len() > maxPacked {
			return nil, fmt.Errorf("the workbook is larger than %d MB: save it as CSV", maxPacked>>20)
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	head := b.Bytes()
	switch {
	case len(head) == 0 || bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return head, nil
	case bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0")):
		return nil, errors.New("the workbook is an old .xls, or has a password: save it as .xlsx without one")
	case bytes.Contains(bytes.ToLower(head[:min(len(head), 1024)]), []byte("<html")), bytes.Contains(bytes.ToLower(head[:min(len(head), 1024)]), []byte("<table")):
		return nil, errors.New("the workbook is a web page under another name: open it and save it as .xlsx, or as CSV")
	}
	return nil, errors.New("the input is no workbook (.xlsx): is it text? Then the format is delimited")
}

// guarded is what a look at all of a workbook tells.
type guarded struct {
	sheets map[string]int64 // the number of the last row, by the name of the sheet
}

// guardWorkbook reads all of a packed workbook once, so that nothing in it can cost more
// than its bounds when it is read for its rows, and that a damaged one is known.
func guardWorkbook(ctx context.Context, packed []byte) (*guarded, error) {
	z, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		return nil, fmt.Errorf("the workbook is damaged: %w", err)
	}
	if len(z.File) > maxParts {
		return nil, fmt.Errorf("the workbook has %d parts, at most %d", len(z.File), maxParts)
	}
	aside := uint64(0)
	last := make(map[string]int64)
	for _, f := range z.File {
		name := strings.ToLower(strings.ReplaceAll(f.Name, "\\", "/"))
		sheet := strings.HasPrefix(name, "xl/worksheets/sheet")
		switch {
		case !sheet && name != "xl/sharedstrings.xml":
			if aside += f.UncompressedSize64; aside > maxAside {
				return nil, fmt.Errorf("the workbook has more than %d MB of pictures and the like: save its table alone", maxAside>>20)
			}
			continue
		case f.UncompressedSize64 > maxPart:
			return nil, fmt.Errorf("part %s of the workbook unpacks to more than %d GB", f.Name, maxPart>>30)
		}
		n, err := scanPart(ctx, f, sheet)
		if err != nil {
			return nil, fmt.Errorf("part %s of the workbook: %w", f.Name, err)
		}
		last[name] = n
	}
	names, err := sheetParts(z)
	if err != nil {
		return nil, fmt.Errorf("the workbook is damaged: %w", err)
	}
	g := &guarded{sheets: make(map[string]int64)}
	for name, part := range names {
		if n, ok := last[strings.ToLower(part)]; ok {
			g.sheets[name] = n
		}
	}
	return g, nil
}

// scanPart looks at the tags of a part only, and returns the number of its last row.
func scanPart(ctx context.Context, f *zip.File, sheet bool) (rows int64, err error) {
	r, err := f.Open()
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	in := bufio.NewReaderSize(r, 64<<10)
	since, inRow, tail := 0, 0, []byte(nil)
	for n := 0; ; n++ {
		if n%(1<<16) == 0 {
			if err := ctx.Err(); err != nil {
				return 0, err
			}
		}
		part, err := in.ReadSlice('<')
		since += len(part)
		inRow += len(part)
		switch {
		case since > maxTag:
			return 0, fmt.Errorf("one cell takes more than %d KB", maxTag>>10)
		case inRow > maxRowXML:
			return 0, fmt.Errorf("one row takes more than %d MB", maxRowXML>>20)
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF):
			if tail = append(tail, part...); sheet && !bytes.HasSuffix(bytes.TrimSpace(tail), []byte("worksheet>")) {
				return 0, errors.New("it breaks off in the middle")
			}
			return rows, nil
		case err != nil:
			return 0, err
		}
		tail = tail[:0]
		since = 0
		tag, err := in.Peek(256)
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		if name := tagName(tag); name == "row" || name == "si" {
			inRow = 0
			if name == "row" {
				rows = rowNumber(tag, rows)
			}
		}
	}
}

func tagName(tag []byte) string {
	name := tag
	if end := bytes.IndexAny(tag, " \t\r\n/>"); end >= 0 {
		name = tag[:end]
	}
	if i := bytes.IndexByte(name, ':'); i >= 0 {
		name = name[i+1:]
	}
	return string(name)
}

// rowNumber is what the row says, else one more than the last.
func rowNumber(tag []byte, last int64) int64 {
	if end := bytes.IndexByte(tag, '>'); end >= 0 {
		tag = tag[:end]
	}
	if _, after, ok := bytes.Cut(tag, []byte(` r="`)); ok {
		number, _, _ := bytes.Cut(after, []byte(`"`))
		if n, err := strconv.ParseInt(string(number), 10, 32); err == nil {
			return n
		}
	}
	return last + 1
}

// sheetParts maps the names of the sheets to the parts that hold them.
func sheetParts(z *zip.Reader) (map[string]string, error) {
	var book struct {
		Sheets []struct {
			Name string     `xml:"name,attr"`
			ID   string     `xml:"http://schemas.openxmlformats.org/officeDocument/2006/relationships id,attr"`
			Any  []xml.Attr `xml:",any,attr"`
		} `xml:"sheets>sheet"`
	}
	if err := readPart(z, "xl/workbook.xml", &book); err != nil {
		return nil, err
	}
	var rels struct {
		Relationship []struct {
			ID     string `xml:"Id,attr"`
			Target string `xml:"Target,attr"`
		} `xml:"Relationship"`
	}
	if err := readPart(z, "xl/_rels/workbook.xml.rels", &rels); err != nil {
		return nil, err
	}
	target := make(map[string]string)
	for _, r := range rels.Relationship {
		p := r.Target
		if !strings.HasPrefix(p, "/") {
			p = path.Join("xl", p)
		}
		target[r.ID] = strings.TrimPrefix(path.Clean(p), "/")
	}
	out := make(map[string]string)
	for _, s := range book.Sheets {
		id := s.ID
		for _, a := range s.Any { // the strict form has another namespace
			if id == "" && a.Name.Local == "id" {
				id = a.Value
			}
		}
		out[s.Name] = target[id]
	}
	return out, nil
}

func readPart(z *zip.Reader, name string, into any) (err error) {
	for _, f := range z.File {
		if !strings.EqualFold(strings.ReplaceAll(f.Name, "\\", "/"), name) {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, r.Close()) }()
		if err := xml.NewDecoder(io.LimitReader(r, maxAside)).Decode(into); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	}
	return fmt.Errorf("%s is missing", name)
}
