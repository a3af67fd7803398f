package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"

	"github.com/xuri/excelize/v2"
)

// everyFormat are the sealed files of a period, by name.
func (w *world) everyFormat(period string, more ...string) map[string][]byte {
	w.t.Helper()
	files := map[string][]byte{}
	for _, lang := range []string{"zh", "en"} {
		for _, format := range []string{"xlsx", "docx", "html", "csv", "json"} {
			if lang == "en" && (format == "csv" || format == "json") {
				continue // they have every language
			}
			name := lang + "." + format
			files[name] = w.sealedBytes(name, append([]string{"--period", period, "--lang", lang}, more...)...)
		}
	}
	return files
}

// cellsAreFigures holds the sheet of exact figures of a sealed workbook against the sealed
// JSON, digit by digit.
func (w *world) cellsAreFigures(sealed []byte, path, sheet string) {
	w.t.Helper()
	var r struct {
		Total struct {
			Counts map[string]any
			Rates  map[string]any
		}
	}
	d := json.NewDecoder(bytes.NewReader(sealed))
	d.UseNumber()
	if err := d.Decode(&r); err != nil {
		w.t.Fatal(err)
	}
	want := map[string]string{}
	for name, v := range r.Total.Counts {
		want[name] = fmt.Sprint(v)
	}
	for name, v := range r.Total.Rates { // the sheet calls a rate what counts call its numerator
		if of, ok := v.(map[string]any); ok {
			for limit, v := range of {
				want[name+"_"+limit] = fmt.Sprint(v)
			}
			continue
		}
		want[name] = fmt.Sprint(v)
	}
	f := openWorkbook(w.t, path)
	rows, err := f.GetRows(sheet, excelize.Options{RawCellValue: true})
	if err != nil {
		w.t.Fatal(err)
	}
	compared := 0
	for _, row := range rows {
		if len(row) < 3 || want[row[0]] == "" {
			continue
		}
		got, ok := new(big.Rat).SetString(row[2])
		figure, known := new(big.Rat).SetString(want[row[0]])
		if !ok || !known || got.Cmp(figure) != 0 {
			w.t.Errorf("%s, %s: the cell has %q, JSON %q", path, row[0], row[2], want[row[0]])
		}
		compared++
	}
	if compared < 30 {
		w.t.Errorf("%s: only %d figures of the sheet are in JSON", path, compared)
	}
}
