package intake

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/klauspost/compress/gzip"

	"hotline12333/internal/wire"
)

const (
	headBytes = 64 << 10
	tailBytes = 4 << 10
)

// fileID tells whether a file is still the one that was read before.
type fileID struct {
	Size    int64  `json:"size"`
	ModTime int64  `json:"mtime"` // nanoseconds
	Head    string `json:"head"`  // hash of the first HeadLen bytes
	HeadLen int64  `json:"head_len"`
	Gzip    bool   `json:"gzip"`
	Zip     bool   `json:"zip,omitempty"` // a workbook
}

// packed files have no line in a known place: one that was written since is another one.
func (id *fileID) packed() bool { return id.Gzip || id.Zip }

// stdin is how standard input is named. It can be read once.
const stdin = "-"

// inFile is an opened file, or standard input.
type inFile struct {
	*os.File           // nil for standard input
	stream   io.Reader // standard input
	name     string    // as it was given
	id       fileID
	read     int64 // bytes taken from a compressed file, or from standard input
}

func openInput(job *Job, name string) (*inFile, error) {
	if name == stdin {
		if job.Stdin == nil {
			return nil, errors.New("there is no standard input")
		}
		return &inFile{stream: job.Stdin, name: "standard input"}, nil
	}
	return openFile(name)
}

// Close lets go of the file; standard input is not ours to close.
func (f *inFile) Close() error {
	if f.File == nil {
		return nil
	}
	return f.File.Close()
}

func openFile(name string) (*inFile, error) {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("the file %s does not exist", name)
	case err != nil:
		return nil, fmt.Errorf("opening %s: %w", name, err)
	case info.IsDir():
		return nil, fmt.Errorf("%s is a directory: name the files in it, as %s/*.csv", name, name)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no regular file", name) // a pipe could not be resumed
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", name, err)
	}
	in := &inFile{File: f, name: name}
	if err := in.identify(); err != nil {
		return nil, errors.Join(fmt.Errorf("reading %s: %w", name, err), f.Close())
	}
	return in, nil
}

func (f *inFile) identify() error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	f.id = fileID{Size: info.Size(), ModTime: info.ModTime().UnixNano(), HeadLen: min(info.Size(), headBytes)}
	if f.id.Head, err = f.hash(0, f.id.HeadLen); err != nil {
		return err
	}
	magic := make([]byte, 4)
	n, err := f.ReadAt(magic, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	f.id.Gzip = isGzip(magic[:n])
	f.id.Zip = bytes.HasPrefix(magic[:n], []byte("PK\x03\x04"))
	return nil
}

func isGzip(head []byte) bool { return bytes.HasPrefix(head, []byte{0x1f, 0x8b}) }

// hash of length bytes from offset.
func (f *inFile) hash(offset, length int64) (string, error) {
	h := sha256.New()
	n, err := io.Copy(h, io.NewSectionReader(f.File, offset, length))
	if err == nil && n < length {
		err = io.ErrUnexpectedEOF
	}
	return hex.EncodeToString(h.Sum(nil)[:16]), err
}

// tail is the hash of the bytes before a place.
func (f *inFile) tail(at wire.Position) (string, error) {
	if f.File == nil || f.id.packed() {
		return "", nil
	}
	from := max(0, at.Offset-tailBytes)
	return f.hash(from, at.Offset-from)
}

// changed says why reading cannot go on where it was; empty when it can. A file that has
// only grown can be read on, from the end of a whole line.
func (f *inFile) changed(was *fileState) (string, error) {
	old := was.ID
	same := f.id.Size == old.Size && f.id.ModTime == old.ModTime
	switch {
	case f.id.Size < old.Size:
		return "it is shorter than before", nil
	case !same && (f.id.packed() || f.id.Size == old.Size):
		return "it was written since", nil
	}
	head, err := f.hash(0, old.HeadLen)
	if err != nil {
		return "", err
	}
	if head != old.Head || f.id.Gzip != old.Gzip || f.id.Zip != old.Zip {
		return "its beginning is another", nil
	}
	if was.At == nil || f.id.packed() {
		return "", nil
	}
	tail, err := f.tail(*was.At)
	if err != nil {
		return "", err
	}
	if tail != was.Tail {
		return "its content is another", nil
	}
	if f.id.Size > old.Size && was.At.Offset > 0 {
		last := make([]byte, 1)
		if _, err := f.ReadAt(last, was.At.Offset-1); err != nil {
			return "", err
		}
		if last[0] != '\n' {
			return "its last line was longer than what had been written of it", nil
		}
	}
	return "", nil
}

// reader gives the content, decompressed.
func (f *inFile) reader(ctx context.Context) (io.Reader, error) {
	var packed *bufio.Reader
	switch {
	case f.File == nil:
		packed = bufio.NewReaderSize(countReader{f, &interruptible{ctx: ctx, in: f.stream}}, 256<<10)
		head, err := packed.Peek(2)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("reading %s: %w", f.name, err)
		}
		if !isGzip(head) {
			return packed, nil
		}
	case !f.id.Gzip:
		return f.File, nil
	default:
		packed = bufio.NewReaderSize(countReader{f, f.File}, 256<<10)
	}
	z, err := gzip.NewReader(packed)
	if err != nil {
		return nil, fmt.Errorf("decompressing %s: %w", f.name, err)
	}
	return z, nil
}

// countReader hides the file's other methods: a compressed file cannot be sought in.
type countReader struct {
	f  *inFile
	in io.Reader
}

func (c countReader) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.f.read += int64(n)
	return n, err
}

// consumed is how much of the file on the disk lies before a place in its content.
func (f *inFile) consumed(at wire.Position) int64 {
	switch {
	case f.File == nil || f.id.Gzip:
		return f.read
	case f.id.Zip: // it is read whole before its first row
		return f.id.Size
	}
	return at.Offset
}
