package web

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"

	"hotline12333/docs"

	"hotline12333/internal/refusal"
)

// runbookPage is what to do about an alert, or, without a name, the list of all runbooks.
type runbookPage struct {
	Name, Title string
	Text        template.HTML
	List        []choice // name and title
}

// runbook is the text of one, as Markdown.
func runbook(name string) ([]byte, error) {
	b, err := fs.ReadFile(docs.Runbooks, "runbooks/"+name+".md")
	if err != nil {
		return nil, refusal.Errorf("没有处置手册“%s”", "there is no runbook %q", name).Because(ErrNotFound)
	}
	return b, nil
}

// showRunbook shows what the alert names that brings people here: it is part of the
// program, so that it is there when nothing else is.
func (s *Server) showRunbook(w http.ResponseWriter, r *http.Request, v *visitor) error {
	name := r.PathValue("name")
	source, err := runbook(name)
	if err != nil {
		return err
	}
	l, _ := s.tastes(w, r)
	title, text := divided(source, l)
	out, err := rendered(text)
	if err != nil {
		return err
	}
	s.show(w, r, http.StatusOK, shown{page: "runbook", title: "runbook", visitor: v, body: runbookPage{Name: name, Title: title, Text: out}})
	return nil
}

func (s *Server) listRunbooks(w http.ResponseWriter, r *http.Request, v *visitor) error {
	files, err := fs.Glob(docs.Runbooks, "runbooks/*.md")
	if err != nil {
		return fmt.Errorf("listing the runbooks: %w", err)
	}
	l, _ := s.tastes(w, r)
	page := runbookPage{}
	for _, file := range files {
		name := strings.TrimSuffix(path.Base(file), ".md")
		source, err := runbook(name)
		if err != nil {
			return err
		}
		title, _ := divided(source, l)
		page.List = append(page.List, choice{Value: name, Text: title})
	}
	s.show(w, r, http.StatusOK, shown{page: "runbook", title: "runbooks", visitor: v, body: page})
	return nil
}

// heading is the first line of a runbook: # LongestWait: somebody waits too long (排队过久)
var heading = regexp.MustCompile(`^# \w+: (.+) \((.+)\)\s*$`)

// divided is the title and text of a runbook in a language: the file has Chinese first, then
// a line across, then English.
func divided(source []byte, l Lang) (title string, text []byte) {
	first, rest, _ := bytes.Cut(source, []byte("\n"))
	zh, en, _ := bytes.Cut(rest, []byte("\n---\n"))
	title = strings.TrimSpace(strings.TrimLeft(string(first), "#"))
	if m := heading.FindSubmatch(first); m != nil {
		title = l.of(string(m[2]), strings.ToUpper(string(m[1][:1]))+string(m[1][1:]))
	}
	if l == english {
		return title, en
	}
	return title, zh
}

// rendered is a runbook as HTML. Markup of its own is left out, links lead to other runbooks
// or nowhere: the other pages of the documentation are not here.
func rendered(source []byte) (template.HTML, error) {
	md := goldmark.DefaultParser()
	doc := md.Parse(text.NewReader(source))
	var links []*ast.Link
	err := ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if link, ok := n.(*ast.Link); ok && entering {
			links = append(links, link)
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		return "", fmt.Errorf("reading a runbook: %w", err)
	}
	for _, link := range links {
		to := runbookPath(string(link.Destination))
		if to != "" {
			link.Destination = []byte(to)
			continue
		}
		for child := link.FirstChild(); child != nil; child = link.FirstChild() {
			link.Parent().InsertBefore(link.Parent(), link, child)
		}
		link.Parent().RemoveChild(link.Parent(), link)
	}
	var out bytes.Buffer
	if err := goldmark.DefaultRenderer().Render(&out, source, doc); err != nil {
		return "", fmt.Errorf("rendering a runbook: %w", err)
	}
	return template.HTML(out.String()), nil // of our own text, without markup of its own
}
