package testkit

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
)

const kafkaHow = "fetch its jars with `mvn -q -B -f deploy/kafka/pom.xml dependency:copy-dependencies " +
	"-DoutputDirectory=${XDG_CACHE_HOME:-$HOME/.cache}/hotline/kafka/libs`, or set HOTLINE_KAFKA_HOME to a folder with libs/*.jar"

// RealKafka starts Apache Kafka in KRaft mode, one node, for the test and gives
// its address. Without the jars, or without Java, the test is skipped, or fails
// when HOTLINE_REQUIRE contains kafka.
func RealKafka(t testing.TB) string {
	t.Helper()
	libs := kafkaLibs(t)
	java, err := exec.LookPath("java")
	if err != nil {
		Missing(t, "kafka", "java 17 or newer is not in the path; "+kafkaHow)
	}
	dir := t.TempDir()
	client, controller := FreeAddress(t), FreeAddress(t)
	props := filepath.Join(dir, "server.properties")
	if err := os.WriteFile(props, []byte(kafkaProperties(dir, client, controller)), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) *exec.Cmd {
		cmd := exec.Command(java, append([]string{
			"-Xmx512m", "-Xms64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
			"-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", filepath.Join(libs, "*"),
		}, args...)...)
		cmd.Dir = dir
		dieWithParent(cmd)
		return cmd
	}
	format := run("kafka.tools.StorageTool", "format", "-t", "aG90bGluZS10ZXN0LTAwMQ", "-c", props)
	if out, err := format.CombinedOutput(); err != nil {
		t.Fatalf("formatting kafka's storage: %v\n%s", err, out)
	}
	startServer(t, "kafka", run("kafka.Kafka", props), func(ctx context.Context) error { return kafkaReady(ctx, client) })
	return client
}

// kafkaReady asks for the brokers, which a node gives once it is registered.
func kafkaReady(ctx context.Context, addr string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := (&kafka.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // only asked
	brokers, err := conn.Brokers()
	if err == nil && len(brokers) == 0 {
		err = fmt.Errorf("kafka at %s knows no broker yet", addr)
	}
	return err
}

// kafkaLibs is the folder of the jars.
func kafkaLibs(t testing.TB) string {
	t.Helper()
	home := os.Getenv("HOTLINE_KAFKA_HOME")
	if home == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			Missing(t, "kafka", kafkaHow)
		}
		home = filepath.Join(cache, "hotline", "kafka")
	}
	libs := filepath.Join(home, "libs")
	if found, err := filepath.Glob(filepath.Join(libs, "kafka_*.jar")); err != nil || len(found) == 0 {
		Missing(t, "kafka", "no kafka_*.jar in "+libs+"; "+kafkaHow)
	}
	return libs
}

func kafkaProperties(dir, client, controller string) string {
	return strings.Join([]string{
		"process.roles=broker,controller",
		"node.id=1",
		"controller.quorum.voters=1@" + controller,
		"listeners=PLAINTEXT://" + client + ",CONTROLLER://" + controller,
		"advertised.listeners=PLAINTEXT://" + client,
		"controller.listener.names=CONTROLLER",
		"log.dirs=" + filepath.Join(dir, "data"),
		"auto.create.topics.enable=false",
		"num.partitions=1",
		"offsets.topic.replication.factor=1",
		"offsets.topic.num.partitions=1",
		"transaction.state.log.replication.factor=1",
		"transaction.state.log.min.isr=1",
		"group.initial.rebalance.delay.ms=0",
		// A node that the machine leaves no time for must not be taken for dead by itself:
		// its partitions would have no leader, and no topic could be made.
		"broker.session.timeout.ms=600000",
		// Retention is looked after at once, for the tests of lost records; it goes by the
		// records' own times, and those of a test may lie years back.
		"log.retention.ms=-1",
		"log.retention.check.interval.ms=200",
		"log.initial.task.delay.ms=100",
		"file.delete.delay.ms=100",
		"",
	}, "\n")
}

// lockedBuffer is written by the process's pipe and read by the test.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
