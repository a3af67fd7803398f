package web

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// Config is where and for whom the pages are served.
type Config struct {
	Listen      string `yaml:"listen" doc:"Address of the pages and /metrics."`
	AllowRemote bool   `yaml:"allow_remote" doc:"Serve on an address that is not loopback. The pages ask for no password: put a proxy that does in front."`
	Title       string `yaml:"title" doc:"Name of the hotline at the top of the board, in Chinese."`
	TitleEN     string `yaml:"title_en" doc:"Name of the hotline at the top of the board, in English."`
}

// DefaultConfig serves this machine only.
func DefaultConfig() Config {
	return Config{Listen: "127.0.0.1:8333", Title: "12333 热线", TitleEN: "Hotline 12333"}
}

// Validate refuses to serve the network by oversight.
func (c Config) Validate() error {
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return fmt.Errorf("listen: %q is not host:port: %w", c.Listen, err)
	}
	if !c.AllowRemote && !loopback(host) {
		return fmt.Errorf("listen: %s can be reached from other machines, and the pages ask for no password; use 127.0.0.1, or set allow_remote behind a proxy that asks", c.Listen)
	}
	if c.Title == "" || c.TitleEN == "" {
		return errors.New("title and title_en: the board needs a name in both languages")
	}
	return nil
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
