package embedded

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/segmentio/kafka-go"
	"golang.org/x/sys/unix"
)

// tinyDisk mounts a file system of that size, where that is allowed.
func tinyDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("mounting a small file system is not allowed here: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func noise(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // documented never to fail
	return b
}

// TestFullDisk fills a disk: refused is refused, acknowledged stays, and with
// room it goes on, with the reserve and, once others have used that up, without.
func TestFullDisk(t *testing.T) {
	for name, reserve := range map[string]int64{"reserve": 1 << 20, "no reserve": 0} {
		t.Run(name, func(t *testing.T) {
			cfg := testConfig(t)
			disk := tinyDisk(t, "4m")
			cfg.Dir = filepath.Join(disk, "broker")
			cfg.ReserveBytes = reserve
			cfg.SegmentBytes = 256 << 10 // files are begun while the disk is full
			ballast := filepath.Join(disk, "ballast")
			if err := os.WriteFile(ballast, noise(1<<20), 0o600); err != nil {
				t.Fatal(err)
			}
			b := start(t, cfg)
			c := client(b)
			createTopic(t, c, "calls")
			var acked [][]byte
			fill := func() (refused int) {
				t.Helper()
				for refused < 5 {
					v := noise(10_000)
					switch _, err := produce(t, c, "calls", v); {
					case err == nil:
						acked = append(acked, v)
					case reserve > 0 && !errors.Is(err, kafka.KafkaStorageError),
						reserve == 0 && !errors.Is(err, kafka.Unknown):
						t.Fatalf("refused with %v", err)
					default:
						refused++
					}
				}
				return refused
			}
			check := func() {
				t.Helper()
				got := readValues(t, c, "calls")
				if len(got) != len(acked) {
					t.Fatalf("%d records are there, %d were acknowledged", len(got), len(acked))
				}
				for i := range got {
					if !bytes.Equal(got[i], acked[i]) {
						t.Fatalf("record %d is not the one that was acknowledged", i)
					}
				}
			}
			fill()
			check()
			if reserve > 0 {
				if got := testutil.ToFloat64(b.metrics.refused); got < 5 {
					t.Errorf("hotline_broker_embedded_refused_requests_total is %v", got)
				}
				// Commits still have room.
				res, err := c.OffsetCommit(t.Context(), &kafka.OffsetCommitRequest{
					GroupID: "g", GenerationID: -1, Topics: map[string][]kafka.OffsetCommit{"calls": {{Offset: 1}}},
				})
				if err != nil || res.Topics["calls"][0].Error != nil {
					t.Errorf("commit on a nearly full disk: %v, %v", err, res)
				}
			}
			before := len(acked)
			if err := os.Remove(ballast); err != nil {
				t.Fatal(err)
			}
			fill()
			if len(acked) <= before {
				t.Error("nothing was accepted after there was room again")
			}
			check()
			// As after kill -9: what lies on the disk is all there is.
			crashed := t.TempDir()
			if err := os.CopyFS(filepath.Join(crashed, "data"), os.DirFS(b.dataDir())); err != nil {
				t.Fatal(err)
			}
			cfg.Dir = crashed
			c = client(start(t, cfg))
			check()
			mustProduce(t, c, "calls", []byte("on the roomy disk"))
		})
	}
}
