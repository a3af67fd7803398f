package testkit

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"testing"
)

var given struct {
	sync.Mutex
	ports map[int]bool
}

// FreeAddress gives a loopback address that nobody listens on, and that nobody else will:
// it is for what starts later, stops and starts again, or never starts.
//
// An address of 127.0.0.1 would not do: whoever listens on port 0 may be handed the port of a
// server that is down for a moment, and two processes may pick the same one. So each process
// has an address of 127.0.0.0/8 for itself, where the system knows them all (Linux does).
// Below 32,000 the system hands out no port by itself.
func FreeAddress(t testing.TB) string {
	t.Helper()
	given.Lock()
	defer given.Unlock()
	if given.ports == nil {
		given.ports = map[int]bool{}
	}
	pid := os.Getpid() // of at most 22 bits
	hosts := []string{fmt.Sprintf("127.%d.%d.%d", 64+pid>>16&63, pid>>8&255, pid&255), "127.0.0.1"}
	for try := range 1000 {
		port := 10_000 + rand.IntN(22_000)
		if given.ports[port] {
			continue
		}
		address := fmt.Sprintf("%s:%d", hosts[try/500], port)
		l, err := net.Listen("tcp", address)
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		given.ports[port] = true
		return address
	}
	t.Fatal("no free port")
	return ""
}
