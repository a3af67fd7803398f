package engine_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/ClickHouse/ch-go/compress"

	"hotline12333/internal/store/engine"
	"hotline12333/internal/testkit"
)

// call is one HTTP request to the engine.
type call struct {
	method  string
	path    string
	query   url.Values
	header  map[string]string
	body    io.Reader
	address string
}

type answer struct {
	status int
	header http.Header
	body   string
	err    error // of reading the body
}

func (c call) do(t testing.TB) answer {
	t.Helper()
	if c.method == "" {
		c.method = http.MethodPost
	}
	u := url.URL{Scheme: "http", Host: c.address, Path: "/" + c.path, RawQuery: c.query.Encode()}
	req, err := http.NewRequestWithContext(t.Context(), c.method, u.String(), c.body)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range c.header {
		req.Header.Set(k, v)
	}
	res, err := (&http.Transport{DisableCompression: true, DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	return answer{status: res.StatusCode, header: res.Header, body: string(body), err: err}
}

func values(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

func TestHTTPProtocol(t *testing.T) {
	address := shared(t)
	execute(t, connect(t, address), "CREATE DATABASE d", "CREATE TABLE d.t (n UInt64, s String) ENGINE = MergeTree ORDER BY n")
	text := func(s string) io.Reader { return strings.NewReader(s) }
	for name, tt := range map[string]struct {
		call   call
		status int
		code   string // X-ClickHouse-Exception-Code
		body   string // exactly, or with a code: contained
	}{
		"root":                   {call: call{method: "GET"}, status: 200, body: "Ok.\n"},
		"ping":                   {call: call{method: "GET", path: "ping"}, status: 200, body: "Ok.\n"},
		"ping by HEAD":           {call: call{method: "HEAD", path: "ping"}, status: 200},
		"another path":           {call: call{method: "GET", path: "play"}, status: 404, body: "There is no handle /play\n"},
		"another method":         {call: call{method: "DELETE"}, status: 405, body: "use GET for reading and POST for everything\n"},
		"query in URL":           {call: call{method: "GET", query: values("query", "SELECT 1")}, status: 200, body: "1\n"},
		"query by HEAD":          {call: call{method: "HEAD", query: values("query", "SELECT 1")}, status: 200},
		"query in body":          {call: call{body: text("SELECT 2")}, status: 200, body: "2\n"},
		"query in both":          {call: call{query: values("query", "SELECT 3,"), body: text("4")}, status: 200, body: "3\t4\n"},
		"GET must not write":     {call: call{method: "GET", query: values("query", "CREATE TABLE d.x (n UInt8) ENGINE = Memory")}, status: 500, code: "164", body: "readonly"},
		"GET must not insert":    {call: call{method: "GET", query: values("query", "INSERT INTO d.t VALUES (1, 'x')")}, status: 500, code: "164", body: "readonly"},
		"readonly by setting":    {call: call{query: values("readonly", "1"), body: text("DROP TABLE d.t")}, status: 500, code: "164", body: "readonly"},
		"format by parameter":    {call: call{query: values("default_format", "JSONEachRow"), body: text("SELECT 1 AS x")}, status: 200, body: "{\"x\":1}\n"},
		"format by header":       {call: call{header: map[string]string{"X-ClickHouse-Format": "CSV"}, body: text("SELECT 'a'")}, status: 200, body: "\"a\"\n"},
		"format by clause":       {call: call{query: values("default_format", "JSON"), body: text("SELECT 1 FORMAT TSV SETTINGS max_threads = 1")}, status: 200, body: "1\n"},
		"parameter":              {call: call{query: values("param_x", "a\\tb"), body: text("SELECT {x:String}")}, status: 200, body: "a\\tb\n"},
		"setting":                {call: call{query: values("max_block_size", "17"), body: text("SELECT getSetting('max_block_size')")}, status: 200, body: "17\n"},
		"setting with a quote":   {call: call{query: values("log_comment", "o'clock\\"), body: text("SELECT getSetting('log_comment') LIKE '%o\\'clock\\\\\\\\'")}, status: 200, body: "1\n"},
		"unknown setting":        {call: call{query: values("nonesuch", "1"), body: text("SELECT 1")}, status: 404, code: "115", body: "nonesuch"},
		"setting of odd name":    {call: call{query: values("a b", "1"), body: text("SELECT 1")}, status: 404, code: "115", body: "a b"},
		"database":               {call: call{query: values("database", "system"), body: text("SELECT currentDatabase()")}, status: 200, body: "system\n"},
		"database by header":     {call: call{header: map[string]string{"X-ClickHouse-Database": "d"}, body: text("SELECT currentDatabase()")}, status: 200, body: "d\n"},
		"missing database":       {call: call{query: values("database", "missing"), body: text("SELECT 1")}, status: 404, code: "81", body: "missing"},
		"session":                {call: call{query: values("session_id", "s"), body: text("SELECT 1")}, status: 501, code: "48", body: "session_id"},
		"role":                   {call: call{query: values("role", "r"), body: text("SELECT 1")}, status: 501, code: "48", body: "roles"},
		"multipart":              {call: call{header: map[string]string{"Content-Type": "multipart/form-data; boundary=x"}, body: text("--x--")}, status: 501, code: "48", body: "multipart"},
		"user":                   {call: call{query: values("user", "other"), body: text("SELECT 1")}, status: 403, code: "516", body: "other"},
		"password":               {call: call{header: map[string]string{"X-ClickHouse-User": "default", "X-ClickHouse-Key": "k"}, body: text("SELECT 1")}, status: 403, code: "516", body: "password"},
		"default user":           {call: call{header: map[string]string{"X-ClickHouse-User": "default"}, body: text("SELECT 1")}, status: 200, body: "1\n"},
		"token":                  {call: call{header: map[string]string{"Authorization": "Bearer x"}, body: text("SELECT 1")}, status: 403, code: "516", body: "basic"},
		"web page":               {call: call{header: map[string]string{"Origin": "https://evil.example"}, body: text("SELECT 1")}, status: 403, body: "requests from web pages are refused\n"},
		"nothing":                {call: call{body: text("")}, status: 400, code: "62", body: "Empty query"},
		"only a comment":         {call: call{body: text("-- nothing")}, status: 400, code: "62", body: "Empty query"},
		"two statements":         {call: call{body: text("SELECT 1; SELECT 2")}, status: 400, code: "62", body: "Multi-statements"},
		"one with semicolon":     {call: call{body: text("SELECT ';' ; -- end")}, status: 200, body: ";\n"},
		"client's command":       {call: call{body: text("exit")}, status: 400, code: "62", body: "Syntax error"},
		"unknown encoding":       {call: call{header: map[string]string{"Content-Encoding": "br"}, body: text("SELECT 1")}, status: 501, code: "48", body: "br"},
		"not gzip":               {call: call{header: map[string]string{"Content-Encoding": "gzip"}, body: text("SELECT 1")}, status: 500, code: "271", body: "gzip"},
		"not compressed":         {call: call{query: values("decompress", "1"), body: text(strings.Repeat("SELECT 1", 9))}, status: 500, code: "271", body: "compressed"},
		"too long":               {call: call{body: text("SELECT '" + strings.Repeat("x", 300<<10) + "'")}, status: 400, code: "62", body: "max_query_size"},
		"long, allowed":          {call: call{query: values("max_query_size", "1000000"), body: text("SELECT length('" + strings.Repeat("x", 300<<10) + "')")}, status: 200, body: fmt.Sprintf("%d\n", 300<<10)},
		"totals":                 {call: call{body: text("SELECT number % 2 AS k, count() FROM numbers(9) GROUP BY k WITH TOTALS ORDER BY k")}, status: 200, body: "0\t5\n1\t4\n\n0\t9\n"},
		"extremes":               {call: call{query: values("extremes", "1"), body: text("SELECT number FROM numbers(2)")}, status: 200, body: "0\n1\n\n0\n1\n"},
		"statement not a SELECT": {call: call{body: text("EXISTS TABLE d.t")}, status: 200, body: "1\n"},
	} {
		t.Run(name, func(t *testing.T) {
			tt.call.address = address
			got := tt.call.do(t)
			if got.err != nil || got.status != tt.status || got.header.Get("X-ClickHouse-Exception-Code") != tt.code {
				t.Fatalf("status %d, code %q, error %v; want %d, %q: %s", got.status, got.header.Get("X-ClickHouse-Exception-Code"), got.err, tt.status, tt.code, got.body)
			}
			if tt.code == "" && got.body != tt.body {
				t.Errorf("body %q, want %q", got.body, tt.body)
			}
			if tt.code != "" && (!strings.Contains(got.body, tt.body) || !strings.HasPrefix(got.body, "Code: "+tt.code+". DB::Exception: ")) {
				t.Errorf("body %q, want an exception with %q", got.body, tt.body)
			}
		})
	}
}

func TestHTTPInserts(t *testing.T) {
	address := shared(t)
	conn := connect(t, address)
	execute(t, conn, "CREATE DATABASE d")
	zipped := func(s string) io.Reader {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, _ = io.WriteString(w, s) // a buffer takes everything
		_ = w.Close()
		return &b
	}
	for name, c := range map[string]call{
		"values in body":       {body: strings.NewReader("INSERT INTO d.t VALUES (1, 'a'), (2, upper('b'))")},
		"values apart":         {query: values("query", "INSERT INTO d.t VALUES"), body: strings.NewReader("(1, 'a'), (2, 'B')")},
		"values in two":        {query: values("query", "INSERT INTO d.t VALUES (1, 'a'),"), body: strings.NewReader("(2, 'B');")},
		"CSV apart":            {query: values("query", "INSERT INTO d.t FORMAT CSV"), body: strings.NewReader("1,a\n2,B\n")},
		"CSV in body":          {body: strings.NewReader("INSERT INTO d.t FORMAT CSV\n1,a\n2,B\n")},
		"JSON, columns":        {query: values("query", "INSERT INTO d.t (s, n) FORMAT JSONEachRow"), body: strings.NewReader(`{"n":1,"s":"a"}{"s":"B","n":2}`)},
		"settings, parameter":  {query: values("query", "INSERT INTO {t:Identifier} SETTINGS max_threads = 1 FORMAT TSV", "param_t", "t", "database", "d"), body: strings.NewReader("1\ta\n2\tB\n")},
		"gzip":                 {query: values("query", "INSERT INTO d.t FORMAT CSV"), header: map[string]string{"Content-Encoding": "gzip"}, body: zipped("1,a\n2,B\n")},
		"select":               {body: strings.NewReader("INSERT INTO d.t SELECT number + 1, ['a', 'B'][number + 1] FROM numbers(2)")},
		"select in brackets":   {body: strings.NewReader("INSERT INTO d.t (n, s) (SELECT number + 1, ['a', 'B'][number + 1] FROM numbers(2))")},
		"comment in front":     {query: values("query", "/* rows; */ -- by hand\nINSERT INTO `d`.\"t\" FORMAT CSV"), body: strings.NewReader("1,a\n2,B\n")},
		"frames":               {query: values("query", "INSERT INTO d.t FORMAT CSV", "decompress", "1"), body: bytes.NewReader(framed(t, "1,a\n", "2,B\n"))},
		"statement in frames":  {query: values("decompress", "1"), body: bytes.NewReader(framed(t, "INSERT INTO d.t FORMAT CSV\n1,a\n2,B\n"))},
		"table named format":   {query: values("query", "INSERT INTO d.format FORMAT CSV"), body: strings.NewReader("1,a\n2,B\n")},
		"more than the buffer": {query: values("query", "INSERT INTO d.t FORMAT CSV"), body: io.MultiReader(strings.NewReader("1,a\n"+strings.Repeat("\n", 0)), strings.NewReader("2,B\n"))},
	} {
		t.Run(name, func(t *testing.T) {
			execute(t, conn, "CREATE OR REPLACE TABLE d.t (n UInt64, s String) ENGINE = MergeTree ORDER BY n",
				"CREATE OR REPLACE TABLE d.format (n UInt64, s String) ENGINE = Null", "CREATE OR REPLACE MATERIALIZED VIEW d.f TO d.t AS SELECT * FROM d.format")
			c.address = address
			got := c.do(t)
			if got.status != 200 || got.body != "" {
				t.Fatalf("status %d: %s", got.status, got.body)
			}
			if rows := scalar[string](t, conn, "SELECT toString(groupArray((n, s))) FROM (SELECT * FROM d.t ORDER BY n)"); rows != "[(1,'a'),(2,'B')]" {
				t.Errorf("rows %s", rows)
			}
			var summary struct {
				Written string `json:"written_rows"`
			}
			if err := json.Unmarshal([]byte(got.header.Get("X-ClickHouse-Summary")), &summary); err != nil || !strings.Contains("24", summary.Written) {
				t.Errorf("summary %s: %v", got.header.Get("X-ClickHouse-Summary"), err)
			}
		})
	}
}

// framed compresses each text into a ClickHouse frame.
func framed(t testing.TB, texts ...string) []byte {
	t.Helper()
	var out []byte
	w := compress.NewWriter(compress.LevelZero, compress.LZ4)
	for _, text := range texts {
		if err := w.Compress([]byte(text)); err != nil {
			t.Fatal(err)
		}
		out = append(out, w.Data...)
	}
	return out
}

func TestBrokenInsertsLeaveNothing(t *testing.T) {
	address := shared(t)
	conn := connect(t, address)
	execute(t, conn, "CREATE DATABASE d", "CREATE TABLE d.t (n UInt64, s String) ENGINE = MergeTree ORDER BY n")
	frame := framed(t, strings.Repeat("1,a\n", 100000))
	for name, c := range map[string]struct {
		query string
		body  []byte
		code  string
	}{
		"frame cut":         {query: "decompress=1&query=INSERT+INTO+d.t+FORMAT+CSV", body: frame[:len(frame)-1], code: "33"},
		"cut behind header": {query: "decompress=1&query=INSERT+INTO+d.t+FORMAT+CSV", body: append(frame[:len(frame):len(frame)], frame[:25]...), code: "33"},
		"frame corrupt":     {query: "decompress=1&query=INSERT+INTO+d.t+FORMAT+CSV", body: append(frame[:len(frame)-1:len(frame)-1], frame[len(frame)-1]^1), code: "271"},
		"bad row":           {query: "query=INSERT+INTO+d.t+FORMAT+CSV", body: []byte(strings.Repeat("1,a\n", 500000) + "x,y\n"), code: "27"},
	} {
		t.Run(name, func(t *testing.T) {
			query, err := url.ParseQuery(c.query)
			if err != nil {
				t.Fatal(err)
			}
			got := call{address: address, query: query, body: bytes.NewReader(c.body)}.do(t)
			if code := got.header.Get("X-ClickHouse-Exception-Code"); code != c.code {
				t.Errorf("code %s, want %s: %s", code, c.code, got.body)
			}
		})
	}
	t.Run("client gone", func(t *testing.T) {
		raw, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		rows := strings.Repeat("1,a\n", 100000)
		_, err = fmt.Fprintf(raw, "POST /?query=INSERT+INTO+d.t+FORMAT+CSV HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", 10*len(rows), rows)
		if err != nil {
			t.Fatal(err)
		}
		if err := raw.Close(); err != nil {
			t.Fatal(err)
		}
	})
	eventually(t, "no insert runs", func() bool {
		return scalar[uint64](t, conn, "SELECT count() FROM system.processes") == 1
	})
	if got := scalar[uint64](t, conn, "SELECT count() FROM d.t"); got != 0 {
		t.Errorf("%d rows of broken inserts", got)
	}
}

func TestLargeResults(t *testing.T) {
	address := shared(t)
	rows := testkit.Sample(300_000, 100_000)
	sql := fmt.Sprintf("SELECT number AS n, toString(number) AS s FROM numbers(%d)", rows)
	t.Run("JSON is one document", func(t *testing.T) {
		got := call{address: address, query: values("default_format", "JSON"), body: strings.NewReader(sql)}.do(t)
		var doc struct {
			Data []struct{ N uint64 }
			Rows int
		}
		if err := json.Unmarshal([]byte(got.body), &doc); err != nil || doc.Rows != rows || len(doc.Data) != rows {
			t.Errorf("%d rows in %d, error %v", doc.Rows, len(doc.Data), err)
		}
	})
	t.Run("one header with names", func(t *testing.T) {
		got := call{address: address, body: strings.NewReader(sql + " FORMAT CSVWithNames")}.do(t)
		if lines := strings.Count(got.body, "\n"); lines != rows+1 || strings.Count(got.body, `"n","s"`) != 1 {
			t.Errorf("%d lines", lines)
		}
	})
	t.Run("Parquet", func(t *testing.T) {
		got := call{address: address, body: strings.NewReader(sql + " FORMAT Parquet")}.do(t)
		if strings.Count(got.body, "PAR1") != 2 {
			t.Errorf("no single file: %d bytes", len(got.body))
		}
	})
	t.Run("gzip", func(t *testing.T) {
		got := call{address: address, query: values("enable_http_compression", "1"), header: map[string]string{"Accept-Encoding": "br, gzip"}, body: strings.NewReader(sql)}.do(t)
		r, err := gzip.NewReader(strings.NewReader(got.body))
		if err != nil || got.header.Get("Content-Encoding") != "gzip" {
			t.Fatalf("encoding %q: %v", got.header.Get("Content-Encoding"), err)
		}
		text, err := io.ReadAll(r)
		if err != nil || bytes.Count(text, []byte("\n")) != rows {
			t.Errorf("%d lines, error %v", bytes.Count(text, []byte("\n")), err)
		}
	})
	t.Run("larger than the engine's memory", func(t *testing.T) {
		if testing.Short() {
			t.Skip("a gigabyte goes through one connection")
		}
		cfg := testConfig(t)
		cfg.MemoryLimitBytes = 600 << 20
		small := startEngine(t, cfg, engine.Deps{})
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+small.Addr()+"/?query="+url.QueryEscape("SELECT number, randomPrintableASCII(200) FROM numbers(5000000) FORMAT RowBinary"), nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		n, err := io.Copy(io.Discard, res.Body)
		if want := int64(5000000 * (8 + 2 + 200)); err != nil || n != want {
			t.Errorf("%d bytes, want %d; error %v", n, want, err)
		}
	})
}

func TestErrorsAfterTheHeaders(t *testing.T) {
	address := shared(t)
	sql := "SELECT randomPrintableASCII(50), throwIf(number = 400000) FROM numbers(600000)"
	t.Run("framed and cut", func(t *testing.T) {
		got := call{address: address, body: strings.NewReader(sql)}.do(t)
		tag := got.header.Get("X-ClickHouse-Exception-Tag")
		if got.status != 200 || got.err == nil || len(tag) != 16 {
			t.Fatalf("status %d, error %v, tag %q", got.status, got.err, tag)
		}
		if !strings.HasSuffix(got.body, " "+tag+"\r\n__exception__\r\n") || !strings.Contains(got.body, "\r\n__exception__\r\n"+tag+"\r\nCode: 395. DB::Exception: ") {
			t.Errorf("the body ends in %q", got.body[max(0, len(got.body)-500):])
		}
	})
	t.Run("kept back on demand", func(t *testing.T) {
		got := call{address: address, query: values("wait_end_of_query", "1"), body: strings.NewReader(sql)}.do(t)
		if got.status != 500 || got.header.Get("X-ClickHouse-Exception-Code") != "395" || !strings.HasPrefix(got.body, "Code: 395.") {
			t.Errorf("status %d: %.200s", got.status, got.body)
		}
		whole := strings.Replace(sql, "= 400000", "= 900000", 1)
		got = call{address: address, query: values("wait_end_of_query", "1"), body: strings.NewReader(whole)}.do(t)
		if got.status != 200 || got.err != nil || strings.Count(got.body, "\n") != 600000 {
			t.Errorf("status %d, error %v, %d lines", got.status, got.err, strings.Count(got.body, "\n"))
		}
	})
}
