// Package docx writes text documents for word processors (Office Open XML, ISO/IEC 29500)
// in the form of a Chinese official document (GB/T 9704-2012): title, numbered headings,
// body text, tables, page numbers. It reads nothing and knows no pictures.
//
// Equal documents are equal bytes: no clock, no order of a map.
//
// It is our own because no library that can be used does this. godocx keeps its parts in
// a map, so that its files differ from run to run, and cannot write a footer; go-docx is
// under the AGPL; unioffice needs a licence key.
package docx
