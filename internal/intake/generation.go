package intake

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"

	"github.com/klauspost/compress/gzip"

	"hotline12333/internal/wire"
)

// generation is one of the files that have stood at the path, as it was looked at last.
// Its name may have changed since; it is known again by what was read of it.
type generation struct {
	Dev     uint64        `json:"dev"`
	Ino     uint64        `json:"ino"`
	Size    int64         `json:"size"`
	ModTime time.Time     `json:"mtime"`
	At      wire.Position `json:"at"`       // everything before is with Kafka
	Head    string        `json:"head"`     // hash of the first HeadLen bytes, all before At
	HeadLen int64         `json:"head_len"` // bytes
	Tail    string        `json:"tail"`     // hash of the bytes before At
}

// source is an opened file that stands, or has stood, at the followed path.
type source struct {
	*os.File
	gzip bool
}

// openSource opens a regular file.
func openSource(path string) (*source, fs.FileInfo, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no regular file", path)
	}
	magic := make([]byte, 2)
	if err == nil {
		var n int
		if n, err = f.ReadAt(magic, 0); errors.Is(err, io.EOF) {
			magic, err = magic[:n], nil
		}
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return &source{File: f, gzip: isGzip(magic)}, info, nil
}

// unpacked reads the content of a compressed file from its start.
func (s *source) unpacked() (io.Reader, error) {
	if _, err := s.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return gzip.NewReader(s.File)
}

// holds says whether the file begins with what was read of a generation.
func (s *source) holds(g *generation) (bool, error) {
	if g.At.Offset == 0 {
		return false, nil
	}
	if !s.gzip {
		head, tail := make([]byte, g.HeadLen), make([]byte, min(g.At.Offset, tailBytes))
		err := errors.Join(readAt(s.File, head, 0), readAt(s.File, tail, g.At.Offset-int64(len(tail))))
		if errors.Is(err, errReplaced) {
			return false, nil
		}
		return err == nil && digest(head) == g.Head && digest(tail) == g.Tail, err
	}
	z, err := s.unpacked()
	if err != nil {
		return false, nil // not all of it is there yet, or it is damaged
	}
	head := make([]byte, g.HeadLen)
	if _, err := io.ReadFull(z, head); err != nil || digest(head) != g.Head {
		return false, nil
	}
	rest := g.At.Offset - g.HeadLen
	skip := max(0, rest-tailBytes)
	if _, err := io.CopyN(io.Discard, z, skip); err != nil {
		return false, nil
	}
	tail := make([]byte, rest-skip)
	if _, err := io.ReadFull(z, tail); err != nil {
		return false, nil
	}
	if missing := min(g.At.Offset, tailBytes) - int64(len(tail)); missing > 0 {
		tail = append(head[int64(len(head))-missing:], tail...)
	}
	return digest(tail) == g.Tail, nil
}

// same says that the file is a generation of which nothing was read, for it had no rows:
// nothing but its inode and its looks tell.
func (g *generation) same(info fs.FileInfo) bool {
	dev, ino := inode(info)
	return g.At.Offset == 0 && ino != 0 && g.Dev == dev && g.Ino == ino && g.Size == info.Size() && g.ModTime.Equal(info.ModTime())
}

// inode names a file whatever it is called.
func inode(info fs.FileInfo) (dev, ino uint64) {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(s.Dev), s.Ino
	}
	return 0, 0
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}
