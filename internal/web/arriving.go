package web

import (
	"errors"
	"io"
	"net/http"
	"time"
)

const (
	// mostBody is above a file of daily totals of many years.
	mostBody = 8 << 20
	// arrival is how long a form may take to arrive, also that file over a slow line.
	arrival = 2 * time.Minute
	// sending is the same of an answer, with the time it takes to be made.
	sending = 10 * time.Minute
)

// arriving bounds what a request brings, in size and time: nobody has signed in yet who
// could be asked not to keep lines open for ever.
func (s *Server) arriving(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 && r.Body != nil {
			line := http.NewResponseController(w)
			_ = line.SetReadDeadline(time.Now().Add(s.arrival)) // a connection can
			r.Body = &form{http.MaxBytesReader(w, r.Body, mostBody), line}
		}
		next.ServeHTTP(w, r)
	})
}

// form is a body under a deadline, which ends with it: else whoever waits for a page that
// takes long would be taken for gone.
type form struct {
	io.ReadCloser
	line *http.ResponseController
}

func (f *form) Read(p []byte) (int, error) {
	n, err := f.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		_ = f.line.SetReadDeadline(time.Time{}) // likewise
	}
	return n, err
}
