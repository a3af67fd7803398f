package source

import (
	"slices"
	"unicode/utf8"
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

func (b *builder) format(n node) {
	f := &format{kind: formDelimited, delimiter: ",", quote: '"', encoding: encUTF8, header: true, headerRows: 1}
	b.src.form = f
	readers := map[string]func(node){
		"type":        func(n node) { f.kind = n.choice(formDelimited, formXLSX, formJSONLines, formJSON) },
		"delimiter":   func(n node) { f.delimiter = delimiter(n) },
		"quote":       func(n node) { f.quote = quote(n) },
		"encoding":    func(n node) { f.encoding = n.choice(encodings()...) },
		"header":      func(n node) { f.header = n.boolean() },
		"header_rows": func(n node) { f.headerRows = n.integer(1, 5) },
		"skip_lines":  func(n node) { f.skip = n.integer(0, 1000) },
		"comment":     func(n node) { f.comment = n.text() },
		"footer":      func(n node) { f.footer = footer(n) },
		"ragged":      func(n node) { f.ragged = n.boolean() },
		"width":       func(n node) { f.width = n.integer(1, 10_000) },
		"sheet":       func(n node) { f.sheet = n.text() },
		"records":     func(n node) { f.records = recordsPath(n) },
	}
	n.object(readers)
	fitting := map[string][]string{
		formDelimited: {"delimiter", "quote", "encoding", "header", "header_rows", "skip_lines", "comment", "footer", "ragged", "width"},
		formXLSX:      {"sheet", "header", "header_rows", "skip_lines", "footer"},
		formJSONLines: {"encoding"},
		formJSON:      {"encoding", "records"},
	}[f.kind]
	for _, p := range n.pairs() {
		if _, known := readers[p.name]; known && p.name != "type" && !slices.Contains(fitting, p.name) {
			p.key.fail("means nothing in the format %s", f.kind)
		}
	}
	switch {
	case f.header && f.width > 0:
		n.fail("width is for files without a header; here the header tells it")
	case !f.header && f.headerRows > 1:
		n.fail("header_rows is for files with a header")
	}
}

func recordsPath(n node) []string {
	steps, err := parsePath(n.text())
	if err != nil {
		n.fail("%v", err)
		return nil
	}
	out := make([]string, len(steps))
	for i, s := range steps {
		if s.kind != stepKey {
			n.fail("keys alone lead to the list of records, as data.rows")
			return nil
		}
		out[i] = s.key
	}
	return out
}

func delimiter(n node) string {
	s := n.text()
	for word, char := range map[string]string{"tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "} {
		if s == word {
			return char
		}
	}
	if utf8.RuneCountInString(s) != 1 || s == "\n" || s == "\r" || s == `"` || s == "'" {
		n.fail("%q is no delimiter: tab, comma, semicolon, pipe, space or one other character", s)
	}
	return s
}

func quote(n node) byte {
	switch s := n.text(); s {
	case "none":
		return 0
	case `"`, "'":
		return s[0]
	default:
		n.fail(`%q is no quote: none, " or '`, s)
		return 0
	}
}

func footer(n node) []string {
	list := n.texts()
	if slices.Contains(list, "") {
		n.fail("an empty text would make every row a footer")
	}
	return list
}
