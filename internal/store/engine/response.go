package engine

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"

	"hotline12333/internal/store/engine/chdb"
)

const (
	// heldBack is how much of a result is kept before the headers are sent,
	// so that an early error still gets its status; ClickHouse's buffer_size.
	heldBack = 1 << 20
	// frameSize is the most that goes into one compressed frame.
	frameSize = 1 << 20
	// clientPatience is how long a client may take no bytes of its result, or
	// send none of its rows, before its statement is given up.
	clientPatience = 5 * time.Minute
	// maxInStream bounds the text of an exception inside a result: clients
	// look for it in the last kilobytes.
	maxInStream = 3 << 10
)

// response writes a result as ClickHouse's HTTP interface does: it keeps the
// beginning back, compresses, and frames an error that comes too late for a
// status.
type response struct {
	w       http.ResponseWriter
	req     *request
	tag     string
	sent    bool // headers are out
	held    bytes.Buffer
	spool   *os.File // with wait_end_of_query: what does not fit held
	spoolIn string   // directory of the spool
	frames  *compress.Writer
	encoder io.WriteCloser
	summary chdb.Stats
	control *http.ResponseController
}

func newResponse(w http.ResponseWriter, q *request, spoolIn string) *response {
	r := &response{w: w, req: q, tag: rand.Text()[:16], spoolIn: spoolIn, control: http.NewResponseController(w)}
	h := w.Header()
	h.Set("X-ClickHouse-Query-Id", q.queryID)
	h.Set("X-ClickHouse-Server-Display-Name", displayName)
	h.Set("X-ClickHouse-Timezone", "UTC")
	h.Set("X-ClickHouse-Exception-Tag", r.tag)
	return r
}

// setFormat announces the format of the result.
func (r *response) setFormat(format string) {
	h := r.w.Header()
	h.Set("X-ClickHouse-Format", format)
	h.Set("Content-Type", contentType(format))
	switch {
	case r.req.compressBlocks:
		r.frames = compress.NewWriter(compress.LevelZero, r.req.method)
	case r.req.encoding != "":
		h.Set("Content-Encoding", r.req.encoding)
		r.encoder = newEncoder(r.req.encoding, (*responseSink)(r))
	}
}

func newEncoder(encoding string, w io.Writer) io.WriteCloser {
	switch encoding {
	case "gzip":
		encoder, _ := gzip.NewWriterLevel(w, gzip.BestSpeed) // the level is valid
		return encoder
	case "deflate":
		encoder, _ := zlib.NewWriterLevel(w, zlib.BestSpeed) // the level is valid
		return encoder
	default:
		encoder, _ := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest)) // the options are valid
		return encoder
	}
}

// Write takes output of the engine.
func (r *response) Write(data []byte) (int, error) {
	switch {
	case r.frames != nil:
		for piece := data; len(piece) > 0; {
			n := min(len(piece), frameSize)
			if err := r.frames.Compress(piece[:n]); err != nil {
				return 0, fmt.Errorf("compressing a result: %w", err)
			}
			if _, err := (*responseSink)(r).Write(r.frames.Data); err != nil {
				return 0, err
			}
			piece = piece[n:]
		}
		return len(data), nil
	case r.encoder != nil:
		return r.encoder.Write(data)
	default:
		return (*responseSink)(r).Write(data)
	}
}

// responseSink takes the bytes as they go over the wire.
type responseSink response

func (s *responseSink) Write(data []byte) (int, error) {
	switch {
	case s.sent:
		return (*response)(s).put(data)
	case s.held.Len()+len(data) <= heldBack && s.spool == nil:
		return s.held.Write(data)
	case s.req.waitEnd:
		return (*response)(s).spoolWrite(data)
	}
	if err := (*response)(s).send(-1); err != nil {
		return 0, err
	}
	return (*response)(s).put(data)
}

// put writes to the client, which must take the bytes within clientPatience.
func (r *response) put(data []byte) (int, error) {
	if err := r.control.SetWriteDeadline(time.Now().Add(clientPatience)); err != nil {
		return 0, fmt.Errorf("setting a deadline: %w", err)
	}
	return r.w.Write(data)
}

// spoolWrite keeps a result on disk that must not be sent before its end.
func (r *response) spoolWrite(data []byte) (int, error) {
	if r.spool == nil {
		file, err := os.CreateTemp(r.spoolIn, "result-*")
		if err != nil {
			return 0, fmt.Errorf("keeping a result back: %w", err)
		}
		if err := os.Remove(file.Name()); err != nil { // it lives as long as it is open
			return 0, fmt.Errorf("keeping a result back: %w", err)
		}
		r.spool = file
	}
	n, err := r.spool.Write(data)
	if err != nil {
		return n, fmt.Errorf("keeping a result back: %w", err)
	}
	return n, nil
}

// send writes the headers and what was kept back. length is the whole body's
// size, or -1 when it is not known.
func (r *response) send(length int64) error {
	r.sent = true
	h := r.w.Header()
	h.Set("X-ClickHouse-Summary", r.summaryJSON())
	if length >= 0 {
		h.Set("Content-Length", strconv.FormatInt(length, 10))
	}
	r.w.WriteHeader(http.StatusOK)
	if _, err := r.put(r.held.Bytes()); err != nil {
		return err
	}
	if r.spool != nil {
		if _, err := r.spool.Seek(0, io.SeekStart); err != nil {
			return fmt.Errorf("reading a kept result: %w", err)
		}
		if _, err := io.Copy(writerFunc(r.put), r.spool); err != nil {
			return err
		}
	}
	return nil
}

// finish ends a successful result.
func (r *response) finish() error {
	if r.encoder != nil {
		if err := r.encoder.Close(); err != nil {
			return fmt.Errorf("compressing a result: %w", err)
		}
	}
	if r.sent {
		return nil
	}
	length := int64(r.held.Len())
	if r.spool != nil {
		size, err := r.spool.Seek(0, io.SeekEnd)
		if err != nil {
			return fmt.Errorf("reading a kept result: %w", err)
		}
		length += size
	}
	return r.send(length)
}

// fail answers with an exception. When the headers are out already, the text
// goes into the body in ClickHouse's frame and the connection must be cut, so
// that no client takes the result for whole; fail then returns true.
func (r *response) fail(err *chdb.Error) (cut bool) {
	text := strings.TrimRight(err.Message, "\n")
	if !r.sent {
		r.sent = true
		h := r.w.Header()
		h.Del("Content-Encoding")
		h.Del("X-ClickHouse-Format")
		h.Set("Content-Type", "text/plain; charset=UTF-8")
		h.Set("X-ClickHouse-Exception-Code", strconv.Itoa(err.Code))
		h.Set("Content-Length", strconv.Itoa(len(text)+1))
		r.w.WriteHeader(httpStatus(err.Code))
		_, _ = io.WriteString(r.w, text+"\n") // the client may be gone
		return false
	}
	if len(text) > maxInStream {
		text = strings.ToValidUTF8(text[:maxInStream], "")
	}
	message := text + "\n"
	var body io.Writer = writerFunc(r.put)
	if r.encoder != nil {
		body = r.encoder
	}
	// The client may be gone by now, so failures to tell it are no news.
	_, _ = fmt.Fprintf(body, "\r\n__exception__\r\n%s\r\n%s%d %s\r\n__exception__\r\n", r.tag, message, len(message), r.tag)
	if r.encoder != nil {
		_ = r.encoder.Close()
	}
	_ = r.control.Flush()
	return true
}

// close frees what the response holds. The deadline must not reach the next
// request of the connection.
func (r *response) close() {
	_ = r.control.SetWriteDeadline(time.Time{})
	if r.spool != nil {
		_ = r.spool.Close() // the file is removed already
	}
}

func (r *response) summaryJSON() string {
	return fmt.Sprintf(`{"read_rows":"%d","read_bytes":"%d","written_rows":"%d","written_bytes":"%d"}`,
		r.summary.ReadRows, r.summary.ReadBytes, r.summary.WrittenRows, r.summary.WrittenBytes)
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// contentType is that of ClickHouse's server for the format.
func contentType(format string) string {
	name := strings.ToUpper(format)
	switch {
	case strings.HasPrefix(name, "JSON") && strings.Contains(name, "EACHROW"), name == "NDJSON", name == "JSONLINES":
		return "application/x-ndjson; charset=UTF-8"
	case strings.HasPrefix(name, "JSON"):
		return "application/json; charset=UTF-8"
	case strings.HasPrefix(name, "TABSEPARATED"), strings.HasPrefix(name, "TSV"):
		return "text/tab-separated-values; charset=UTF-8"
	case strings.HasPrefix(name, "CSV"):
		return "text/csv; charset=UTF-8; header=" + map[bool]string{true: "present", false: "absent"}[strings.Contains(name, "WITHNAMES")]
	case name == "XML":
		return "application/xml; charset=UTF-8"
	case name == "PROMETHEUS":
		return "text/plain; version=0.0.4; charset=UTF-8"
	case name == "NATIVE", strings.HasPrefix(name, "ROWBINARY"), name == "PARQUET", name == "ORC", name == "AVRO", strings.HasPrefix(name, "ARROW"), name == "MSGPACK", name == "BSONEACHROW":
		return "application/octet-stream"
	default:
		return "text/plain; charset=UTF-8"
	}
}

// streamable says whether a result in the format may be given piece by piece:
// the engine renders each piece as a document of its own, which is the same
// as one document only for formats without a beginning and an end.
func streamable(format string) bool {
	switch strings.ToUpper(format) {
	case "NATIVE", "ROWBINARY", "TABSEPARATED", "TSV", "TABSEPARATEDRAW", "TSVRAW", "RAW", "CSV",
		"JSONEACHROW", "JSONLINES", "NDJSON", "JSONSTRINGSEACHROW", "JSONCOMPACTEACHROW", "JSONCOMPACTSTRINGSEACHROW":
		return true
	default:
		return false
	}
}
