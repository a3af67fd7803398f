package intake

import (
	"encoding/hex"
	"encoding/json"
	"slices"

	"hotline12333/internal/broker"
	"hotline12333/internal/deadletter"
	"hotline12333/internal/wire"
)

// Place says where a rejected row was met.
type Place struct {
	Source      string
	Origin      string                      // "file:line", or the name of a live sender
	Run         string                      // of the import; empty for live intake
	Context     map[string]string           // what decided how the row was read, as in [Job]
	Fingerprint func(content []byte) string // a keyed hash, to know a row that is rejected again
}

// NewLetter is the dead letter of a rejected row, with what is needed to replay it. What
// it takes from the item is copied.
func NewLetter(it *wire.Item, at Place) deadletter.Letter {
	l := deadletter.Letter{
		Reason: it.Rejected.Reason, Field: it.Rejected.Field, Detail: it.Rejected.Detail,
		Origin: at.Origin, Run: at.Run, Source: at.Source,
		Fingerprint: at.Fingerprint(it.Raw), Bytes: slices.Clone(it.Raw), Length: it.Length, Replayable: true,
	}
	if it.Cut() {
		l.SHA256 = hex.EncodeToString(it.SHA256[:])
	}
	for _, h := range []struct {
		key   string
		value any
	}{{headerColumns, it.Columns}, {headerContext, at.Context}} {
		if v, err := json.Marshal(h.value); err == nil { // texts can always be written
			l.Headers = append(l.Headers, broker.Header{Key: h.key, Value: v})
		}
	}
	return l
}
