package engine

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"github.com/oklog/ulid/v2"

	"hotline12333/internal/store/engine/chdb"
)

const (
	// defaultQuerySize is ClickHouse's max_query_size, maxQuerySize the most
	// that a request may raise it to.
	defaultQuerySize = 256 << 10
	maxQuerySize     = 64 << 20
)

// request is one statement as a client sent it.
type request struct {
	queryID  string
	database string
	// format is the output format when the text names none.
	format   string
	settings [][2]string
	params   []chdb.Param
	// readonly is true for methods that must not change anything.
	readonly bool

	statement statement
	// text is the statement, without the rows of an INSERT.
	text string
	// rows are those of an INSERT.
	rows io.Reader

	// compressBlocks asks for ClickHouse's own compressed frames.
	compressBlocks bool
	method         compress.Method
	// encoding is the HTTP content encoding of the answer, or empty.
	encoding string
	// waitEnd asks that nothing is sent before the statement has succeeded.
	waitEnd bool
	// revision is the protocol revision of the native format the client asks
	// for.
	revision int
}

// reserved are URL parameters that are not settings.
var reserved = map[string]bool{
	"query": true, "database": true, "default_format": true, "query_id": true,
	"compress": true, "decompress": true, "user": true, "password": true,
	"quota_key": true, "stacktrace": true, "buffer_size": true,
	"wait_end_of_query": true, "client_protocol_version": true,
}

var settingName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.]*$`)

// readRequest reads the parameters and the statement; the rows of an INSERT
// stay in the body.
func readRequest(r *http.Request) (*request, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, exception(codeBadArguments, "the URL's parameters cannot be read: %v", err)
	}
	if err := checkSupported(r, query); err != nil {
		return nil, err
	}
	q := &request{
		queryID:        first(query.Get("query_id"), r.Header.Get("X-ClickHouse-Query-Id")),
		database:       first(query.Get("database"), r.Header.Get("X-ClickHouse-Database")),
		format:         first(r.Header.Get("X-ClickHouse-Format"), query.Get("default_format"), "TabSeparated"),
		readonly:       r.Method == http.MethodGet || r.Method == http.MethodHead,
		compressBlocks: isTrue(query.Get("compress")),
		waitEnd:        isTrue(query.Get("wait_end_of_query")),
		method:         compress.LZ4,
	}
	if q.queryID == "" {
		q.queryID = ulid.Make().String()
	}
	q.revision, _ = strconv.Atoi(query.Get("client_protocol_version"))
	if err := q.readSettings(query); err != nil {
		return nil, err
	}
	if isTrue(query.Get("enable_http_compression")) && !q.compressBlocks {
		q.encoding = chooseEncoding(r.Header.Get("Accept-Encoding"))
	}
	body, err := decodeBody(r, isTrue(query.Get("decompress")))
	if err != nil {
		return nil, err
	}
	limit, err := querySizeLimit(query.Get("max_query_size"))
	if err != nil {
		return nil, err
	}
	return q, q.readStatement(query.Get("query"), body, limit)
}

// checkSupported refuses what the endpoint cannot do, so that nothing is
// silently ignored.
func checkSupported(r *http.Request, query url.Values) error {
	switch {
	case query.Has("session_id"):
		return exception(codeNotImplemented, "HTTP sessions (session_id) are not supported by the embedded engine: send settings with each statement and write tables with their database")
	case query.Has("role"):
		return exception(codeNotImplemented, "roles are not supported by the embedded engine")
	case strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data"):
		return exception(codeNotImplemented, "external tables and multipart requests are not supported by the embedded engine")
	}
	return checkUser(r, query)
}

// checkUser accepts the one user there is: default, without a password.
func checkUser(r *http.Request, query url.Values) error {
	user := first(query.Get("user"), r.Header.Get("X-ClickHouse-User"))
	password := first(query.Get("password"), r.Header.Get("X-ClickHouse-Key"))
	if name, secret, ok := r.BasicAuth(); ok {
		user, password = first(user, name), first(password, secret)
	} else if r.Header.Get("Authorization") != "" {
		return exception(codeAuthenticationFail, "only basic authentication is supported by the embedded engine")
	}
	if user != "" && user != "default" || password != "" {
		return exception(codeAuthenticationFail, "%s: Authentication failed: the embedded engine knows only the user default without a password", first(user, "default"))
	}
	return nil
}

func (q *request) readSettings(query url.Values) error {
	for _, name := range slices.Sorted(maps.Keys(query)) {
		value := query.Get(name)
		switch {
		case reserved[name]:
		case strings.HasPrefix(name, "param_"):
			q.params = append(q.params, chdb.Param{Name: strings.TrimPrefix(name, "param_"), Value: value})
		case !settingName.MatchString(name):
			return exception(115, "Unknown setting '%s'", name)
		case name == "network_compression_method":
			switch strings.ToUpper(value) {
			case "LZ4", "LZ4HC", "":
			case "ZSTD":
				q.method = compress.ZSTD
			default:
				return exception(codeBadArguments, "network_compression_method %s is not supported by the embedded engine: use LZ4 or ZSTD", value)
			}
		default:
			if name == "http_wait_end_of_query" {
				q.waitEnd = q.waitEnd || isTrue(value)
			}
			q.settings = append(q.settings, [2]string{name, value})
		}
	}
	return nil
}

func querySizeLimit(value string) (int, error) {
	if value == "" {
		return defaultQuerySize, nil
	}
	limit, err := strconv.Atoi(value)
	if err != nil || limit < 0 {
		return 0, exception(codeBadArguments, "max_query_size %q is not a size", value)
	}
	if limit == 0 {
		return maxQuerySize, nil
	}
	return min(max(limit, defaultQuerySize), maxQuerySize), nil
}

// readStatement takes the statement from the URL and the body, which ClickHouse
// joins with a line break.
func (q *request) readStatement(fromURL string, body io.Reader, limit int) error {
	source := body
	if fromURL != "" {
		source = io.MultiReader(strings.NewReader(fromURL+"\n"), body)
	}
	var head bytes.Buffer
	n, err := io.CopyN(&head, source, int64(limit)+1)
	complete := err == io.EOF
	if err != nil && !complete {
		return bodyError(err)
	}
	text := head.String()
	q.statement, err = parseStatement(text)
	if err != nil {
		return err
	}
	if !q.statement.insertData {
		if n > int64(limit) {
			return exception(codeSyntaxError, "Syntax error: Max query size exceeded (%d bytes): raise max_query_size", limit)
		}
		q.text = text
		return nil
	}
	if complete && strings.EqualFold(q.statement.format, "Values") {
		// The engine's own parser reads short VALUES best: it knows
		// expressions and parameters in them.
		q.statement.insertData = false
		q.statement.format = ""
		q.text = text
		return nil
	}
	q.text = q.statement.head
	q.rows = io.MultiReader(strings.NewReader(text[q.statement.dataStart:]), source)
	return nil
}

// decodeBody undoes the HTTP encoding and then ClickHouse's frames.
func decodeBody(r *http.Request, frames bool) (io.Reader, error) {
	var body io.Reader = r.Body
	switch encoding := r.Header.Get("Content-Encoding"); encoding {
	case "", "identity":
	case "gzip":
		reader, err := gzip.NewReader(body)
		if err != nil {
			return nil, exception(codeCannotDecompress, "the body is not gzip: %v", err)
		}
		body = reader
	case "deflate":
		reader, err := zlib.NewReader(body)
		if err != nil {
			return nil, exception(codeCannotDecompress, "the body is not deflate: %v", err)
		}
		body = reader
	case "zstd":
		reader, err := zstd.NewReader(body, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, exception(codeCannotDecompress, "the body is not zstd: %v", err)
		}
		body = reader.IOReadCloser()
	default:
		return nil, exception(codeNotImplemented, "Content-Encoding %s is not supported by the embedded engine: use gzip, deflate or zstd", encoding)
	}
	if frames {
		body = newFrameReader(body)
	}
	return body, nil
}

// frameReader reads ClickHouse's compressed frames. It tells the end of the
// data from data that ends inside a frame, which the decoder does not, and
// stays at the end, where the decoder gives its last frame again.
type frameReader struct {
	source  *countingReader
	decoder *compress.Reader
	err     error
}

func newFrameReader(r io.Reader) *frameReader {
	source := &countingReader{r: r}
	return &frameReader{source: source, decoder: compress.NewReader(source)}
}

func (f *frameReader) Read(p []byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	f.source.n = 0
	n, err := f.decoder.Read(p)
	switch {
	case err == nil:
		return n, nil
	case f.source.err != nil && f.source.err != io.EOF:
		f.err = f.source.err
	case !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		f.err = exception(codeCannotDecompress, "the body is not in ClickHouse's compressed form: %v", err)
	case f.source.n == 0:
		f.err = io.EOF
	default:
		f.err = io.ErrUnexpectedEOF
	}
	return n, f.err
}

// countingReader remembers what came from the source since n was reset.
type countingReader struct {
	r   io.Reader
	n   int
	err error
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	c.err = err
	return n, err
}

// bodyError describes a body that could not be read to its end.
func bodyError(err error) error {
	if e, ok := errors.AsType[*chdb.Error](err); ok {
		return e
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return exception(codeCannotReadAllData, "the request's body ends too early: %v", err)
	}
	return exception(codeNetworkError, "reading the request's body: %v", err)
}

// chooseEncoding picks the first encoding of Accept-Encoding that can be
// given.
func chooseEncoding(accept string) string {
	for _, part := range strings.Split(accept, ",") {
		name, quality, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.ReplaceAll(quality, " ", "") == "q=0" {
			continue
		}
		switch name = strings.TrimSpace(name); name {
		case "gzip", "deflate", "zstd":
			return name
		}
	}
	return ""
}

// setStatement renders the request's settings as one SET, or "" without any.
// readonly must come last: nothing can be set after it.
func (q *request) setStatement(marker string) string {
	var b strings.Builder
	readonly := ""
	if q.readonly {
		readonly = "2"
	}
	for _, s := range q.settings {
		switch s[0] {
		case "readonly":
			readonly = s[1]
			continue
		case "log_comment":
			// The marks by which a statement is cancelled stay in front.
			s[1] = marker + queryIDMark + q.queryID + " " + s[1]
		}
		fmt.Fprintf(&b, ", %s = %s", s[0], quoteString(s[1]))
	}
	if readonly != "" {
		fmt.Fprintf(&b, ", readonly = %s", quoteString(readonly))
	}
	if b.Len() == 0 {
		return ""
	}
	return "SET" + strings.TrimPrefix(b.String(), ",")
}

// outputFormat is the format of the statement's result.
func (q *request) outputFormat() string { return first(q.statement.format, q.format) }

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

func isTrue(value string) bool { return value == "1" || strings.EqualFold(value, "true") }
