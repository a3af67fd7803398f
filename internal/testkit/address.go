package testkit

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
)

var taken struct {
	sync.Mutex
	ports map[int]bool
}

// FreeAddress picks a loopback address nobody listens on. Its port is below those that the
// system hands out by itself, so that it stays free until a server has started, and while
// one is down between two starts.
func FreeAddress(t testing.TB) string {
	t.Helper()
	taken.Lock()
	defer taken.Unlock()
	if taken.ports == nil {
		taken.ports = map[int]bool{}
	}
	for range 1000 {
		port := 10_000 + rand.IntN(22_000)
		if taken.ports[port] {
			continue
		}
		address := fmt.Sprintf("127.0.0.1:%d", port)
		l, err := net.Listen("tcp", address)
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		taken.ports[port] = true
		return address
	}
	t.Fatal("no free port")
	return ""
}
