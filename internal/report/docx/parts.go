package docx

import "time"

// part is one file of the package.
type part struct {
	name string
	root *node
}

const (
	wordSpace  = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
	relSpace   = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	packSpace  = "http://schemas.openxmlformats.org/package/2006/"
	wordType   = "application/vnd.openxmlformats-officedocument.wordprocessingml."
	footerOdd  = "footer1.xml"
	footerEven = "footer2.xml"
)

func (d *Document) parts() []part {
	return []part{
		{"[Content_Types].xml", contentTypes()},
		{"_rels/.rels", relations([][3]string{
			{"rId1", relSpace + "/officeDocument", "word/document.xml"},
			{"rId2", packSpace + "relationships/metadata/core-properties", "docProps/core.xml"},
			{"rId3", relSpace + "/extended-properties", "docProps/app.xml"},
		})},
		{"docProps/core.xml", d.core()},
		{"docProps/app.xml", el("Properties", at("xmlns", "http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"), say("Application", "hotline"))},
		{"word/document.xml", d.document()},
		{"word/styles.xml", styles(d.Language)},
		{"word/settings.xml", settings()},
		{"word/fontTable.xml", fontTable()},
		{"word/" + footerOdd, footer("right")},
		{"word/" + footerEven, footer("left")},
		{"word/_rels/document.xml.rels", relations([][3]string{
			{"rId1", relSpace + "/styles", "styles.xml"},
			{"rId2", relSpace + "/settings", "settings.xml"},
			{"rId3", relSpace + "/fontTable", "fontTable.xml"},
			{"rId4", relSpace + "/footer", footerOdd},
			{"rId5", relSpace + "/footer", footerEven},
		})},
	}
}

func contentTypes() *node {
	n := el(
		"Types", at("xmlns", packSpace+"content-types"),
		el("Default", at("Extension", "rels"), at("ContentType", "application/vnd.openxmlformats-package.relationships+xml")),
		el("Default", at("Extension", "xml"), at("ContentType", "application/xml")),
	)
	for _, o := range [][2]string{
		{"/word/document.xml", wordType + "document.main+xml"},
		{"/word/styles.xml", wordType + "styles+xml"},
		{"/word/settings.xml", wordType + "settings+xml"},
		{"/word/fontTable.xml", wordType + "fontTable+xml"},
		{"/word/" + footerOdd, wordType + "footer+xml"},
		{"/word/" + footerEven, wordType + "footer+xml"},
		{"/docProps/core.xml", "application/vnd.openxmlformats-package.core-properties+xml"},
		{"/docProps/app.xml", "application/vnd.openxmlformats-officedocument.extended-properties+xml"},
	} {
		n.add(el("Override", at("PartName", o[0]), at("ContentType", o[1])))
	}
	return n
}

func relations(list [][3]string) *node {
	n := el("Relationships", at("xmlns", packSpace+"relationships"))
	for _, r := range list {
		n.add(el("Relationship", at("Id", r[0]), at("Type", r[1]), at("Target", r[2])))
	}
	return n
}

func (d *Document) core() *node {
	moment := d.At.UTC().Format(time.RFC3339)
	w3c := at("xsi:type", "dcterms:W3CDTF")
	created, modified := el("dcterms:created", w3c), el("dcterms:modified", w3c)
	created.Text, modified.Text = moment, moment
	return el(
		"cp:coreProperties",
		at("xmlns:cp", packSpace+"metadata/core-properties"),
		at("xmlns:dc", "http://purl.org/dc/elements/1.1/"),
		at("xmlns:dcterms", "http://purl.org/dc/terms/"),
		at("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
		say("dc:title", d.Title), say("dc:subject", d.Subject), say("dc:creator", d.Creator),
		say("dc:language", d.Language), created, modified,
	)
}

// document is the text on pages of A4: margins of 37, 26, 35 and 28 mm.
func (d *Document) document() *node {
	body := el("w:body").with(d.body...)
	body.add(el(
		"w:sectPr",
		el("w:footerReference", at("w:type", "default"), at("r:id", "rId4")),
		el("w:footerReference", at("w:type", "even"), at("r:id", "rId5")),
		el("w:pgSz", at("w:w", "11906"), at("w:h", "16838")),
		el("w:pgMar", at("w:top", "2098"), at("w:right", "1474"), at("w:bottom", "1985"), at("w:left", "1588"), at("w:header", "851"), at("w:footer", "1247"), at("w:gutter", "0")),
	))
	return el("w:document", at("xmlns:w", wordSpace), at("xmlns:r", relSpace), body)
}

func settings() *node {
	return el(
		"w:settings", at("xmlns:w", wordSpace),
		el("w:evenAndOddHeaders"), // page numbers stand at the outer edge
		el("w:characterSpacingControl", at("w:val", "compressPunctuation")),
	)
}

// footer is the page number between dashes: — 1 —
func footer(align string) *node {
	field := el("w:fldSimple", at("w:instr", " PAGE "), el("w:r", textOf("1")))
	return el(
		"w:ftr", at("xmlns:w", wordSpace), at("xmlns:r", relSpace),
		el(
			"w:p", el("w:pPr", el("w:pStyle", at("w:val", "Footer")), el("w:jc", at("w:val", align))),
			el("w:r", textOf("— ")), field, el("w:r", textOf(" —")),
		),
	)
}
