package docx

import "encoding/xml"

// node is an element with its prefix as part of the name: the parts declare the same
// prefixes, and a reader of documents knows them by their namespaces.
type node struct {
	XMLName xml.Name
	Attrs   []xml.Attr `xml:",any,attr"`
	Text    string     `xml:",chardata"`
	Kids    []*node
}

// el makes an element of attributes and elements.
func el(name string, of ...any) *node {
	n := &node{XMLName: xml.Name{Local: name}}
	for _, x := range of {
		switch x := x.(type) {
		case xml.Attr:
			n.Attrs = append(n.Attrs, x)
		case *node:
			n.Kids = append(n.Kids, x)
		}
	}
	return n
}

func at(name, value string) xml.Attr { return xml.Attr{Name: xml.Name{Local: name}, Value: value} }

func (n *node) add(kids ...*node) { n.Kids = append(n.Kids, kids...) }

func (n *node) with(kids ...*node) *node {
	n.add(kids...)
	return n
}

// say makes an element that holds text alone.
func say(name, text string) *node {
	n := el(name)
	n.Text = text
	return n
}
