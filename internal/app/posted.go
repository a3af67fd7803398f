package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"

	"hotline12333/internal/config"
	"hotline12333/internal/hotline"
	"hotline12333/internal/intake/httpapi"
	"hotline12333/internal/intake/tokens"
	"hotline12333/internal/keys"
	"hotline12333/internal/source"
	"hotline12333/internal/web"
	"hotline12333/internal/wire"
)

// posts takes records over HTTP; nil where that is switched off.
func (s *system) posts(sources *source.Registry, kit *keys.Keys) (*httpapi.Server, error) {
	if s.cfg.Intake.HTTP.Listen == "" {
		return nil, nil
	}
	path, err := tokensOf(s.cfg).path()
	if err != nil {
		return nil, err
	}
	keep := sourceKeys(s.cfg, kit)
	return httpapi.New(s.cfg.Intake.HTTP, httpapi.Deps{
		Broker: s.broker, Tokens: tokens.Watch(path), Sources: &bodies{sources, kit, keep},
		Caller:    func(c *hotline.Call, number string) { source.SetCaller(keep, c, number, source.KeepAll()) },
		Recipient: kit.Recipient(), Fingerprint: kit.Fingerprint,
		Topics: httpapi.Topics{
			Calls: s.cfg.Topics.Calls, Tickets: s.cfg.Topics.Tickets, Supplements: s.cfg.Topics.Supplements,
			Agents: s.cfg.Topics.Agents, Rejected: s.cfg.Topics.Rejected,
		},
		Registerer: s.reg, Log: s.log.With("part", "intake"),
	})
}

// bodies reads what is posted in the formats of telephone systems.
type bodies struct {
	sources *source.Registry
	kit     *keys.Keys
	keep    source.Pseudonyms // what calls carry of their callers
}

var _ httpapi.Sources = (*bodies)(nil)

func (b *bodies) Known(name string) bool {
	_, err := b.sources.Lookup(name)
	return err == nil
}

func (b *bodies) Read(ctx context.Context, body httpapi.Body, each func(*wire.Item) error) error {
	src, err := b.sources.Lookup(body.Source)
	if err != nil {
		return err
	}
	how, err := b.how(body)
	if err != nil {
		return err
	}
	how.Name = "the body"
	return src.Read(ctx, bytes.NewReader(body.Bytes), how, each)
}

func (b *bodies) how(body httpapi.Body) (source.Options, error) {
	how := source.Options{Keys: b.keep, Centre: body.Centre, Revision: body.Revision}
	var err error
	if body.Zone != "" {
		how.Zone, err = source.ParseZone(body.Zone)
	}
	return how, err
}

func (b *bodies) Context(body httpapi.Body) map[string]string {
	how, err := b.how(body)
	if err != nil {
		return nil // Read says so
	}
	return contextOf(how, b.kit)
}

// runIntake is the role that takes records over HTTP. It needs no ClickHouse, and starts
// without a Kafka: until there is one it answers that it takes nothing.
func runIntake(ctx context.Context, cfg config.Root, log *slog.Logger) (err error) {
	down := &teardown{log: log}
	defer func() { err = errJoin(err, down.run()) }()
	sources, err := openSources(cfg)
	if err != nil {
		return err
	}
	kit, err := openKeys(cfg, false)
	if err != nil {
		return err
	}
	sys, err := connect(ctx, cfg, log, newRegistry())
	if err != nil {
		return err
	}
	down.add("connections", time.Second, func(context.Context) error { return sys.close() })
	if err := tellFaults(sources, log, sys.reg); err != nil {
		return err
	}
	posts, err := sys.posts(sources, kit)
	if err != nil {
		return err
	}
	if posts == nil {
		return errors.New("intake.http.listen is empty: there is nothing to run")
	}
	pages := web.New(cfg.Web, web.Deps{Log: log.With("part", "web"), Registry: sys.reg, Now: time.Now, Ready: posts.Ready})
	for _, listen := range []func() error{pages.Listen, posts.Listen} {
		if err := listen(); err != nil {
			return err
		}
	}
	parts := newCrew(ctx)
	down.add("parts", cfg.Intake.HTTP.ShutdownGrace+2*time.Second, parts.stop)
	parts.start("keys", func(ctx context.Context) error { return kit.Follow(ctx, log.With("part", "keys")) })
	parts.start("intake", posts.Run)
	parts.start("pages", pages.Run)
	parts.start("topics", sys.topicsWhenUp)
	log.Info("started", "address", pages.Addr(), "posts", posts.URL())
	return parts.wait()
}

// topicsWhenUp creates the topics that are missing as soon as Kafka answers.
func (s *system) topicsWhenUp(ctx context.Context) error {
	told := false
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		attempt, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		err := s.broker.EnsureTopics(attempt, topicSpecs(s.cfg.Topics))
		if err != nil && !told {
			told = true
			s.log.Warn("records cannot be taken yet", "err", err)
		}
		return struct{}{}, err
	}, backoff.WithMaxElapsedTime(0))
	return stopped(ctx, err)
}

// AddToken makes a token. Its secret goes to out, alone, so that it can be kept by a
// script; what else is to be said goes to notes.
func AddToken(ctx context.Context, cfg config.Root, out, notes io.Writer, t tokens.Token) error {
	path, err := tokensOf(cfg).path()
	if err != nil {
		return err
	}
	secret, made, err := tokens.Add(ctx, path, t, time.Now())
	if err != nil {
		return err
	}
	say, told := &printer{out: notes}, &printer{out: out}
	say.line("token %s (%s) may send %s for %s", made.Name, made.ID, kindsOf(&made), sourcesOf(&made))
	if secret == "" {
		say.line("the certificate %s stands for it", made.Certificate)
		return say.err
	}
	say.line("this is the only time it is shown:")
	told.line("%s", secret)
	return errJoin(say.err, told.err)
}

// ListTokens prints the tokens; there is no secret to show.
func ListTokens(cfg config.Root, out io.Writer) error {
	path, err := tokensOf(cfg).path()
	if err != nil {
		return err
	}
	list, err := tokens.List(path)
	if err != nil {
		return err
	}
	w := &printer{out: out}
	if len(list) == 0 {
		w.line("no token yet: %s makes one", tokensOf(cfg).command("add NAME"))
		return w.err
	}
	day, err := dates(cfg)
	if err != nil {
		return err
	}
	now := time.Now()
	w.line("%-12s  %-16s %-8s %-10s %-10s %-24s %-20s %s", "ID", "NAME", "STATE", "CREATED", "EXPIRES", "KINDS", "SOURCES", "LIMITS AND SCOPE")
	for i := range list {
		t := &list[i]
		w.line("%-12s  %-16s %-8s %-10s %-10s %-24s %-20s %s", t.ID, t.Name, t.State(now), day(t.Created, ""),
			day(t.Expires, "never"), kindsOf(t), sourcesOf(t), strings.Join(scopeOf(t), ", "))
	}
	return w.err
}

func scopeOf(t *tokens.Token) []string {
	var out []string
	for _, s := range []struct {
		set  bool
		text string
	}{
		{t.Centre != "", "centre " + t.Centre},
		{t.IDPrefix != "", "ids " + t.IDPrefix + "…"},
		{t.Pseudonyms, "makes pseudonyms"},
		{t.Certificate != "", "certificate " + t.Certificate},
		{t.RecordsPerSecond > 0, fmt.Sprintf("%d records/s", t.RecordsPerSecond)},
		{t.BytesPerSecond > 0, fmt.Sprintf("%d bytes/s", t.BytesPerSecond)},
	} {
		if s.set {
			out = append(out, s.text)
		}
	}
	return out
}

func kindsOf(t *tokens.Token) string {
	if len(t.Kinds) == 0 {
		return "everything"
	}
	kinds := make([]string, len(t.Kinds))
	for i, k := range t.Kinds {
		kinds[i] = string(k)
	}
	return strings.Join(kinds, ",")
}

func sourcesOf(t *tokens.Token) string {
	if len(t.Sources) == 0 {
		return "any source"
	}
	return strings.Join(t.Sources, ",")
}

// dates writes days of the hotline's zone, in which they are given; none for no time.
func dates(cfg config.Root) (func(t time.Time, none string) string, error) {
	zone, err := source.ParseZone(cfg.Publish.Zone)
	if err != nil {
		return nil, fmt.Errorf("publish.zone: %w", err)
	}
	return func(t time.Time, none string) string {
		if t.IsZero() {
			return none
		}
		return t.In(zone).Format(time.DateOnly)
	}, nil
}

// RevokeToken ends a token.
func RevokeToken(ctx context.Context, cfg config.Root, out io.Writer, which string) error {
	path, err := tokensOf(cfg).path()
	if err != nil {
		return err
	}
	t, err := tokens.Revoke(ctx, path, which, time.Now())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "token %s (%s) is revoked: what it sends is refused from now on\n", t.Name, t.ID)
	return err
}

// lookTokens tells doctor who may post.
func lookTokens(cfg config.Root) finding {
	f := finding{what: "tokens"}
	if cfg.Intake.HTTP.Listen == "" {
		f.say = "intake.http.listen is empty: no records are posted"
		return f
	}
	path, err := tokensOf(cfg).path()
	if err != nil {
		f.err = err
		return f
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		f.say = path + ": not there, so nobody may post records (" + tokensOf(cfg).command("add NAME") + ")"
		return f
	}
	list, err := tokens.List(path)
	if err != nil {
		f.err = err
		return f
	}
	good := 0
	for i := range list {
		if list[i].State(time.Now()) == "active" {
			good++
		}
	}
	f.say = fmt.Sprintf("%s: %d may post records", path, good)
	return f
}
