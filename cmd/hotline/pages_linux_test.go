package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// get asks the pages of the world for a path.
func get(t *testing.T, w *world, path string) (string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(bounded(t), http.MethodGet, "http://"+w.settings["web.listen"]+path, nil)
	if err != nil {
		return "", err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return "", err
	}
	if res.StatusCode != http.StatusOK {
		return string(body), fmt.Errorf("%s: %s: %s", path, res.Status, body)
	}
	return string(body), nil
}

// metric finds the value of a series in the text of /metrics; empty when it is not there.
func metric(page, series string) string {
	for line := range strings.Lines(page) {
		if value, ok := strings.CutPrefix(line, series+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
