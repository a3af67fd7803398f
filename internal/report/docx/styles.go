package docx

// The typefaces of an official document. Where one is missing the word processor takes
// the alternative the font table names.
const (
	faceTitle = "方正小标宋简体"
	faceBody  = "仿宋_GB2312"
	faceHead  = "黑体"
	faceSub   = "楷体_GB2312"
	facePlain = "宋体"
	faceLatin = "Times New Roman"
)

func fontTable() *node {
	n := el("w:fonts", at("xmlns:w", wordSpace))
	for _, f := range [][2]string{
		{faceTitle, "方正小标宋_GBK,华文中宋,宋体,SimSun"},
		{faceBody, "仿宋,FangSong,STFangsong"},
		{faceHead, "SimHei,STHeiti"},
		{faceSub, "楷体,KaiTi,STKaiti"},
		{facePlain, "SimSun,STSong"},
		{faceLatin, ""},
	} {
		font := el("w:font", at("w:name", f[0]))
		if f[1] != "" {
			font.add(el("w:altName", at("w:val", f[1])))
		}
		n.add(font.with(el("w:charset", at("w:val", "86"))))
	}
	return n
}

// look is a paragraph style. Sizes are in half points, lengths in twentieths of a point.
type look struct {
	id, name, face, align string
	size, line            string
	indent                bool // first line, by two characters
	before, after         string
	next                  bool // stay on the page of what follows
	outline               string
}

// line of the body: 28.5 points, which makes 22 lines a page.
const bodyLine = "570"

func styles(language string) *node {
	n := el("w:styles", at("xmlns:w", wordSpace), el("w:docDefaults",
		el("w:rPrDefault", el("w:rPr", faces(faceBody), el("w:sz", at("w:val", "32")), el("w:szCs", at("w:val", "32")),
			el("w:lang", at("w:val", "en-US"), at("w:eastAsia", language)))),
		el("w:pPrDefault", el("w:pPr"))))
	for _, l := range []look{
		{id: "Normal", name: "Normal", face: faceBody, size: "32", line: bodyLine},
		{id: string(Title), name: "Title", face: faceTitle, size: "44", line: "700", align: "center", after: "200", next: true},
		{id: string(Lead), name: "Lead", face: faceSub, size: "24", line: "440", align: "center", after: "200", next: true},
		{id: string(Heading1), name: "heading 1", face: faceHead, size: "32", line: bodyLine, indent: true, before: "120", next: true, outline: "0"},
		{id: string(Heading2), name: "heading 2", face: faceSub, size: "32", line: bodyLine, indent: true, next: true, outline: "1"},
		{id: string(Body), name: "Body", face: faceBody, size: "32", line: bodyLine, indent: true, align: "both"},
		{id: string(Right), name: "Right", face: faceBody, size: "32", line: bodyLine, align: "right", next: true},
		{id: string(Note), name: "Note", face: faceBody, size: "24", line: "400", before: "40", after: "80"},
		{id: string(Caption), name: "caption", face: faceHead, size: "24", line: "400", align: "center", before: "160", after: "60", next: true},
		{id: "TableText", name: "Table Text", face: facePlain, size: "21", line: "300"},
		{id: "TableHead", name: "Table Head", face: faceHead, size: "21", line: "300", align: "center"},
		{id: "Footer", name: "footer", face: facePlain, size: "28", line: "340"},
	} {
		n.add(l.style())
	}
	return n
}

func faces(eastAsia string) *node {
	return el("w:rFonts", at("w:ascii", faceLatin), at("w:hAnsi", faceLatin), at("w:eastAsia", eastAsia), at("w:cs", faceLatin))
}

func (l *look) style() *node {
	s := el("w:style", at("w:type", "paragraph"), at("w:styleId", l.id))
	if l.id == "Normal" {
		s.Attrs = append(s.Attrs, at("w:default", "1"))
	}
	s.add(say("w:name", ""))
	s.Kids[0].Attrs = append(s.Kids[0].Attrs, at("w:val", l.name))
	if l.id != "Normal" {
		s.add(el("w:basedOn", at("w:val", "Normal")))
	}
	s.add(el("w:qFormat"))
	p := el("w:pPr")
	if l.next {
		p.add(el("w:keepNext"))
	}
	rule := "exact"
	if l.id == "TableText" || l.id == "TableHead" {
		rule = "atLeast"
	}
	spacing := el("w:spacing", at("w:line", l.line), at("w:lineRule", rule))
	for _, a := range [][2]string{{"w:before", l.before}, {"w:after", l.after}} {
		if a[1] != "" {
			spacing.Attrs = append(spacing.Attrs, at(a[0], a[1]))
		}
	}
	p.add(spacing)
	if l.indent {
		p.add(el("w:ind", at("w:firstLineChars", "200"), at("w:firstLine", "640")))
	}
	if l.align != "" {
		p.add(el("w:jc", at("w:val", l.align)))
	}
	if l.outline != "" {
		p.add(el("w:outlineLvl", at("w:val", l.outline)))
	}
	s.add(p, el("w:rPr", faces(l.face), el("w:sz", at("w:val", l.size)), el("w:szCs", at("w:val", l.size))))
	return s
}
