package docx

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

func sample() *Document {
	d := &Document{Title: "报告 <&>", Creator: "咸阳", Language: "zh-CN", At: time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC)}
	d.Paragraph(Title, "题目")
	d.Paragraph(Body, "a < b && c\x00\x0b ]]> \u200b\n第二行")
	d.Table(Table{Widths: []int{1, 2}, Head: []string{"甲", "乙"}, Rows: [][]Cell{
		{{Text: "=1+1"}, {Text: "12", Number: true}}, {{Text: "=1+1", Joined: true}, {Text: "", Number: true, Bold: true}},
	}})
	return d
}

func written(t *testing.T, d *Document) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := d.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestPartsAreWellFormed reads every part back, and finds each that another one names.
func TestPartsAreWellFormed(t *testing.T) {
	b := written(t, sample())
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		names[f.Name] = string(text)
		for d := xml.NewDecoder(bytes.NewReader(text)); ; {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v\n%s", f.Name, err, text)
			}
		}
	}
	if z.File[0].Name != "[Content_Types].xml" {
		t.Errorf("the first part is %s", z.File[0].Name)
	}
	for _, target := range []string{"styles.xml", "settings.xml", "fontTable.xml", footerOdd, footerEven} {
		if names["word/"+target] == "" || !strings.Contains(names["[Content_Types].xml"], "/word/"+target) || !strings.Contains(names["word/_rels/document.xml.rels"], target) {
			t.Errorf("%s is not where it is looked for", target)
		}
	}
	text := names["word/document.xml"]
	for _, want := range []string{"题目", "a &lt; b &amp;&amp; c", "]]&gt;", "<w:br>", "=1+1", `<w:vMerge w:val="restart">`, "<w:tblHeader>"} {
		if !strings.Contains(text, want) {
			t.Errorf("the text has no %s", want)
		}
	}
	if strings.Count(text, "=1+1") != 1 {
		t.Error("a joined cell repeats its text")
	}
	for name, styles := range map[string]string{"styles": names["word/styles.xml"]} {
		for _, s := range []Style{Title, Lead, Heading1, Heading2, Body, Note, Caption, Right} {
			if !strings.Contains(styles, `w:styleId="`+string(s)+`"`) {
				t.Errorf("%s has no %s", name, s)
			}
		}
	}
	if !strings.Contains(names["word/"+footerOdd], "PAGE") {
		t.Error("no page number")
	}
}

func TestEqualDocumentsAreEqualBytes(t *testing.T) {
	first := written(t, sample())
	for range 5 {
		if !bytes.Equal(first, written(t, sample())) {
			t.Fatal("the same document, other bytes")
		}
	}
}
