package embedded

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/segmentio/kafka-go"
	"pgregory.net/rapid"
)

func entry(content []byte) []byte {
	out := binary.LittleEndian.AppendUint32(nil, uint32(len(content)))
	out = binary.LittleEndian.AppendUint32(out, crc32.Checksum(content, crc32.MakeTable(crc32.Castagnoli)))
	return append(out, content...)
}

// TestGoodEntries puts rubbish between entries: all entries come back.
func TestGoodEntries(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var raw, want []byte
		for range rapid.IntRange(0, 6).Draw(t, "entries") {
			good := entry(rapid.SliceOfN(rapid.Byte(), minEntryBytes, 40).Draw(t, "content"))
			rubbish := rapid.OneOf(
				rapid.Just([]byte{}),
				rapid.SliceOfN(rapid.Byte(), 0, 30),
				rapid.Map(rapid.IntRange(1, len(good)-1), func(n int) []byte { return slices.Clone(good[:n]) }),
			).Draw(t, "rubbish")
			raw = append(append(raw, rubbish...), good...)
			want = append(want, good...)
		}
		// Rubbish may hold an entry by chance of 1 in 4 billion.
		if got := goodEntries(raw); !bytes.Equal(got, want) {
			t.Fatalf("got %x, want %x", got, want)
		}
	})
}

func FuzzGoodEntries(f *testing.F) {
	f.Add(entry([]byte("content")))
	f.Fuzz(func(t *testing.T, raw []byte) {
		good := goodEntries(raw)
		if again := goodEntries(good); !bytes.Equal(good, again) {
			t.Errorf("what was kept is not kept again")
		}
	})
}

// TestHealedCommits breaks the log of commits as a full disk or a power loss
// does and checks that neither earlier nor later commits are forgotten.
func TestHealedCommits(t *testing.T) {
	cfg := testConfig(t)
	b := start(t, cfg)
	createTopic(t, client(b), "calls")
	commit := func(offset int64) {
		t.Helper()
		res, err := client(b).OffsetCommit(t.Context(), &kafka.OffsetCommitRequest{
			GroupID: "g", GenerationID: -1,
			Topics: map[string][]kafka.OffsetCommit{"calls": {{Partition: 0, Offset: offset, Metadata: "m"}}},
		})
		if err == nil {
			err = res.Topics["calls"][0].Error
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	committed := func() int64 {
		t.Helper()
		res, err := client(b).OffsetFetch(t.Context(), &kafka.OffsetFetchRequest{GroupID: "g", Topics: map[string][]int{"calls": {0}}})
		if err != nil {
			t.Fatal(err)
		}
		return res.Topics["calls"][0].CommittedOffset
	}
	log := filepath.Join(b.dataDir(), "groups.log")
	commit(1)
	for i := int64(2); i < 5; i++ {
		// A copy taken while it runs is what a crash leaves: a clean stop
		// would write the file anew.
		crashed, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		stop(t, b)
		if err := os.WriteFile(log, append(crashed, crashed[:entryPrefix+4]...), 0o600); err != nil {
			t.Fatal(err)
		}
		b = start(t, cfg)
		if got := committed(); got != i-1 {
			t.Fatalf("after a crash %d is committed, want %d", got, i-1)
		}
		commit(i)
	}
}

func TestUnknownFormLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "groups.log")
	content := []byte("of a form from the future")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := healGroupsLog(path, slog.New(slog.NewTextHandler(io.Discard, nil))); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, content) {
		t.Errorf("the file is now %q, %v", got, err)
	}
}
