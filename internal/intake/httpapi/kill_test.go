package httpapi_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"hotline12333/internal/broker"
	"hotline12333/internal/broker/embedded"
	"hotline12333/internal/hotline"
	"hotline12333/internal/intake"
	"hotline12333/internal/intake/httpapi"
	"hotline12333/internal/intake/tokens"
	"hotline12333/internal/keys"
	"hotline12333/internal/testkit"
)

const (
	childDir    = "HOTLINE_TEST_INTAKE_DIR"
	childListen = "HOTLINE_TEST_INTAKE_LISTEN"
	childKafka  = "HOTLINE_TEST_INTAKE_KAFKA"
)

// TestMain is also the process that TestKilled kills: a broker and an intake, as on one
// machine.
func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := runChild(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// runChild serves until its standard input ends, which it does with the parent.
func runChild(dir string) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	cfg := embedded.DefaultConfig()
	cfg.Dir, cfg.Listen, cfg.ReserveBytes = filepath.Join(dir, "broker"), os.Getenv(childKafka), 0
	b, err := embedded.New(cfg, embedded.Deps{})
	if err != nil {
		return err
	}
	if err := b.Start(ctx); err != nil {
		return err
	}
	bc := broker.DefaultConfig()
	bc.Addresses = []string{b.Addr()}
	client, err := broker.New(bc, broker.Deps{})
	if err != nil {
		return err
	}
	if err := client.EnsureTopics(ctx, []broker.TopicSpec{{Name: httpapi.DefaultTopics().Calls, Partitions: 2}}); err != nil {
		return err
	}
	kit, err := keys.Ephemeral()
	if err != nil {
		return err
	}
	hc := intake.DefaultHTTP()
	hc.Listen, hc.RecordsPerSecond, hc.BytesPerSecond = os.Getenv(childListen), 1_000_000, 1<<30
	s, err := httpapi.New(hc, httpapi.Deps{
		Broker: client, Tokens: tokens.Watch(filepath.Join(dir, "tokens.json")), Recipient: kit.Recipient(),
		Fingerprint: kit.Fingerprint,
		Caller:      func(c *hotline.Call, number string) { c.CallerHash = kit.Pseudonym(number) },
		Log:         slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	if err != nil {
		return err
	}
	if err := s.Listen(); err != nil {
		return err
	}
	go func() {
		_, _ = bufio.NewReader(os.Stdin).ReadByte()
		cancel()
	}()
	return errors.Join(s.Run(ctx), client.Close(), b.Stop(context.Background()))
}

// TestKilled kills broker and intake at random moments under load: whatever was
// acknowledged is there afterwards. HOTLINE_SOAK=1 does it 20 times.
func TestKilled(t *testing.T) {
	kills := 3
	if os.Getenv("HOTLINE_SOAK") == "1" {
		kills = 20
	}
	dir, listen, kafka := t.TempDir(), testkit.FreeAddress(t), testkit.FreeAddress(t)
	w := &world{t: t, tokens: filepath.Join(dir, "tokens.json"), url: "http://" + listen, http: &http.Client{Timeout: 20 * time.Second}}
	w.all = w.token(tokens.Token{Name: "all"})
	start := func() *exec.Cmd {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childDir+"="+dir, childListen+"="+listen, childKafka+"="+kafka)
		cmd.Stderr = os.Stderr
		if _, err := cmd.StdinPipe(); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd
	}
	child := start()
	defer func() {
		_ = child.Process.Kill() // it may have ended
		_ = child.Wait()
	}()

	var mu sync.Mutex
	acked, told := map[string]bool{}, 0
	loadCtx, stop := context.WithCancel(t.Context())
	defer stop()
	var load sync.WaitGroup
	for i := range 4 {
		load.Go(func() {
			for n := 0; loadCtx.Err() == nil; n++ {
				var ids []string
				var body strings.Builder
				for j := range 1 + n%50 {
					ids = append(ids, fmt.Sprintf("k-%d-%d-%d", i, n, j))
					body.WriteString(callJSON(ids[j]) + "\n")
				}
				a, err := w.try(loadCtx, posting{route: "/v1/calls", media: "application/x-ndjson", body: body.String()})
				if err != nil || a.code != http.StatusAccepted {
					pause(loadCtx, 20*time.Millisecond)
					continue
				}
				mu.Lock()
				told++
				for _, r := range a.Results {
					if r.Status == "accepted" {
						acked[r.ID] = true
					}
				}
				mu.Unlock()
			}
		})
	}
	answers := func() int {
		mu.Lock()
		defer mu.Unlock()
		return told
	}
	more := func() {
		was := answers()
		testkit.Eventually(t, testkit.Patience, func() error {
			if answers() < was+3 {
				return errors.New("nothing is acknowledged")
			}
			return nil
		})
	}
	rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	for range kills {
		more()
		pause(t.Context(), time.Duration(rng.IntN(300))*time.Millisecond)
		if err := child.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = child.Wait() // "signal: killed" is what was asked for
		child = start()
	}
	more()
	stop()
	load.Wait()
	client := newClient(t, kafka)
	found := map[string]bool{}
	for _, r := range stored(t, client, httpapi.DefaultTopics().Calls) {
		found[string(r.Key)] = true
	}
	missing := 0
	for id := range acked {
		if !found[id] {
			missing++
		}
	}
	t.Logf("%d kills: %d records acknowledged, %d found", kills, len(acked), len(found))
	if missing > 0 || len(acked) == 0 {
		t.Errorf("%d of %d acknowledged records are missing", missing, len(acked))
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
