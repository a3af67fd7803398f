package web

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"hotline12333/internal/testkit"
)

// post opens a connection of its own and gives what is answered to a form of that length.
func post(t *testing.T, addr string, length int, body string) (*http.Response, error) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // it may be closed already
	if err := conn.SetDeadline(time.Now().Add(testkit.Patience)); err != nil {
		t.Fatal(err)
	}
	_, err = fmt.Fprintf(conn, "POST /login HTTP/1.1\r\nHost: here\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", length, body)
	if err != nil {
		t.Fatal(err)
	}
	return http.ReadResponse(bufio.NewReader(conn), nil)
}

// Whoever sends half a form and then nothing does not keep the connection; a page that takes
// longer than its form may is made all the same.
func TestFormsArriveInTime(t *testing.T) {
	s, _ := served(t, func(c *Config) { c.Listen = "127.0.0.1:0" })
	const within = 100 * time.Millisecond
	s.arrival = within
	took := make(chan error, 1)
	login := s.http.Handler
	s.http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		login.ServeHTTP(w, r) // reads the form
		if r.ContentLength != int64(len("token=x")) {
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), 4*within)
		defer cancel()
		<-ctx.Done()
		took <- r.Context().Err()
	})
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	for _, length := range []int{len("token=x"), 100} {
		if resp, err := post(t, s.Addr(), length, "token=x"); err != nil || resp.StatusCode != http.StatusForbidden {
			t.Errorf("%d bytes: %v, %v", length, resp, err)
		}
	}
	if err := <-took; err != nil {
		t.Errorf("whoever waited longer than a form may take was taken for gone: %v", err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// What is larger than any form is not read.
func TestFormsAreBounded(t *testing.T) {
	s, _ := served(t, nil)
	r := page0("/login")
	r.Method, r.ContentLength = http.MethodPost, -1
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	endless := &counted{Reader: strings.NewReader("token=" + strings.Repeat("x", 4*mostBody))}
	r.Body = io.NopCloser(endless)
	if w := asks(s, r, "10.0.0.5"); w.Code != http.StatusForbidden || endless.n > mostBody+1 {
		t.Errorf("%d, %d bytes were read", w.Code, endless.n)
	}
}

type counted struct {
	io.Reader
	n int
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += n
	return n, err
}
