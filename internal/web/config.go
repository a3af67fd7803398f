package web

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"hotline12333/internal/web/people"
)

// Config is where and for whom the pages are served.
type Config struct {
	Listen       string        `yaml:"listen" doc:"Address of the pages and /metrics."`
	AllowRemote  bool          `yaml:"allow_remote" doc:"Serve on an address that is not loopback. Whoever comes from elsewhere must sign in; tokens and sessions can be read on the way: put a proxy that encrypts in front."`
	Title        string        `yaml:"title" doc:"Name of the hotline at the top of the board, in Chinese."`
	TitleEN      string        `yaml:"title_en" doc:"Name of the hotline at the top of the board, in English."`
	PeopleFile   string        `yaml:"people_file" doc:"Who may use the pages, made by hotline people. Empty: people.json beside the key file; where data.dir is one of your own and keys.file is not set, a file of that data directory, beside it too."`
	LoopbackRole string        `yaml:"loopback_role" doc:"Role of whoever opens the pages on this machine itself without signing in: viewer, supervisor, preparer, reviewer or administrator; empty: none. What a proxy passes on is not taken to come from this machine."`
	RevealRoles  []string      `yaml:"reveal_roles" doc:"Roles that may have a lost caller's number shown, one at a time, by whoever calls back: supervisor, preparer or administrator; each time is in the audit log. Empty: nobody. There are numbers only with intake.callbacks.enabled."`
	Session      time.Duration `yaml:"session" doc:"How long somebody stays signed in without opening a page. A viewer stays for as long as the token holds: a screen on a wall is signed in once."`
	Proxy        Proxy         `yaml:"proxy" doc:"A proxy that signs people in and says who they are."`
}

// Proxy is one that names people.
type Proxy struct {
	Header string   `yaml:"header" doc:"Request header in which the proxy names the login, as X-Remote-User; empty: none does. The proxy must overwrite what clients send in it."`
	From   []string `yaml:"from" doc:"Addresses or networks of the proxy, as 127.0.0.1 or 10.0.0.0/24; the header is believed from nobody else."`
}

// DefaultConfig serves this machine only.
func DefaultConfig() Config {
	return Config{
		Listen: "127.0.0.1:8333", Title: "12333 热线", TitleEN: "Hotline 12333",
		LoopbackRole: string(people.Viewer), Session: 12 * time.Hour,
	}
}

// shortestSession is what a form takes to be filled in.
const shortestSession = time.Minute

// Validate refuses to serve the network by oversight.
func (c Config) Validate() error {
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return fmt.Errorf("listen: %q is not host:port: %w", c.Listen, err)
	}
	if !c.AllowRemote && !loopback(host) {
		return fmt.Errorf("listen: %s can be reached from other machines, where tokens can be read on the way; use 127.0.0.1, or set allow_remote behind a proxy that encrypts", c.Listen)
	}
	if c.Title == "" || c.TitleEN == "" {
		return errors.New("title and title_en: the board needs a name in both languages")
	}
	if c.LoopbackRole != "" {
		if _, err := people.ParseRole(c.LoopbackRole); err != nil {
			return fmt.Errorf("loopback_role: %w", err)
		}
	}
	for _, name := range c.RevealRoles {
		if role, err := people.ParseRole(name); err != nil || !role.May(people.Lead) {
			return fmt.Errorf("reveal_roles: %q calls nobody back; those who do are %v", name, people.Who(people.Lead))
		}
	}
	if c.Session < shortestSession {
		return fmt.Errorf("session: %v is too short to fill in a form, use at least %v", c.Session, shortestSession)
	}
	_, err = c.Proxy.networks()
	return err
}

// networks are where the proxy may be.
func (p Proxy) networks() ([]netip.Prefix, error) {
	if (p.Header == "") != (len(p.From) == 0) {
		return nil, errors.New("proxy: header and from go together: who is believed, and in which header")
	}
	list := make([]netip.Prefix, 0, len(p.From))
	for _, text := range p.From {
		network, err := netip.ParsePrefix(text)
		if err != nil {
			one, e := netip.ParseAddr(text)
			if e != nil {
				return nil, fmt.Errorf("proxy.from: %q is neither an address nor a network", text)
			}
			network = netip.PrefixFrom(one, one.BitLen())
		}
		if network.Bits() == 0 {
			return nil, fmt.Errorf("proxy.from: %s is everybody: anyone could say who they are", text)
		}
		list = append(list, network.Masked())
	}
	return list, nil
}

// MayReveal says whether the role may have a number shown.
func (c Config) MayReveal(r people.Role) bool {
	return r.May(people.Lead) && slices.Contains(c.RevealRoles, string(r))
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
