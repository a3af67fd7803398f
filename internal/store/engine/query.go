package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/ClickHouse/ch-go/proto"

	"hotline12333/internal/store/engine/chdb"
)

// query runs any statement but an INSERT with rows.
func (s *server) query(ctx context.Context, conn *chdb.Conn, q *request, resp *response) error {
	if err := checkText(conn, q.text); err != nil {
		return err
	}
	q.text = rewriteKill(q.text)
	format := q.outputFormat()
	if streamable(format) && !q.whole() {
		stream, err := conn.Stream(q.text, format, q.params)
		if err == nil {
			defer stream.Close()
			return s.sendStream(ctx, stream, format, resp)
		}
		if !notStreamable(err) {
			return err
		}
	}
	started := false
	stats, err := conn.Query(q.text, format, q.params, func(data []byte) error {
		started = true
		resp.setFormat(format)
		_, err := resp.Write(data)
		return err
	})
	if err != nil {
		return err
	}
	if !started {
		resp.w.Header().Set("Content-Type", contentType(format))
		resp.w.Header().Set("X-ClickHouse-Format", format)
	}
	resp.summary = stats
	return resp.finish()
}

// whole says that the result has parts besides its rows, which only come right
// when it is rendered at once.
func (q *request) whole() bool {
	for _, s := range q.settings {
		if s[0] == "extremes" && isTrue(s[1]) {
			return true
		}
	}
	return q.statement.whole
}

// notStreamable is the library's refusal to give a statement's result piece by
// piece; nothing has been executed then.
func notStreamable(err error) bool {
	e, ok := errors.AsType[*chdb.Error](err)
	return ok && e.Code == codeBadArguments && strings.Contains(e.Message, "Streaming query is not supported")
}

func (s *server) sendStream(ctx context.Context, stream *chdb.Stream, format string, resp *response) error {
	first := true
	for {
		data, err := stream.Next()
		resp.summary = stream.Stats
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if first {
			first = false
			resp.setFormat(format)
		}
		if err != nil {
			return resp.finish()
		}
		if _, err := resp.Write(data); err != nil {
			return fmt.Errorf("sending a result: %w", err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// insertBuffer is the size of the pieces in which rows go to the engine.
const insertBuffer = 256 << 10

// insert runs an INSERT whose rows follow it.
func (s *server) insert(ctx context.Context, conn *chdb.Conn, q *request, resp *response) error {
	in, err := conn.Insert(q.text, q.statement.format, q.params)
	if err != nil {
		return err
	}
	defer in.Close()
	buffer := make([]byte, insertBuffer)
	for {
		n, err := q.rows.Read(buffer)
		if n > 0 {
			if _, err := in.Write(buffer[:n]); err != nil {
				break // Done tells why
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			in.Cancel()
			return bodyError(err)
		}
	}
	resp.summary, err = in.Done()
	if err != nil {
		return err
	}
	return resp.finish()
}

// helloQuery is the first statement of clickhouse-go on every HTTP connection.
const helloQuery = "SELECT displayName(), version(), revision(), timezone()"

func isHello(q *request) bool {
	return q.revision > 0 && strings.EqualFold(q.outputFormat(), "Native") && strings.EqualFold(strings.TrimSpace(q.text), helloQuery)
}

// hello answers the driver's first statement. The library writes its native
// format at protocol revision 0 only, so the answer says revision 0; but that
// answer itself must be in the revision the driver asked for.
func (s *server) hello(q *request, resp *response) error {
	name, versions, zone, revision := new(proto.ColStr), new(proto.ColStr), new(proto.ColStr), new(proto.ColUInt32)
	name.Append(displayName)
	versions.Append(s.version)
	revision.Append(0)
	zone.Append("UTC")
	block := proto.Block{Info: proto.BlockInfo{BucketNum: -1}, Columns: 4, Rows: 1}
	var buffer proto.Buffer
	err := block.EncodeBlock(&buffer, q.revision, []proto.InputColumn{
		{Name: "displayName()", Data: name},
		{Name: "version()", Data: versions},
		{Name: "revision()", Data: revision},
		{Name: "timezone()", Data: zone},
	})
	if err != nil {
		return fmt.Errorf("encoding the greeting: %w", err)
	}
	resp.setFormat("Native")
	if _, err := resp.Write(buffer.Buf); err != nil {
		return fmt.Errorf("sending the greeting: %w", err)
	}
	return resp.finish()
}

// printable shortens a text for a message.
func printable(text string) string {
	const limit = 100
	text = strings.TrimSpace(text)
	if len(text) > limit {
		text = text[:limit] + "…"
	}
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "?")
	}
	return text
}
