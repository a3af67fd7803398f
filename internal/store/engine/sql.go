package engine

import (
	"strings"

	"hotline12333/internal/store/engine/chdb"
)

// The endpoint must know a little of a statement before the engine sees it:
// where the data of an INSERT begins, which format the output has, and whether
// the text holds what ClickHouse's HTTP interface refuses. token and lexer
// read just enough of ClickHouse's grammar for that.

type tokenKind uint8

const (
	tokenWord   tokenKind = iota // keyword, bare identifier or number
	tokenQuoted                  // string literal or quoted identifier
	tokenOpen                    // ( [ {
	tokenClose                   // ) ] }
	tokenSemicolon
	tokenOther
)

type token struct {
	kind       tokenKind
	start, end int
	depth      int // of brackets around the token
}

// lexer walks over a text; comments and blanks are skipped.
type lexer struct {
	text  string
	pos   int
	depth int
}

// next returns the next token, or false at the end of the text.
func (l *lexer) next() (token, bool) {
	l.skipBlank()
	if l.pos >= len(l.text) {
		return token{}, false
	}
	start := l.pos
	kind := tokenOther
	depth := l.depth
	switch c := l.text[l.pos]; {
	case isWord(c):
		kind = tokenWord
		for l.pos < len(l.text) && isWord(l.text[l.pos]) {
			l.pos++
		}
	case c == '\'' || c == '"' || c == '`':
		kind = tokenQuoted
		l.skipQuoted(c)
	case c == '$' && l.heredoc():
		kind = tokenQuoted
	case c == '(' || c == '[' || c == '{':
		kind = tokenOpen
		l.depth++
		l.pos++
	case c == ')' || c == ']' || c == '}':
		kind = tokenClose
		if l.depth > 0 {
			l.depth--
		}
		depth = l.depth
		l.pos++
	case c == ';':
		kind = tokenSemicolon
		l.pos++
	default:
		l.pos++
	}
	return token{kind: kind, start: start, end: l.pos, depth: depth}, true
}

func (l *lexer) skipBlank() {
	for l.pos < len(l.text) {
		rest := l.text[l.pos:]
		switch {
		case isBlank(rest[0]):
			l.pos++
		case strings.HasPrefix(rest, "--"), strings.HasPrefix(rest, "#!"), strings.HasPrefix(rest, "# "):
			end := strings.IndexByte(rest, '\n')
			if end < 0 {
				end = len(rest)
			}
			l.pos += end
		case strings.HasPrefix(rest, "/*"):
			l.pos += blockComment(rest)
		default:
			return
		}
	}
}

// blockComment returns the length of the comment, which may hold others.
func blockComment(text string) int {
	level, i := 1, 2
	for i < len(text) && level > 0 {
		switch {
		case strings.HasPrefix(text[i:], "/*"):
			level++
			i += 2
		case strings.HasPrefix(text[i:], "*/"):
			level--
			i += 2
		default:
			i++
		}
	}
	return i
}

func (l *lexer) skipQuoted(quote byte) {
	l.pos++
	for l.pos < len(l.text) {
		switch c := l.text[l.pos]; {
		case c == '\\':
			l.pos += 2
		case c == quote && l.pos+1 < len(l.text) && l.text[l.pos+1] == quote:
			l.pos += 2
		case c == quote:
			l.pos++
			return
		default:
			l.pos++
		}
	}
	l.pos = min(l.pos, len(l.text))
}

// heredoc skips $tag$…$tag$ if there is one.
func (l *lexer) heredoc() bool {
	rest := l.text[l.pos:]
	tagEnd := 1
	for tagEnd < len(rest) && isWord(rest[tagEnd]) {
		tagEnd++
	}
	if tagEnd >= len(rest) || rest[tagEnd] != '$' {
		return false
	}
	tag := rest[:tagEnd+1]
	end := strings.Index(rest[len(tag):], tag)
	if end < 0 {
		return false
	}
	l.pos += end + 2*len(tag)
	return true
}

func isBlank(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// statement is what the endpoint knows of a text.
type statement struct {
	// insertData is true for an INSERT whose rows follow the statement.
	insertData bool
	// head is the INSERT without FORMAT clause and rows; rows begin at
	// dataStart of the text.
	head      string
	dataStart int
	// format is the output format, or the input format of an INSERT; empty
	// when the text names none.
	format string
	// whole is true when the output cannot be given piece by piece: it has
	// totals or extremes besides its rows.
	whole bool
}

// parseStatement looks at a text, which may go on after the part given here
// when it is an INSERT with rows. The errors are those of ClickHouse's HTTP
// interface.
func parseStatement(text string) (statement, error) {
	l := &lexer{text: text}
	first, ok := l.next()
	if !ok || first.kind == tokenSemicolon {
		return statement{}, exception(codeSyntaxError, "Syntax error: Empty query")
	}
	if first.kind == tokenWord && strings.EqualFold(text[first.start:first.end], "INSERT") {
		return parseInsert(text, l, first)
	}
	return parseOther(text, l, first)
}

func parseOther(text string, l *lexer, t token) (statement, error) {
	var st statement
	previous := ""
	for ok := true; ok; t, ok = l.next() {
		word := ""
		switch t.kind {
		case tokenSemicolon:
			if _, more := l.next(); more {
				return st, exception(codeSyntaxError, "Syntax error: Multi-statements are not allowed: failed at position %d", t.end+1)
			}
		case tokenWord:
			word = strings.ToUpper(text[t.start:t.end])
		}
		switch {
		case previous == "FORMAT" && t.kind == tokenWord && t.depth == 0:
			st.format = text[t.start:t.end]
		case previous == "INTO" && word == "OUTFILE":
			return st, exception(codeIntoOutfile, "INTO OUTFILE is not allowed")
		case word == "TOTALS" || word == "EXTREMES":
			st.whole = true
		}
		previous = word
	}
	return st, nil
}

// insertParser reads the head of an INSERT.
type insertParser struct {
	text      string
	lexer     *lexer
	statement statement
}

func parseInsert(text string, l *lexer, t token) (statement, error) {
	p := &insertParser{text: text, lexer: l}
	previous := ""
	for {
		t, ok := l.next()
		if !ok {
			// No rows follow: nothing to insert, or the rest of a VALUES.
			p.statement.insertData = true
			p.statement.head, p.statement.format, p.statement.dataStart = text, "Values", len(text)
			return p.statement, nil
		}
		word := ""
		if t.kind == tokenWord {
			word = strings.ToUpper(text[t.start:t.end])
		}
		isName := previous == "INTO" || previous == "TABLE" || previous == "."
		switch {
		case t.depth > 1, isName:
		case t.depth == 1:
			if previous == "(" && (word == "SELECT" || word == "WITH") {
				return parseOther(text, l, t)
			}
		case word == "SELECT" || word == "WITH" || word == "WATCH" || word == "EXPLAIN":
			return parseOther(text, l, t)
		case word == "INFILE" && previous == "FROM":
			return p.statement, exception(codeUnknownQueryType, "Query has infile and was send directly to server")
		case word == "VALUES":
			return p.found("Values", t.start, t.end), nil
		case word == "FORMAT":
			return p.format(t)
		case t.kind == tokenSemicolon:
			return p.found("Values", t.start, t.start), nil
		}
		previous = word
		if t.kind == tokenOpen || t.kind == tokenOther {
			previous = text[t.start:t.end]
		}
	}
}

func (p *insertParser) found(format string, headEnd, dataStart int) statement {
	p.statement.insertData = true
	p.statement.head = p.text[:headEnd]
	p.statement.format = format
	p.statement.dataStart = dataStart
	return p.statement
}

// format handles what follows the word FORMAT: the name and then the rows,
// after blanks up to one line break.
func (p *insertParser) format(keyword token) (statement, error) {
	name, ok := p.lexer.next()
	if !ok || name.kind != tokenWord {
		return p.statement, exception(codeSyntaxError, "Syntax error: a format name must follow FORMAT at position %d", keyword.end+1)
	}
	format := p.text[name.start:name.end]
	if strings.EqualFold(format, "Values") {
		return p.found(format, keyword.start, name.end), nil
	}
	return p.found(format, keyword.start, skipToData(p.text, name.end)), nil
}

func skipToData(text string, at int) int {
	for at < len(text) && (text[at] == ' ' || text[at] == '\t' || text[at] == '\f') {
		at++
	}
	if at < len(text) && text[at] == ';' {
		at++
	}
	if at < len(text) && text[at] == '\r' {
		at++
	}
	if at < len(text) && text[at] == '\n' {
		at++
	}
	return at
}

// quoteString writes a ClickHouse string literal.
func quoteString(s string) string {
	return "'" + stringEscaper.Replace(s) + "'"
}

var stringEscaper = strings.NewReplacer(`\`, `\\`, `'`, `\'`)

// quoteIdentifier writes a quoted ClickHouse identifier.
func quoteIdentifier(s string) string {
	return "`" + identifierEscaper.Replace(s) + "`"
}

var identifierEscaper = strings.NewReplacer(`\`, `\\`, "`", "\\`")

// ownQueryID finds a statement's id, as its client gave it, in
// system.processes: the library gives ids of its own, so the endpoint keeps
// the client's in the comment of the connection.
const ownQueryID = "(splitByString('" + queryIDMark + "', Settings['log_comment'])[2])"

const queryIDMark = " query_id="

// rewriteKill makes KILL QUERY WHERE query_id = '…' mean the ids that clients
// know.
func rewriteKill(text string) string {
	var out strings.Builder
	l := &lexer{text: text}
	copied, words := 0, 0
	for t, ok := l.next(); ok; t, ok = l.next() {
		word := strings.ToUpper(text[t.start:t.end])
		if words == 0 && word != "KILL" || words == 1 && word != "QUERY" {
			return text
		}
		words++
		if word == "QUERY_ID" {
			out.WriteString(text[copied:t.start])
			out.WriteString(ownQueryID)
			copied = t.end
		}
	}
	out.WriteString(text[copied:])
	return out.String()
}

// checkText refuses what the library would do although a server does not: take
// several statements in one text, and take a text for a command of its
// interactive client ("exit", "quit", "\q"), which answers nothing.
func checkText(conn *chdb.Conn, text string) error {
	analysis, err := conn.Classify(text)
	if err != nil {
		return err
	}
	if analysis.Statements > 1 && strings.Contains(text, ";") {
		return exception(codeSyntaxError, "Syntax error: Multi-statements are not allowed")
	}
	trimmed := strings.TrimFunc(text, func(r rune) bool { return r == ';' || r < 0x80 && isBlank(byte(r)) })
	if analysis.Class == chdb.Unknown && len(trimmed) <= 32 && !strings.ContainsAny(trimmed, " \t\r\n") {
		return exception(codeSyntaxError, "Syntax error: failed at position 1: %s", printable(trimmed))
	}
	return nil
}
