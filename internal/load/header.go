package load

import (
	"errors"
	"strings"

	"hotline12333/internal/broker"
	"hotline12333/internal/hotline"
)

// Limits of what headers bring into the store, in bytes. Headers are no content: they are
// cut, not a reason to reject.
const (
	maxRun    = 128
	maxOrigin = 512
)

func header(rec *broker.Record, key string) []byte {
	v, _ := rec.Header(key)
	return v
}

// interner keeps the text of the last header: neighbours mostly come from one run.
type interner struct{ last string }

func (n *interner) text(b []byte, most int) string {
	if string(b) == n.last { // does not allocate
		return n.last
	}
	n.last = headerText(b, most)
	return n.last
}

// headerText is a header's value, cut to its limit and mended where it is not UTF-8.
func headerText(b []byte, most int) string {
	return strings.ToValidUTF8(string(b[:min(len(b), most)]), "\uFFFD")
}

func asReject(err error) *hotline.RejectError {
	if r, ok := errors.AsType[*hotline.RejectError](err); ok {
		return r
	}
	return hotline.Reject(hotline.NotJSON, "", "%v", err)
}
