package embedded

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/segmentio/kafka-go"
)

func testConfig(t *testing.T) Config {
	cfg := DefaultConfig()
	cfg.Dir = t.TempDir()
	cfg.Listen = "127.0.0.1:0"
	cfg.ReserveBytes = 0
	cfg.StartWait = 10 * time.Second
	return cfg
}

func start(t *testing.T, cfg Config) *Broker {
	t.Helper()
	b, err := New(cfg, Deps{Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Registerer: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, b) })
	return b
}

func stop(t *testing.T, b *Broker) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := b.Stop(ctx); err != nil {
		t.Error(err)
	}
}

func client(b *Broker) *kafka.Client {
	return &kafka.Client{Addr: kafka.TCP(b.Addr()), Timeout: 10 * time.Second, Transport: &kafka.Transport{}}
}

func createTopic(t *testing.T, c *kafka.Client, name string, config ...kafka.ConfigEntry) {
	t.Helper()
	res, err := c.CreateTopics(t.Context(), &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{
		{Topic: name, NumPartitions: 1, ReplicationFactor: 1, ConfigEntries: config},
	}})
	if err == nil {
		err = res.Errors[name]
	}
	if err != nil {
		t.Fatal(err)
	}
}

// produce writes one record and gives its offset or the broker's refusal.
func produce(t *testing.T, c *kafka.Client, topic string, value []byte) (int64, error) {
	t.Helper()
	res, err := c.Produce(t.Context(), &kafka.ProduceRequest{
		Topic: topic, RequiredAcks: kafka.RequireAll,
		Records: kafka.NewRecordReader(kafka.Record{Value: kafka.NewBytes(value)}),
	})
	if err != nil {
		return 0, err
	}
	return res.BaseOffset, res.Error
}

func mustProduce(t *testing.T, c *kafka.Client, topic string, value []byte) int64 {
	t.Helper()
	offset, err := produce(t, c, topic, value)
	if err != nil {
		t.Fatal(err)
	}
	return offset
}

// offsets gives the first and the next offset of partition 0.
func offsets(t *testing.T, c *kafka.Client, topic string) (first, next int64) {
	t.Helper()
	res, err := c.ListOffsets(t.Context(), &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{
		topic: {kafka.FirstOffsetOf(0), kafka.LastOffsetOf(0)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	p := res.Topics[topic][0]
	if p.Error != nil {
		t.Fatal(p.Error)
	}
	return p.FirstOffset, p.LastOffset
}

func TestConfig(t *testing.T) {
	if err := DefaultConfig().Validate(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Config){
		"listen":             func(c *Config) { c.Listen = "19092" },
		"listen: port":       func(c *Config) { c.Listen = "127.0.0.1:99999" },
		"listen: \"0.0.0.0":  func(c *Config) { c.Listen = "0.0.0.0:1" },
		"segment_bytes":      func(c *Config) { c.SegmentBytes = 1 },
		"reserve_bytes":      func(c *Config) { c.ReserveBytes = -1 },
		"retention_interval": func(c *Config) { c.RetentionInterval = 0 },
		"start_wait":         func(c *Config) { c.StartWait = -1 },
	} {
		cfg := DefaultConfig()
		change(&cfg)
		if err := cfg.Validate(); err == nil || !strings.HasPrefix(err.Error(), name) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := New(DefaultConfig(), Deps{}); err == nil {
		t.Error("a broker without a directory was made")
	}
}

func TestRefusedStarts(t *testing.T) {
	running := start(t, testConfig(t))
	short := func(change func(*Config)) error {
		cfg := testConfig(t)
		cfg.StartWait = 100 * time.Millisecond
		change(&cfg)
		b, err := New(cfg, Deps{})
		if err != nil {
			t.Fatal(err)
		}
		defer stop(t, b)
		return b.Start(t.Context())
	}
	for name, tc := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"directory in use": {
			func(c *Config) { c.Dir = running.cfg.Dir },
			fmt.Sprintf("is in use by another hotline (process %d); stop that one", os.Getpid()),
		},
		"port in use": {func(c *Config) { c.Listen = running.Addr() }, "the address " + running.Addr() + " is in use by another program"},
		"newer layout": {func(c *Config) {
			if err := os.WriteFile(filepath.Join(c.Dir, "VERSION"), []byte("99\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "was written by a newer hotline (layout 99"},
		"no directory": {func(c *Config) {
			c.Dir = filepath.Join(c.Dir, "file")
			if err := os.WriteFile(c.Dir, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}, "creating its data directory"},
		"no such address": {func(c *Config) { c.Listen = "192.0.2.1:0" }, "listening on 192.0.2.1:0"},
	} {
		t.Run(name, func(t *testing.T) {
			err := short(tc.change)
			if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one sentence with %q", err, tc.want)
			}
		})
	}
	// The refusals left nothing behind: the port and the directory are free
	// for the next as soon as the running one stops.
	cfg := running.cfg
	cfg.Listen = running.Addr()
	stop(t, running)
	start(t, cfg)
}

// TestPredecessorDies starts while another still holds directory and port.
func TestPredecessorDies(t *testing.T) {
	first := start(t, testConfig(t))
	cfg := first.cfg
	cfg.Listen = first.Addr()
	second, err := New(cfg, Deps{})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- second.Start(t.Context()) }()
	stop(t, first)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	stop(t, second)
}

func TestRestart(t *testing.T) {
	cfg := testConfig(t)
	b := start(t, cfg)
	c := client(b)
	createTopic(t, c, "calls", kafka.ConfigEntry{ConfigName: "max.message.bytes", ConfigValue: "2000000"})
	createTopic(t, c, "empty")
	mustProduce(t, c, "calls", []byte("first"))
	stop(t, b)
	b = start(t, cfg)
	c = client(b)
	if offset := mustProduce(t, c, "calls", make([]byte, 1<<20)); offset != 1 {
		t.Errorf("the record after the restart has offset %d, want 1", offset)
	}
	if first, next := offsets(t, c, "empty"); first != 0 || next != 0 {
		t.Errorf("empty topic has offsets %d to %d", first, next)
	}
	// Metadata requests must not make topics.
	if _, err := produce(t, c, "nowhere", []byte("x")); err == nil {
		t.Error("a topic nobody created took a record")
	}
}

// TestRetention checks that whole files go by size and by age, that the newest
// stays, and that a restart does not forget where the partition ends.
func TestRetention(t *testing.T) {
	cfg := testConfig(t)
	cfg.SegmentBytes = 4 << 10
	cfg.RetentionInterval = time.Hour // applied by hand
	for name, entry := range map[string]kafka.ConfigEntry{
		"size": {ConfigName: "retention.bytes", ConfigValue: "0"},
		"age":  {ConfigName: "retention.ms", ConfigValue: "1000"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := cfg
			cfg.Dir = t.TempDir()
			b := start(t, cfg)
			c := client(b)
			createTopic(t, c, "short", entry)
			createTopic(t, c, "kept")
			for range 20 {
				mustProduce(t, c, "short", make([]byte, 1000))
				mustProduce(t, c, "kept", make([]byte, 1000))
			}
			// Long after: everything is too old.
			if err := b.applyRetention(time.Now().Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
			first, next := offsets(t, c, "short")
			if first < 15 || first >= 20 || next != 20 {
				t.Errorf("short has offsets %d to %d, want one file's worth up to 20", first, next)
			}
			if first, next := offsets(t, c, "kept"); first != 0 || next != 20 {
				t.Errorf("a topic without retention has offsets %d to %d", first, next)
			}
			for range 2 { // from a clean stop, then once more from what that start left
				stop(t, b)
				b = start(t, cfg)
				c = client(b)
				if f, n := offsets(t, c, "short"); f != first || n != 20 {
					t.Errorf("after a restart short has offsets %d to %d, was %d to 20", f, n, first)
				}
			}
			if n := testutil.ToFloat64(b.metrics.warnings); n != 0 {
				t.Errorf("%v warnings", n)
			}
		})
	}
}

func TestExpired(t *testing.T) {
	now := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	day := func(n int) time.Time { return now.AddDate(0, 0, -n) }
	segs := []segment{{0, 100, day(9)}, {10, 100, day(5)}, {20, 100, day(1)}, {30, 0, day(0)}}
	for name, tc := range map[string]struct {
		segs  []segment
		l     limits
		upTo  int64
		files int
	}{
		"none":               {segs, limits{-1, -1}, 0, 0},
		"age":                {segs, limits{6 * 24 * time.Hour, -1}, 10, 1},
		"all too old":        {segs, limits{0, -1}, 20, 2},
		"size":               {segs, limits{-1, 200}, 10, 1},
		"size not reached":   {segs, limits{-1, 250}, 0, 0},
		"size zero":          {segs, limits{-1, 0}, 20, 2},
		"single":             {segs[:1], limits{0, 0}, 0, 0},
		"no files":           {nil, limits{0, 0}, 0, 0},
		"only an empty more": {[]segment{{0, 100, day(9)}, {10, 0, day(0)}}, limits{0, 0}, 0, 0},
	} {
		upTo, files, _ := expired(tc.segs, tc.l, now)
		if upTo != tc.upTo || files != tc.files {
			t.Errorf("%s: delete %d files before %d, want %d before %d", name, files, upTo, tc.files, tc.upTo)
		}
	}
}

func TestPartitionDir(t *testing.T) {
	for name, want := range map[string]struct {
		topic string
		part  int32
		ok    bool
	}{
		"hotline.calls-0": {"hotline.calls", 0, true}, "a-b-12": {"a-b", 12, true}, "lost+found": {}, "x-": {topic: "x"},
	} {
		topic, part, ok := parsePartitionDir(name)
		if ok != want.ok || ok && (topic != want.topic || part != want.part) {
			t.Errorf("%s: %q %d %v", name, topic, part, ok)
		}
	}
}

// TestStrayConnections sends what is not Kafka; the broker must outlive it.
func TestStrayConnections(t *testing.T) {
	b := start(t, testConfig(t))
	frame := func(size uint32, key, version uint16, rest ...byte) []byte {
		out := binary.BigEndian.AppendUint32(nil, size)
		out = binary.BigEndian.AppendUint16(out, key)
		return append(binary.BigEndian.AppendUint16(out, version), rest...)
	}
	for name, sent := range map[string][]byte{
		"http":            []byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
		"unknown key":     frame(8, 9999, 0, 0, 0, 0, 1),
		"negative key":    frame(8, 0xffff, 0, 0, 0, 0, 1),
		"unknown version": frame(8, 3, 500, 0, 0, 0, 1),
		"too short":       frame(3, 3, 0),
		"too long":        frame(1<<31, 3, 0),
		"broken body":     frame(20, 3, 9, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", b.Addr())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := conn.Write(sent); err != nil {
				t.Fatal(err)
			}
			if err := conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
				t.Fatal(err)
			}
			if n, err := conn.Read(make([]byte, 100)); err == nil {
				t.Errorf("answered with %d bytes", n)
			} else if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error("the connection stays open")
			}
		})
	}
	createTopic(t, client(b), "alive")
}
