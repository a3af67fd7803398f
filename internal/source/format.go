package source

import (
	"slices"
	"unicode/utf8"

	"hotline12333/internal/strictyaml"
)

// The kinds of formats.
const (
	formDelimited = "delimited"
	formXLSX      = "xlsx"
	formJSONLines = "jsonl"
	formJSON      = "json"
)

// format says how bytes become rows.
type format struct {
	kind string

	// Of delimited text.
	delimiter string
	quote     byte
	comment   string
	ragged    bool
	width     int // of files without a header, 0 where it is not told

	// Of delimited text and of JSON.
	encoding string

	// Of delimited text and of workbooks.
	header     bool
	headerRows int
	skip       int
	footer     []string
	atLeast    int // fields the mapped positions need

	sheet   string   // of a workbook: its name; empty for the first
	records []string // of JSON: the keys that lead to the list of records
	columns []*column
}

// tabular says whether columns have names in a header, or positions.
func (f *format) tabular() bool { return f.kind == formDelimited || f.kind == formXLSX }

func (b *builder) format(n strictyaml.Node) {
	f := &format{kind: formDelimited, delimiter: ",", quote: '"', encoding: encUTF8, header: true, headerRows: 1}
	b.src.form = f
	readers := map[string]func(strictyaml.Node){
		"type":        func(n strictyaml.Node) { f.kind = n.Choice(formDelimited, formXLSX, formJSONLines, formJSON) },
		"delimiter":   func(n strictyaml.Node) { f.delimiter = delimiter(n) },
		"quote":       func(n strictyaml.Node) { f.quote = quote(n) },
		"encoding":    func(n strictyaml.Node) { f.encoding = n.Choice(encodings()...) },
		"header":      func(n strictyaml.Node) { f.header = n.Boolean() },
		"header_rows": func(n strictyaml.Node) { f.headerRows = n.Integer(1, 5) },
		"skip_lines":  func(n strictyaml.Node) { f.skip = n.Integer(0, 1000) },
		"comment":     func(n strictyaml.Node) { f.comment = n.Text() },
		"footer":      func(n strictyaml.Node) { f.footer = footer(n) },
		"ragged":      func(n strictyaml.Node) { f.ragged = n.Boolean() },
		"width":       func(n strictyaml.Node) { f.width = n.Integer(1, 10_000) },
		"sheet":       func(n strictyaml.Node) { f.sheet = n.Text() },
		"records":     func(n strictyaml.Node) { f.records = recordsPath(n) },
	}
	n.Object(readers)
	fitting := map[string][]string{
		formDelimited: {"delimiter", "quote", "encoding", "header", "header_rows", "skip_lines", "comment", "footer", "ragged", "width"},
		formXLSX:      {"sheet", "header", "header_rows", "skip_lines", "footer"},
		formJSONLines: {"encoding"},
		formJSON:      {"encoding", "records"},
	}[f.kind]
	for _, p := range n.Pairs() {
		if _, known := readers[p.Name]; known && p.Name != "type" && !slices.Contains(fitting, p.Name) {
			p.Key.Fail("means nothing in the format %s", f.kind)
		}
	}
	switch {
	case f.header && f.width > 0:
		n.Fail("width is for files without a header; here the header tells it")
	case !f.header && f.headerRows > 1:
		n.Fail("header_rows is for files with a header")
	}
}

func recordsPath(n strictyaml.Node) []string {
	steps, err := parsePath(n.Text())
	if err != nil {
		n.Fail("%v", err)
		return nil
	}
	out := make([]string, len(steps))
	for i, s := range steps {
		if s.kind != stepKey {
			n.Fail("keys alone lead to the list of records, as data.rows")
			return nil
		}
		out[i] = s.key
	}
	return out
}

func delimiter(n strictyaml.Node) string {
	s := n.Text()
	for word, char := range map[string]string{"tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "} {
		if s == word {
			return char
		}
	}
	if utf8.RuneCountInString(s) != 1 || s == "\n" || s == "\r" || s == `"` || s == "'" {
		n.Fail("%q is no delimiter: tab, comma, semicolon, pipe, space or one other character", s)
	}
	return s
}

func quote(n strictyaml.Node) byte {
	switch s := n.Text(); s {
	case "none":
		return 0
	case `"`, "'":
		return s[0]
	default:
		n.Fail(`%q is no quote: none, " or '`, s)
		return 0
	}
}

func footer(n strictyaml.Node) []string {
	list := n.Texts()
	if slices.Contains(list, "") {
		n.Fail("an empty text would make every row a footer")
	}
	return list
}
