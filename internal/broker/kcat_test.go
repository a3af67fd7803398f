package broker

import (
	"os/exec"
	"strings"
	"testing"

	"hotline12333/internal/testkit"
)

// TestKcat lets an independent client write what we read and read what we write.
func TestKcat(t *testing.T) {
	kcat, err := exec.LookPath("kcat")
	if err != nil {
		testkit.Missing(t, "kcat", "install the package kcat")
	}
	addr := testkit.Broker(t)
	c, ctx := testClient(t, addr), testCtx(t)
	topic := testTopic(t, c, 1, nil)
	write := exec.CommandContext(ctx, kcat, "-b", addr, "-t", topic, "-P", "-K:", "-z", "lz4", "-H", "run=01J")
	write.Stdin = strings.NewReader("k1:v1\nk2:v2\n")
	if out, err := write.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := c.Produce(ctx, topic, []Record{{Key: []byte("k3"), Value: []byte("v3"), Headers: []Header{{Key: "run", Value: []byte("02J")}}}}); err != nil {
		t.Fatal(err)
	}
	var ours []string
	for _, r := range readAll(t, c, topic) {
		run, _ := r.Header("run")
		ours = append(ours, string(r.Key)+" "+string(r.Value)+" run="+string(run))
	}
	out, err := exec.CommandContext(ctx, kcat, "-b", addr, "-t", topic, "-C", "-e", "-q", "-f", "%k %s %h\n").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	const want = "k1 v1 run=01J\nk2 v2 run=01J\nk3 v3 run=02J"
	if got := strings.Join(ours, "\n"); got != want {
		t.Errorf("we read\n%s\nwant\n%s", got, want)
	}
	if got := strings.TrimSpace(string(out)); got != want {
		t.Errorf("kcat reads\n%s\nwant\n%s", got, want)
	}
}
