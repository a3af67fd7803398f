package chdb

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"runtime"
	"strconv"
	"unsafe"
)

// Error is an exception of the engine.
type Error struct {
	// Code is ClickHouse's error code; CodeUnknown when the text has none.
	Code int
	// Message is the whole text, beginning with "Code: …" when it has a code.
	Message string
}

// CodeUnknown is ClickHouse's UNKNOWN_EXCEPTION.
const CodeUnknown = 1002

func (e *Error) Error() string { return e.Message }

var codePattern = regexp.MustCompile(`^Code:\s*(\d+)\.`)

func newError(message string) *Error {
	e := &Error{Code: CodeUnknown, Message: message}
	if m := codePattern.FindStringSubmatch(message); m != nil {
		if code, err := strconv.Atoi(m[1]); err == nil && code > 0 {
			e.Code = code
		}
	}
	return e
}

// Param is one value for a {name:Type} placeholder, in ClickHouse's escaped
// text form.
type Param struct{ Name, Value string }

// Conn is one connection to the process's engine, with its own session:
// settings and current database. It runs one statement at a time and must not
// be used by several goroutines at once.
type Conn struct {
	lib    *Library
	handle unsafe.Pointer // pointer to the connection
	conn   unsafe.Pointer // the connection
}

// Connect opens a connection. The first one boots the engine with the server
// options in args (--path=DIR and so on); every one takes session settings
// (--setting=value). All connections of a process must give the same path.
func (l *Library) Connect(args ...string) (*Conn, error) {
	argv := make([]*byte, 0, len(args)+2)
	for _, arg := range append([]string{"chdb"}, args...) {
		argv = append(argv, &append([]byte(arg), 0)[0])
	}
	argc := len(argv)
	argv = append(argv, nil)
	handle := l.c.connect(int32(argc), unsafe.Pointer(&argv[0]))
	runtime.KeepAlive(argv)
	if handle == nil {
		return nil, errors.New("the engine did not start or refused the connection (its own message is on standard error)")
	}
	conn := *(*unsafe.Pointer)(handle)
	if conn == nil {
		l.c.closeConn(handle)
		return nil, errors.New("the engine gave an empty connection")
	}
	return &Conn{lib: l, handle: handle, conn: conn}, nil
}

// Close ends the connection. Closing the last one stops the engine, which
// cannot be started again safely in this process.
func (c *Conn) Close() {
	if c.handle != nil {
		c.lib.c.closeConn(c.handle)
		c.handle, c.conn = nil, nil
	}
}

// Stats are the counters the engine gives with a result.
type Stats struct {
	ReadRows, ReadBytes, WrittenRows, WrittenBytes uint64
}

// Query runs one statement and hands its whole output, in the given format,
// to out before freeing it; out must not keep the slice. Use Stream for
// results that may be large.
func (c *Conn) Query(sql, format string, params []Param, out func([]byte) error) (Stats, error) {
	p := packParams(params)
	result := c.lib.c.queryWithParams(c.conn, ptr(sql), uintptr(len(sql)), ptr(format), uintptr(len(format)), p.names(), p.nameLens(), p.values(), p.valueLens(), p.count())
	runtime.KeepAlive(p)
	if result == nil {
		return Stats{}, newError("the engine returned no result")
	}
	defer c.lib.c.destroyResult(result)
	if message, failed := c.failure(result); failed {
		return Stats{}, newError(message)
	}
	stats := c.stats(result)
	if out == nil {
		return stats, nil
	}
	if data := c.bytes(result); len(data) > 0 {
		return stats, out(data)
	}
	return stats, nil
}

// Exec runs one statement and drops its output.
func (c *Conn) Exec(sql string) error {
	_, err := c.Query(sql, "Null", nil, nil)
	return err
}

func (c *Conn) stats(result unsafe.Pointer) Stats {
	return Stats{
		ReadRows: c.lib.c.resultStorageRows(result), ReadBytes: c.lib.c.resultStorageBytes(result),
		WrittenRows: c.lib.c.resultRowsWritten(result), WrittenBytes: c.lib.c.resultBytesWritten(result),
	}
}

func (c *Conn) bytes(result unsafe.Pointer) []byte {
	n := c.lib.c.resultLength(result)
	if n == 0 {
		return nil
	}
	buffer := c.lib.c.resultBuffer(result)
	if buffer == nil {
		return nil
	}
	return unsafe.Slice((*byte)(buffer), n)
}

func (c *Conn) failure(result unsafe.Pointer) (string, bool) {
	message := c.lib.c.resultError(result)
	return message, message != ""
}

// Stream is a result that is fetched block by block.
type Stream struct {
	c      *Conn
	handle unsafe.Pointer
	last   unsafe.Pointer
	ended  bool
	// Stats grows with every Next.
	Stats Stats
}

// Stream starts a query whose output is fetched with Next. Close must be
// called in every case.
func (c *Conn) Stream(sql, format string, params []Param) (*Stream, error) {
	p := packParams(params)
	handle := c.lib.c.streamQuery(c.conn, ptr(sql), uintptr(len(sql)), ptr(format), uintptr(len(format)), p.names(), p.nameLens(), p.values(), p.valueLens(), p.count())
	runtime.KeepAlive(p)
	if handle == nil {
		return nil, newError("the engine returned no result")
	}
	if message, failed := c.failure(handle); failed {
		c.lib.c.destroyResult(handle)
		return nil, newError(message)
	}
	return &Stream{c: c, handle: handle}, nil
}

// Next returns the next piece of output, valid until the following call, and
// io.EOF at the end.
func (s *Stream) Next() ([]byte, error) {
	s.release()
	if s.ended {
		return nil, io.EOF
	}
	s.last = s.c.lib.c.streamFetch(s.c.conn, s.handle)
	if s.last == nil {
		s.ended = true
		return nil, newError("the engine returned no result")
	}
	if message, failed := s.c.failure(s.last); failed {
		s.ended = true
		return nil, newError(message)
	}
	stats := s.c.stats(s.last)
	s.Stats.ReadRows += stats.ReadRows
	s.Stats.ReadBytes += stats.ReadBytes
	data := s.c.bytes(s.last)
	if len(data) == 0 {
		s.ended = true
		return nil, io.EOF
	}
	return data, nil
}

// Close cancels the query if it has not ended and frees the stream.
func (s *Stream) Close() {
	s.release()
	if s.handle == nil {
		return
	}
	if !s.ended {
		s.c.lib.c.streamCancel(s.c.conn, s.handle)
		s.ended = true
	}
	s.c.lib.c.destroyResult(s.handle)
	s.handle = nil
}

func (s *Stream) release() {
	if s.last != nil {
		s.c.lib.c.destroyResult(s.last)
		s.last = nil
	}
}

// Insert is a streaming INSERT: data is appended in pieces of any size.
type Insert struct {
	c      *Conn
	handle unsafe.Pointer
}

// Insert starts an INSERT. The statement must have no FORMAT clause and no
// data; format names the form of the appended bytes. Close must be called in
// every case.
func (c *Conn) Insert(sql, format string, params []Param) (*Insert, error) {
	p := packParams(params)
	handle := c.lib.c.streamInsert(c.conn, ptr(sql), uintptr(len(sql)), ptr(format), uintptr(len(format)), p.names(), p.nameLens(), p.values(), p.valueLens(), p.count())
	runtime.KeepAlive(p)
	if handle == nil {
		return nil, newError("the engine returned no insert stream")
	}
	in := &Insert{c: c, handle: handle}
	if message := c.lib.c.streamInsertError(handle); message != "" {
		in.Close()
		return nil, newError(message)
	}
	return in, nil
}

// ErrInsertFailed says that the insert failed while data was appended; Done
// gives the reason.
var ErrInsertFailed = errors.New("the insert failed")

// Write appends data. It blocks while the engine is behind. It returns
// ErrInsertFailed when the engine has given up; Done then tells why.
func (in *Insert) Write(data []byte) (int, error) {
	if len(data) == 0 {
		return 0, nil
	}
	state := in.c.lib.c.streamAppend(in.handle, unsafe.Pointer(&data[0]), uintptr(len(data)))
	runtime.KeepAlive(data)
	if state != 0 {
		return 0, ErrInsertFailed
	}
	return len(data), nil
}

// Done ends the data and waits until the rows are committed.
func (in *Insert) Done() (Stats, error) {
	result := in.c.lib.c.streamDone(in.handle)
	if result == nil {
		return Stats{}, newError("the engine returned no result")
	}
	defer in.c.lib.c.destroyResult(result)
	if message, failed := in.c.failure(result); failed {
		return Stats{}, newError(message)
	}
	return in.c.stats(result), nil
}

// Cancel gives the insert up. Blocks of rows already formed may have been
// written.
func (in *Insert) Cancel() { in.c.lib.c.streamCancelInsert(in.handle) }

// Close frees the stream; an insert that is not Done is cancelled.
func (in *Insert) Close() {
	if in.handle != nil {
		in.c.lib.c.destroyInsertStream(in.handle)
		in.handle = nil
	}
}

// Class says what a statement does to state that outlives it.
type Class uint32

// The classes, rising with how restricted the statement is.
const (
	ReadOnly       Class = 0 // SELECT, SHOW, DESCRIBE, EXPLAIN, EXISTS, CHECK
	Mutating       Class = 1 // changes a database
	MutatingGlobal Class = 2 // functions, users, named collections
	Control        Class = 3 // SET, USE, SYSTEM, KILL, BACKUP, INTO OUTFILE …
	Unknown        Class = 4 // did not parse
)

// Analysis is what the engine's parser says of a text without running it.
type Analysis struct {
	Statements int
	Class      Class
}

type analysisV1 struct{ size, statements, flags, class uint32 }

// Classify parses the text with the connection's settings.
func (c *Conn) Classify(sql string) (Analysis, error) {
	var out analysisV1
	out.size = uint32(unsafe.Sizeof(out))
	analysis := &out
	if state := c.lib.c.classifyQuery(c.conn, ptr(sql), uintptr(len(sql)), nil, 0, unsafe.Pointer(analysis)); state != 0 {
		return Analysis{}, fmt.Errorf("classifying a statement: the engine refused")
	}
	return Analysis{Statements: int(analysis.statements), Class: Class(analysis.class)}, nil
}

// ptr gives the address of a string's bytes, and of some byte for an empty
// string, because the library dereferences it.
func ptr(s string) unsafe.Pointer {
	if s == "" {
		return unsafe.Pointer(&empty)
	}
	return unsafe.Pointer(unsafe.StringData(s))
}

var empty byte

// packedParams hold parameters as the parallel arrays of the C interface.
type packedParams struct {
	n, v   []unsafe.Pointer
	nl, vl []uintptr
}

func packParams(params []Param) *packedParams {
	p := &packedParams{}
	for _, param := range params {
		p.n = append(p.n, ptr(param.Name))
		p.nl = append(p.nl, uintptr(len(param.Name)))
		p.v = append(p.v, ptr(param.Value))
		p.vl = append(p.vl, uintptr(len(param.Value)))
	}
	return p
}

func (p *packedParams) count() uintptr            { return uintptr(len(p.n)) }
func (p *packedParams) names() unsafe.Pointer     { return first(p.n) }
func (p *packedParams) values() unsafe.Pointer    { return first(p.v) }
func (p *packedParams) nameLens() unsafe.Pointer  { return first(p.nl) }
func (p *packedParams) valueLens() unsafe.Pointer { return first(p.vl) }

func first[T any](s []T) unsafe.Pointer {
	if len(s) == 0 {
		return nil
	}
	return unsafe.Pointer(&s[0])
}
