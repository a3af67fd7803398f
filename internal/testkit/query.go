package testkit

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"hotline12333/internal/store"
)

// Exec runs a statement of any kind, past the store.
func Exec(ctx context.Context, cfg store.Config, sql string) error {
	_, err := Query(ctx, cfg, sql)
	return err
}

// Query runs a statement, past the store, and gives its output as lines of
// tab-separated text.
func Query(ctx context.Context, cfg store.Config, sql string) (string, error) {
	return query(ctx, "http://"+cfg.Address+"/?default_format=TSV", sql)
}

// QueryInside is Query with the configuration's database as the one that names without
// another are in, as a client has it who knows nothing else.
func QueryInside(ctx context.Context, cfg store.Config, sql string) (string, error) {
	return query(ctx, "http://"+cfg.Address+"/?default_format=TSV&database="+url.QueryEscape(cfg.Database), sql)
}

func query(ctx context.Context, url, sql string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(sql))
	if err != nil {
		return "", err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }() // read to its end
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return "", err
	}
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", res.Status, body)
	}
	return string(body), nil
}
