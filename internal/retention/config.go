package retention

import (
	"errors"
	"fmt"
	"time"
)

// Config says how long each kind of data is kept. Zero is for ever.
type Config struct {
	Calls         time.Duration `yaml:"calls" doc:"How long calls, and tickets, are kept after their arrival, as 1096d; their tallies are sealed and stay. Tickets stay from the oldest on that is still open. 0: for ever."`
	SealedNumbers int           `yaml:"sealed_numbers" doc:"Working days, by the centre's calendar, that a number sealed to call back is kept after the call. 0: as long as the call."`
	Supplements   time.Duration `yaml:"supplements" doc:"How long facts that arrived apart wait for a call that is not there; those of a call go with it. 0: for ever."`
	AgentStates   time.Duration `yaml:"agent_states" doc:"How long agents' states are kept. 0: for ever."`
	Rejected      time.Duration `yaml:"rejected" doc:"How long rejected records are kept, sealed, on their topic. 0: for ever."`
	Topics        time.Duration `yaml:"topics" doc:"How long Kafka keeps the records of calls, supplements and agents after they were written to it; what is not loaded yet stays. 0: for ever."`
	Every         time.Duration `yaml:"every" doc:"Interval at which the program looks for what has been kept long enough."`
	Wait          time.Duration `yaml:"wait" doc:"How long a run waits for records under way to be loaded and counted before it seals; then it leaves the rest to the next."`
}

// DefaultConfig keeps everything but the numbers to call back: the records are the evidence
// behind every figure, and how long it is needed is the centre's to say.
func DefaultConfig() Config {
	return Config{SealedNumbers: 5, Every: time.Hour, Wait: 2 * time.Minute}
}

// LeastCalls is the shortest time calls are kept: corrections, late files and the window of
// repeat callers need theirs, and what is sealed takes no more.
const LeastCalls = 32 * 24 * time.Hour

const (
	leastOther  = 24 * time.Hour
	mostNumbers = 250 // working days: a year
)

// Validate names the first field that cannot work, by its name in the file.
func (c Config) Validate() error {
	if c.Calls != 0 && c.Calls < LeastCalls {
		return fmt.Errorf("calls: %v is below %v: late records and corrections need that long (0 keeps them for ever)", c.Calls, LeastCalls)
	}
	if c.SealedNumbers < 0 || c.SealedNumbers > mostNumbers {
		return fmt.Errorf("sealed_numbers: %d is not between 0 and %d working days", c.SealedNumbers, mostNumbers)
	}
	for _, f := range []struct {
		name string
		keep time.Duration
	}{{"supplements", c.Supplements}, {"agent_states", c.AgentStates}, {"rejected", c.Rejected}, {"topics", c.Topics}} {
		if f.keep != 0 && f.keep < leastOther {
			return fmt.Errorf("%s: %v is below a day (0 keeps them for ever)", f.name, f.keep)
		}
	}
	if c.Every < time.Minute {
		return fmt.Errorf("every: %v is below a minute", c.Every)
	}
	if c.Wait <= 0 {
		return errors.New("wait: must be above zero")
	}
	return nil
}

// Gap says what is kept elsewhere for longer than the calls; empty when nothing is.
func (c Config) Gap() string {
	switch {
	case c.Calls == 0:
		return ""
	case c.Topics == 0 || c.Topics > c.Calls:
		return "retention.topics is longer than retention.calls: Kafka keeps the records of calls that are removed from ClickHouse"
	case c.Rejected == 0 || c.Rejected > c.Calls:
		return "retention.rejected is longer than retention.calls: rejected records, which may be of callers, are kept longer than calls"
	}
	return ""
}
