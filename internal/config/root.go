package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"hotline12333/internal/aggregate"
	"hotline12333/internal/alarm"
	"hotline12333/internal/audit"
	"hotline12333/internal/board"
	"hotline12333/internal/broker"
	"hotline12333/internal/broker/embedded"
	"hotline12333/internal/callback"
	"hotline12333/internal/intake"
	"hotline12333/internal/keys"
	"hotline12333/internal/load"
	"hotline12333/internal/notify"
	"hotline12333/internal/publish"
	"hotline12333/internal/retention"
	"hotline12333/internal/ruleset"
	"hotline12333/internal/source"
	"hotline12333/internal/store"
	"hotline12333/internal/store/engine"
	"hotline12333/internal/watch"
	"hotline12333/internal/web"
)

// Root is the configuration of the whole program: one section per component.
type Root struct {
	Log            Log              `yaml:"log" doc:"The structured log, written to stderr."`
	Data           Data             `yaml:"data" doc:"Where the one-machine mode keeps its data."`
	EmbeddedBroker embedded.Config  `yaml:"embedded_broker" doc:"The broker of the one-machine mode."`
	Engine         engine.Config    `yaml:"engine" doc:"The ClickHouse engine of the one-machine mode."`
	Broker         broker.Config    `yaml:"broker" doc:"How Kafka is reached, the embedded broker or a cluster."`
	Store          store.Config     `yaml:"store" doc:"How ClickHouse is reached, the embedded engine or a server."`
	Topics         Topics           `yaml:"topics" doc:"The topics, and what they are created with."`
	Keys           keys.Config      `yaml:"keys" doc:"The keys of pseudonyms and seals."`
	Audit          audit.Config     `yaml:"audit" doc:"The log of who saw or removed personal data."`
	Sources        source.Config    `yaml:"sources" doc:"Descriptions of telephone systems, beside the built-in ones."`
	Rules          ruleset.Config   `yaml:"rules" doc:"What the centre may choose: its working calendar, and files of its own."`
	Intake         intake.Config    `yaml:"intake" doc:"From files into Kafka."`
	Load           load.Config      `yaml:"load" doc:"From Kafka into ClickHouse."`
	Aggregate      aggregate.Config `yaml:"aggregate" doc:"From calls to tallies."`
	Retention      retention.Config `yaml:"retention" doc:"How long each kind of data is kept; durations may be written in days, as 1096d."`
	Publish        publish.Config   `yaml:"publish" doc:"From tallies to the live board and the metrics."`
	Callbacks      callback.Config  `yaml:"callbacks" doc:"The list of lost callers to call back. Whether their numbers are kept is intake.callbacks, who may see one web.reveal_roles."`
	Staffing       Staffing         `yaml:"staffing" doc:"What the seats a day needs are computed for, and from what where the records do not tell."`
	Web            web.Config       `yaml:"web" doc:"The live board and /metrics."`
	Grafana        board.Config     `yaml:"grafana" doc:"Where hotline dashboards finds Grafana."`
	Alarm          alarm.Config     `yaml:"alarm" doc:"Who evaluates the rules of alerts, and what the board shows of them."`
	Notify         notify.Config    `yaml:"notify" doc:"From alerts to people: robots of groups, short messages, a webhook."`
	Watch          watch.Config     `yaml:"watch" doc:"Which hotlines hotline watch asks, from another machine, whether they are there; notify says who is told."`
}

// Log configures the structured log.
type Log struct {
	Level  string `yaml:"level"  doc:"Lowest level that is written: debug, info, warn or error."`
	Format string `yaml:"format" doc:"Form of a line: text for people, json for collectors, auto for text on a terminal and json elsewhere."`
}

// Data says where the one-machine mode keeps its data.
type Data struct {
	Dir string `yaml:"dir" doc:"Directory of the embedded broker's and engine's data; one program uses it at a time."`
}

// Topics are the names and the extent of the topics.
type Topics struct {
	Calls       string `yaml:"calls" doc:"Topic of the call records."`
	Supplements string `yaml:"supplements" doc:"Topic of the facts about calls that arrive apart from them."`
	Agents      string `yaml:"agents" doc:"Topic of the agents' states."`
	Tickets     string `yaml:"tickets" doc:"Topic of the tickets."`
	Touched     string `yaml:"touched" doc:"Topic of the marks that say which quarter hours have changed."`
	Rejected    string `yaml:"rejected" doc:"Topic of the dead letters."`
	Erasures    string `yaml:"erasures" doc:"Topic of the erasures: whoever reads the log again must know whose identity is gone."`
	Partitions  int    `yaml:"partitions" doc:"Partitions the topics of calls, supplements and tickets are created with; an existing topic keeps its own."`
	Replication int    `yaml:"replication" doc:"Copies the brokers keep of each topic that is created; 3 on a cluster."`
}

// Staffing is what hotline morning and the page of the morning compute with. The share of
// callers to be answered is the target of the answer rate.
type Staffing struct {
	ServiceLevel float64       `yaml:"service_level" doc:"Share of the callers, as 0.8, to be answered within staffing.within beside the target of the answer rate; 0: no such goal."`
	Within       time.Duration `yaml:"within" doc:"The time of the service level: a wait up to which a caller counts as answered at once."`
	Patience     time.Duration `yaml:"patience" doc:"How long a caller is taken to wait on average before giving up, where it cannot be measured: a source does not know the waits, or fewer than ten callers gave up. 0: for ever."`
	Handling     time.Duration `yaml:"handling" doc:"How long an agent is taken to be busy with a call on average, where the records do not tell; 0: no seats are computed then."`
}

// Validate names the first field that cannot work, by its name in the file.
func (s Staffing) Validate() error {
	switch {
	case !(s.ServiceLevel >= 0 && s.ServiceLevel < 1):
		return fmt.Errorf("service_level: %v is not a share such as 0.8: no number of seats answers everybody at once", s.ServiceLevel)
	case s.Within <= 0 || s.Within > time.Hour:
		return fmt.Errorf("within: %v is not between 0 and 1h", s.Within)
	case s.Patience < 0 || s.Patience > 24*time.Hour:
		return fmt.Errorf("patience: %v is not between 0 and 24h", s.Patience)
	case s.Handling < 0 || s.Handling > 4*time.Hour:
		return fmt.Errorf("handling: %v is not between 0 and 4h", s.Handling)
	}
	return nil
}

// DefaultRoot is the configuration of the one-machine mode.
func DefaultRoot() Root {
	r := Root{
		Log:            Log{Level: "info", Format: "auto"},
		Data:           Data{Dir: defaultDataDir()},
		EmbeddedBroker: embedded.DefaultConfig(),
		Engine:         engine.DefaultConfig(),
		Broker:         broker.DefaultConfig(),
		Store:          store.DefaultConfig(),
		Topics: Topics{
			Calls: "hotline.calls", Supplements: "hotline.supplements", Agents: "hotline.agents", Tickets: "hotline.tickets",
			Touched: "hotline.touched", Rejected: "hotline.rejected", Erasures: "hotline.erasures",
			Partitions: 1, Replication: 1,
		},
		Keys:      keys.DefaultConfig(),
		Audit:     audit.DefaultConfig(),
		Sources:   source.DefaultConfig(),
		Rules:     ruleset.DefaultConfig(),
		Intake:    intake.DefaultConfig(),
		Load:      load.DefaultConfig(),
		Aggregate: aggregate.DefaultConfig(),
		Retention: retention.DefaultConfig(),
		Publish:   publish.DefaultConfig(),
		Callbacks: callback.DefaultConfig(),
		Staffing:  Staffing{Within: 20 * time.Second, Patience: 2 * time.Minute},
		Web:       web.DefaultConfig(),
		Grafana:   board.DefaultConfig(),
		Alarm:     alarm.DefaultConfig(),
		Notify:    notify.DefaultConfig(),
		Watch:     watch.DefaultConfig(),
	}
	return r
}

// defaultDataDir follows the XDG base directories.
func defaultDataDir() string {
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "hotline")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "hotline-data" // under the working directory, where there is no home
	}
	return filepath.Join(home, ".local", "share", "hotline")
}

// Validate checks the values; its errors start with the yaml name of the field.
func (l Log) Validate() error {
	return errors.Join(
		oneOf("level", l.Level, "debug", "info", "warn", "error"),
		oneOf("format", l.Format, "auto", "text", "json"),
	)
}

// Validate checks that there is a directory.
func (d Data) Validate() error {
	if d.Dir == "" {
		return errors.New("dir must not be empty")
	}
	return nil
}

var topicName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,249}$`)

// Validate names the first field that cannot work.
func (t Topics) Validate() error {
	names := map[string]string{}
	for _, f := range []struct{ field, name string }{
		{"calls", t.Calls},
		{"supplements", t.Supplements},
		{"agents", t.Agents},
		{"tickets", t.Tickets},
		{"touched", t.Touched},
		{"rejected", t.Rejected},
		{"erasures", t.Erasures},
	} {
		if !topicName.MatchString(f.name) {
			return fmt.Errorf("%s: %q is no name of a topic: letters, digits, dot, dash and underscore", f.field, f.name)
		}
		if other, taken := names[f.name]; taken {
			return fmt.Errorf("%s: %q is the name of %s already", f.field, f.name, other)
		}
		names[f.name] = f.field
	}
	if t.Partitions < 1 || t.Partitions > 1000 {
		return fmt.Errorf("partitions: %d is not between 1 and 1000", t.Partitions)
	}
	if t.Replication < 1 || t.Replication > 16 {
		return fmt.Errorf("replication: %d is not between 1 and 16", t.Replication)
	}
	return nil
}

func oneOf(name, value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return fmt.Errorf("%s is %q, want one of %s", name, value, strings.Join(allowed, ", "))
}
