package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strconv"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"hotline12333/internal/seal"
)

// ErrSealed says that another entry stands at the place in the chain that one wanted.
var ErrSealed = errors.New("another report was closed at the same time")

// SealedReports are the links of the chain, in order, as they are kept.
func (s *Store) SealedReports(ctx context.Context) ([]seal.Row, error) {
	sql := "SELECT sequence, id, centre, period, revision, hash, manifest FROM " + s.table(tableSealedReports) + " FINAL ORDER BY sequence, id"
	return collect(ctx, s, "sealed_reports", sql, func(rows driver.Rows, r *seal.Row) error {
		var text string
		err := rows.Scan(&r.Sequence, &r.ID, &r.Centre, &r.Period, &r.Revision, &r.Hash, &text)
		r.Text = []byte(text)
		return err
	})
}

// AppendSealed adds an entry to the end of the chain; its parts must have been written.
// When it returns without an error the report is sealed and on the disk. The error is
// [ErrSealed] when another entry has its place: nothing was added then. How two who write
// at the same time are told apart is what AppendEntry says.
func (s *Store) AppendSealed(ctx context.Context, e *seal.Entry) error {
	row := e.Row()
	taken := false
	try := 0
	err := s.repeat(ctx, "append_sealed", func() error {
		for {
			id, found, err := s.sealedAt(ctx, row.Sequence)
			if err != nil {
				return err
			}
			if found {
				taken = id != row.ID
				return nil
			}
			if try >= tokensTried {
				return &Error{Statement: "append_sealed", Class: ClassSchema, Err: fmt.Errorf("%d inserts were acknowledged and none was kept", try)}
			}
			token := tableSealedReports + ":" + strconv.FormatUint(row.Sequence, 10) + "/" + strconv.Itoa(try)
			if err := s.insertSealed(ctx, token, row); err != nil {
				return err // its outcome is unknown: the same token again
			}
			try++
		}
	})
	if err == nil && taken {
		return ErrSealed
	}
	return err
}

func (s *Store) sealedAt(ctx context.Context, sequence uint64) (id string, found bool, err error) {
	sql := fmt.Sprintf("SELECT id FROM %s FINAL WHERE sequence = %d ORDER BY id LIMIT 1", s.table(tableSealedReports), sequence)
	list, err := collect(ctx, s, "sealed_at", sql, func(rows driver.Rows, id *string) error { return rows.Scan(id) })
	if err != nil || len(list) == 0 {
		return "", false, err
	}
	return list[0], true, nil
}

func (s *Store) insertSealed(ctx context.Context, token string, r seal.Row) error {
	return s.insert(ctx, token, insertion{
		table: tableSealedReports, once: true, rows: 1,
		columns: []columnDef{
			{"sequence", "UInt64"},
			{"id", "String"},
			{"centre", "String"},
			{"period", "String"},
			{"revision", "UInt32"},
			{"hash", "String"},
			{"manifest", "String"},
		},
		values: []any{
			[]uint64{r.Sequence},
			[]string{r.ID},
			[]string{r.Centre},
			[]string{r.Period},
			[]uint32{r.Revision},
			[]string{r.Hash},
			[]string{string(r.Text)},
		},
	})
}

// sealedChunk is how many bytes of a part one row holds.
const sealedChunk = 1 << 20

// SealedPart writes a part of a report that is being closed, piece by piece.
type SealedPart struct {
	ctx   context.Context
	store *Store
	id    string
	part  seal.Part
	sum   hash.Hash
	rest  []byte
}

// SealPart begins a part. The report's id must be new.
func (s *Store) SealPart(ctx context.Context, id, name string) *SealedPart {
	return &SealedPart{ctx: ctx, store: s, id: id, part: seal.Part{Name: name}, sum: sha256.New()}
}

// Write adds to the part.
func (p *SealedPart) Write(b []byte) (int, error) {
	written := len(b)
	p.sum.Write(b)
	p.part.Length += int64(len(b))
	for len(b) > 0 {
		n := min(sealedChunk-len(p.rest), len(b))
		p.rest, b = append(p.rest, b[:n]...), b[n:]
		if len(p.rest) == sealedChunk {
			if err := p.flush(); err != nil {
				return 0, err
			}
		}
	}
	return written, nil
}

// Close writes the rest and tells what the part is.
func (p *SealedPart) Close() (seal.Part, error) {
	if len(p.rest) > 0 {
		if err := p.flush(); err != nil {
			return seal.Part{}, err
		}
	}
	p.part.SHA256 = hex.EncodeToString(p.sum.Sum(nil))
	return p.part, nil
}

func (p *SealedPart) flush() error {
	s := p.store
	err := s.repeat(p.ctx, "seal_part", func() error { // a repetition is the same row again
		return s.insert(p.ctx, "", insertion{
			table: tableSealedParts, rows: 1,
			columns: []columnDef{{"report", "String"}, {"part", "String"}, {"chunk", "UInt32"}, {"data", "String"}},
			values:  []any{[]string{p.id}, []string{p.part.Name}, []uint32{p.part.Chunks}, []string{string(p.rest)}},
		})
	})
	p.rest = p.rest[:0]
	p.part.Chunks++
	return err
}

// sealedRead is how many chunks are read at a time.
const sealedRead = 8

// readSealed gives a part's bytes to each, in order, as they are kept. What they should be
// is for OpenSealed to say.
func (s *Store) readSealed(ctx context.Context, id, name string, each func([]byte) error) error {
	for first := uint32(0); ; first += sealedRead {
		sql := fmt.Sprintf("SELECT data FROM %s FINAL WHERE report = %s AND part = %s AND chunk >= %d AND chunk < %d ORDER BY chunk",
			s.table(tableSealedParts), quote(id), quote(name), first, first+sealedRead)
		chunks, err := collect(ctx, s, "sealed_part", sql, func(rows driver.Rows, data *string) error { return rows.Scan(data) })
		if err != nil {
			return err
		}
		for _, c := range chunks {
			if err := each([]byte(c)); err != nil {
				return err
			}
		}
		if len(chunks) < sealedRead {
			return nil
		}
	}
}

// OpenSealed gives a part's bytes to each and says at the end whether they are what was
// sealed. Before that nothing of them may be believed.
func (s *Store) OpenSealed(ctx context.Context, id string, part seal.Part, each func([]byte) error) error {
	sum, length := sha256.New(), int64(0)
	err := s.readSealed(ctx, id, part.Name, func(b []byte) error {
		sum.Write(b)
		length += int64(len(b))
		return each(b)
	})
	switch {
	case err != nil:
		return err
	case length != part.Length:
		return fmt.Errorf("%s has %d bytes, %d were sealed: it was changed", part.Name, length, part.Length)
	case hex.EncodeToString(sum.Sum(nil)) != part.SHA256:
		return fmt.Errorf("%s is not what was sealed (SHA-256 %.12s, now %.12s): it was changed", part.Name, part.SHA256, hex.EncodeToString(sum.Sum(nil)))
	}
	return nil
}
