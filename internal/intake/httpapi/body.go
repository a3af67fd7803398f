package httpapi

import (
	"bufio"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
)

// held is a body in memory, and the room it takes.
type held struct {
	bytes  []byte
	budget *budget
	token  string
	room   int64
	most   int64 // bytes
}

func (h *held) release() {
	h.budget.give(h.token, h.room)
	h.room, h.bytes = 0, nil
}

// grow doubles the buffer, room first.
func (h *held) grow(size int64) error {
	if err := h.budget.take(h.token, size-h.room); err != nil {
		return err
	}
	h.room = size
	h.bytes = append(make([]byte, 0, size), h.bytes...)
	return nil
}

const (
	firstGrowth = 4 << 10
	magic0      = 0x1f // of gzip; no text of ours begins so
	magic1      = 0x8b
)

// read takes a body in, decompressed. However it is sent, it takes read_timeout, and
// max_body_bytes or what the token may send at once.
func (s *Server) read(w http.ResponseWriter, r *http.Request, token string, most int64) (*held, *problem) {
	packed, p := declaredPacked(r)
	if p != nil {
		return nil, p
	}
	most = min(most, s.cfg.MaxBodyBytes)
	if r.ContentLength > most {
		return nil, tooLarge()
	}
	control := http.NewResponseController(w)
	if err := control.SetReadDeadline(time.Now().Add(s.cfg.ReadTimeout)); err != nil {
		return nil, unavailable(time.Second, "the connection takes no deadline")
	}
	h := &held{budget: s.budget, token: token, most: most}
	if p := h.fill(http.MaxBytesReader(w, r.Body, most), packed, r.ContentLength); p != nil {
		h.release()
		return nil, p
	}
	// An error means that the connection is gone; its sender sends again.
	_ = control.SetReadDeadline(time.Time{})
	return h, nil
}

// declaredPacked says whether the body is declared to be compressed.
func declaredPacked(r *http.Request) (bool, *problem) {
	switch e := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding"))); e {
	case "", "identity":
		return false, nil
	case "gzip", "x-gzip":
		return true, nil
	}
	return false, refuse(http.StatusUnsupportedMediaType, codeMedia, "Content-Encoding must be gzip or none")
}

func tooLarge() *problem {
	return refuse(http.StatusRequestEntityTooLarge, codeLarge, "the body is larger than intake.http.max_body_bytes, or than this token may send at once: send fewer records in one request")
}

func (h *held) fill(body io.Reader, packed bool, length int64) *problem {
	in := bufio.NewReaderSize(body, firstGrowth)
	if !packed {
		first, err := in.Peek(2)
		if err != nil && len(first) == 0 && !errors.Is(err, io.EOF) {
			return failed(err, false)
		}
		packed = len(first) == 2 && first[0] == magic0 && first[1] == magic1
	}
	var from io.Reader = in
	if packed {
		z, err := gzip.NewReader(in)
		if err != nil {
			return failed(err, true)
		}
		from, length = z, -1
	}
	size := int64(firstGrowth)
	if length >= 0 {
		size = min(length+1, 64<<10) // the rest must come before it is given room
	}
	for {
		if len(h.bytes) == cap(h.bytes) {
			if int64(len(h.bytes)) > h.most {
				return tooLarge()
			}
			if err := h.grow(min(max(size, int64(2*len(h.bytes))), h.most+1)); err != nil {
				return noRoom(err)
			}
		}
		n, err := from.Read(h.bytes[len(h.bytes):cap(h.bytes)])
		h.bytes = h.bytes[:len(h.bytes)+n]
		if errors.Is(err, io.EOF) {
			if int64(len(h.bytes)) > h.most {
				return tooLarge()
			}
			return nil
		}
		if err != nil {
			return failed(err, packed)
		}
	}
}

// noRoom tells whose fault it is that there is no room.
func noRoom(err error) *problem {
	if errors.Is(err, errShare) {
		return tooMany(time.Second, "this token's requests under way hold too much already: send them one after the other")
	}
	return unavailable(2*time.Second, "too many requests are under way")
}

// failed tells why a body could not be read.
func failed(err error, packed bool) *problem {
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return tooLarge()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return refuse(http.StatusRequestTimeout, codeSlow, "the body did not arrive within intake.http.read_timeout")
	case packed:
		return refuse(http.StatusBadRequest, codeMalformed, "the body is not whole gzip")
	}
	return refuse(http.StatusBadRequest, codeMalformed, "the body ended too early")
}

// media is the form of a body as its sender declares it.
type media int

const (
	sniffed media = iota
	jsonMedia
	linesMedia
	formMedia
	base64Media // as FreeSWITCH's json_cdr module calls a form in base64
	otherMedia
)

// mediaOf reads the Content-Type.
func mediaOf(r *http.Request) media {
	given := r.Header.Get("Content-Type")
	if given == "" {
		return sniffed
	}
	kind, _, err := mime.ParseMediaType(given)
	if err != nil {
		return otherMedia
	}
	switch kind {
	case "application/json", "text/json":
		return jsonMedia
	case "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines":
		return linesMedia
	case "application/x-www-form-urlencoded":
		return formMedia
	case "application/x-www-form-base64-encoded":
		return base64Media
	case "application/gzip", "application/x-gzip", "application/octet-stream":
		return sniffed
	}
	return otherMedia
}
