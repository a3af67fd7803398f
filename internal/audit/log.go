package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"hotline12333/internal/personal"
	"hotline12333/internal/wholefile"
)

// Action is what was done: a bounded set.
type Action string

// The actions.
const (
	ShowRejected Action = "show_rejected" // a dead letter was opened
	Reveal       Action = "reveal"        // a number was shown to call back
	Export       Action = "export"        // what is held about one caller was written out
	Erase        Action = "erase"         // one caller's identity was removed
	Retain       Action = "retention"     // what had been kept long enough was removed
	RotateKeys   Action = "rotate_keys"
	RetireKey    Action = "retire_key"
	CloseReport  Action = "close_report" // a report was sealed
)

// Actions are all of them.
func Actions() []Action {
	return []Action{ShowRejected, Reveal, Export, Erase, Retain, RotateKeys, RetireKey, CloseReport}
}

// Entry is one line. Texts are scrubbed of numbers when it is written.
type Entry struct {
	Sequence int64  `json:"sequence"` // from 1, without gaps
	At       string `json:"at"`       // RFC 3339, UTC, milliseconds
	Actor    string `json:"actor"`    // user of the operating system, and the machine
	Action   Action `json:"action"`
	Subject  string `json:"subject"` // what it was done to: a call's id, a pseudonym, a dead letter
	Reason   string `json:"reason,omitempty"`
	Refused  string `json:"refused,omitempty"` // why it was not done

	// Of a closed report: its number and hash in the chain of closed reports, and the store
	// that the chain lies in, so that the two can be held against each other.
	Number uint64 `json:"number,omitempty"`
	Sealed string `json:"sealed,omitempty"` // in hex; not scrubbed, and no text
	Store  string `json:"store,omitempty"`

	Previous string `json:"previous"` // hash of the line before, empty in the first
	Hash     string `json:"hash"`     // SHA-256 of this line with an empty hash
}

// seal computes the hash.
func (e Entry) seal() (string, error) {
	e.Hash = ""
	line, err := encode(e)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(line)
	return hex.EncodeToString(sum[:]), nil
}

func encode(e Entry) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		return nil, err
	}
	return b.Bytes(), nil // ends with a line break
}

const (
	filePerm = 0o600
	dirPerm  = 0o700
	maxLine  = 16 << 10
	maxText  = 1024
)

// Append adds a line and returns when it is on the disk. It fills in sequence, actor and
// hashes. What is to be logged must not happen when it fails.
func Append(path string, now time.Time, e Entry) (Entry, error) {
	return AppendUnless(path, now, e, nil)
}

// AppendUnless is Append, unless the log has a line already that told says is the same: then
// that line is returned. Nobody else writes in between. A nil told is always false.
func AppendUnless(path string, now time.Time, e Entry, told func(Entry) bool) (_ Entry, err error) {
	f, last, err := open(path)
	if err != nil {
		return Entry{}, err
	}
	defer func() { err = errors.Join(err, f.Close()) }() // frees the lock
	if told != nil {
		var have Entry
		err := Read(path, func(line Entry) error {
			if told(line) {
				have = line
			}
			return nil
		})
		if err != nil || have.Sequence > 0 {
			return have, err
		}
	}
	e.Sequence, e.Previous = last.Sequence+1, last.Hash
	e.At = now.UTC().Format("2006-01-02T15:04:05.000Z")
	e.Actor = Actor()
	for _, text := range []*string{&e.Subject, &e.Reason, &e.Refused} {
		*text = clip(personal.Scrub(strings.ToValidUTF8(*text, "\uFFFD")))
	}
	if e.Hash, err = e.seal(); err != nil {
		return Entry{}, fmt.Errorf("writing the audit log: %w", err)
	}
	line, err := encode(e)
	if err == nil {
		_, err = f.Write(line)
	}
	if err = errors.Join(err, f.Sync()); err != nil {
		return Entry{}, fmt.Errorf("writing the audit log %s: %w", path, err)
	}
	if e.Sequence > 1 {
		return e, nil
	}
	if err := wholefile.SyncDir(filepath.Dir(path)); err != nil {
		return Entry{}, fmt.Errorf("writing the audit log %s: %w", path, err)
	}
	return e, nil
}

// Ready says whether a line could be appended now.
func Ready(path string) error {
	f, _, err := open(path)
	if err != nil {
		return err
	}
	return f.Close()
}

// open opens the log, locked, and reads its last line.
func open(path string) (_ *os.File, last Entry, err error) {
	if err := os.MkdirAll(filepath.Dir(path), dirPerm); err != nil {
		return nil, last, fmt.Errorf("writing the audit log: %w", err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, filePerm)
	if err != nil {
		return nil, last, fmt.Errorf("writing the audit log: %w: name another file in audit.file", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close())
		}
	}()
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		return nil, last, fmt.Errorf("locking the audit log %s: %w", path, err)
	}
	if err := private(f, path); err != nil {
		return nil, last, err
	}
	if err := wholefile.GiveToOwner(path, filepath.Dir(path)); err != nil {
		return nil, last, fmt.Errorf("writing the audit log: %w", err)
	}
	if last, err = tail(f); err != nil {
		return nil, last, fmt.Errorf("the audit log %s: %w: hotline audit verify looks at all of it", path, err)
	}
	return f, last, nil
}

func clip(s string) string {
	if len(s) <= maxText {
		return s
	}
	return strings.ToValidUTF8(s[:maxText], "") + "…"
}

func private(f *os.File, path string) error {
	info, err := f.Stat()
	switch {
	case err != nil:
		return fmt.Errorf("writing the audit log: %w", err)
	case !info.Mode().IsRegular():
		return fmt.Errorf("the audit log %s is no regular file", path)
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("the audit log %s may be read or written by others (mode %04o): run chmod 600 %s", path, info.Mode().Perm(), path)
	}
	return nil
}

var errCut = errors.New("the last line is cut or damaged")

// tail reads the last line; the zero entry when there is none.
func tail(f *os.File) (Entry, error) {
	info, err := f.Stat()
	if err != nil {
		return Entry{}, err
	}
	size := info.Size()
	if size == 0 {
		return Entry{}, nil
	}
	from := max(0, size-2*maxLine)
	b := make([]byte, size-from)
	if _, err := f.ReadAt(b, from); err != nil && !errors.Is(err, io.EOF) {
		return Entry{}, err
	}
	if b[len(b)-1] != '\n' {
		return Entry{}, errCut
	}
	b = b[:len(b)-1]
	line := b[bytes.LastIndexByte(b, '\n')+1:]
	e, err := decode(line)
	if err != nil {
		return Entry{}, errCut
	}
	return e, nil
}

func decode(line []byte) (Entry, error) {
	var e Entry
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&e); err != nil {
		return e, err
	}
	want, err := e.seal()
	if err != nil {
		return e, err
	}
	again, err := encode(e)
	if err != nil {
		return e, err
	}
	if want != e.Hash || !bytes.Equal(bytes.TrimRight(again, "\n"), line) {
		return e, errors.New("its hash is not that of its content")
	}
	return e, nil
}

// Actor is who runs this process.
func Actor() string {
	who := fmt.Sprintf("uid %d", os.Getuid())
	if u, err := user.Current(); err == nil && u.Username != "" {
		who = u.Username
	}
	host, err := os.Hostname()
	if err != nil {
		return who
	}
	return who + "@" + host
}

// missing says whether there is no log yet.
func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
