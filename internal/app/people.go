package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"hotline12333/internal/config"
	"hotline12333/internal/web/people"
)

// AddPerson lets somebody use the pages. The token goes to out, alone, so that it can be
// kept by a script; what else is to be said goes to notes.
func AddPerson(ctx context.Context, cfg config.Root, out, notes io.Writer, p people.Person) error {
	if p.Login != "" && cfg.Web.Proxy.Header == "" {
		return errors.New("--login: no proxy names people yet (web.proxy.header)")
	}
	path, err := peopleOf(cfg).path()
	if err != nil {
		return err
	}
	token, made, err := people.Add(ctx, path, p, time.Now())
	if err != nil {
		return err
	}
	say, told := &printer{out: notes}, &printer{out: out}
	say.line("%s (%s) may use the pages as %s%s; noted in %s", made.Name, made.ID, made.Role, ofCentre(&made), path)
	if token == "" {
		say.line("the login %s of the proxy stands for it", made.Login)
		return say.err
	}
	say.line("sign in at /login with this token; this is the only time it is shown:")
	told.line("%s", token)
	return errJoin(say.err, told.err)
}

func ofCentre(p *people.Person) string {
	if p.Centre == "" {
		return ""
	}
	return ", of centre " + p.Centre + " alone"
}

// ListPeople prints who may use the pages; there is no token to show.
func ListPeople(cfg config.Root, out io.Writer) error {
	path, err := peopleOf(cfg).path()
	if err != nil {
		return err
	}
	list, err := people.List(path)
	if err != nil {
		return err
	}
	w := &printer{out: out}
	if len(list) == 0 {
		w.line("nobody yet: %s lets somebody", peopleOf(cfg).command("add NAME --role ROLE"))
		return w.err
	}
	day, err := dates(cfg)
	if err != nil {
		return err
	}
	now := time.Now()
	w.line("%-12s  %-14s %-8s %-10s %-10s %-12s %-14s %s", "ID", "ROLE", "STATE", "CREATED", "EXPIRES", "CENTRE", "LOGIN", "NAME")
	for i := range list {
		p := &list[i]
		w.line("%-12s  %-14s %-8s %-10s %-10s %-12s %-14s %s", p.ID, p.Role, p.State(now), day(p.Created, ""),
			day(p.Expires, "never"), orDash(p.Centre), orDash(p.Login), p.Name)
	}
	return w.err
}

// RevokePerson ends somebody's use of the pages.
func RevokePerson(ctx context.Context, cfg config.Root, out io.Writer, which string) error {
	path, err := peopleOf(cfg).path()
	if err != nil {
		return err
	}
	p, err := people.Revoke(ctx, path, which, time.Now())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s (%s) may not use the pages any more: sessions have ended too\n", p.Name, p.ID)
	return err
}

// lookPeople tells doctor who may use the pages.
func lookPeople(cfg config.Root) finding {
	f := finding{what: "people"}
	path, err := peopleOf(cfg).path()
	if err != nil {
		f.err = err
		return f
	}
	here := "on this machine without signing in: " + cfg.Web.LoopbackRole
	if cfg.Web.LoopbackRole == "" {
		here = "on this machine nobody without signing in"
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		f.say = path + ": not there, so nobody can sign in to the pages (" + peopleOf(cfg).command("add NAME --role ROLE") + "); " + here
		return f
	}
	list, err := people.List(path)
	if err != nil {
		f.err = err
		return f
	}
	good := 0
	for i := range list {
		if list[i].Good(time.Now()) == nil {
			good++
		}
	}
	f.say = fmt.Sprintf("%s: %d may use the pages; %s", path, good, here)
	return f
}
