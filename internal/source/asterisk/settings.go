package asterisk

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/source"
)

var prefixPattern = regexp.MustCompile(`^[A-Za-z0-9_.]{1,32}$`)

// The settings a description may give.
const (
	setPrefix   = "prefix"            // before every call's id, to tell exchanges apart
	setEncoding = "encoding"          // of lines that are not UTF-8
	setKey      = "exit_key"          // outcome of a caller who left the queue by a key
	setColumns  = "columns"           // of csv files, in their order
	setOutbound = "outbound_contexts" // where calls of the centre's own phones begin
	setInternal = "internal_contexts" // where calls that never leave the house begin
)

const (
	encGB18030 = "gb18030"
	encLatin1  = "latin-1"
)

// settings are a description's, read.
type settings struct {
	prefix   string
	decoder  decoder
	exit     map[string]hotline.Outcome // by key; "" is every other
	columns  []string
	outbound []string
	internal []string
}

func readSettings(given map[string]string, allowed ...string) (settings, error) {
	s := settings{decoder: newDecoder(""), exit: map[string]hotline.Outcome{"": hotline.AbandonedQueue}}
	for _, key := range slices.Sorted(maps.Keys(given)) {
		value := strings.TrimSpace(given[key])
		kind := key
		if strings.HasPrefix(key, setKey+"_") {
			kind = setKey
		}
		if !slices.Contains(allowed, kind) {
			return s, fmt.Errorf("unknown setting %q; known: %s", key, strings.Join(allowed, ", "))
		}
		var err error
		switch kind {
		case setPrefix:
			if !prefixPattern.MatchString(value) {
				err = fmt.Errorf("%s: %q is not 1 to 32 letters, digits, dots and underscores", key, value)
			}
			s.prefix = value
		case setEncoding:
			if value != encGB18030 && value != encLatin1 {
				err = fmt.Errorf("%s: %q is not %s or %s (UTF-8 is recognised by itself)", key, value, encGB18030, encLatin1)
			}
			s.decoder = newDecoder(value)
		case setKey:
			err = s.exitKey(key, hotline.Outcome(value))
		case setColumns:
			s.columns = splitList(value)
			if len(s.columns) < 2 {
				err = fmt.Errorf("%s: name the columns in their order, with commas between", key)
			}
		case setOutbound:
			s.outbound = splitList(value)
		case setInternal:
			s.internal = splitList(value)
		}
		if err != nil {
			return s, err
		}
	}
	return s, nil
}

// columnSettings are those of a source in columns with times on a wall clock, and what the
// ordinals of a reading are added to.
func columnSettings(opts source.Options) (settings, uint64, error) {
	set, err := readSettings(opts.Settings, columnKeys()...)
	if err != nil {
		return set, 0, err
	}
	base, err := firstVersion(opts)
	return set, base, err
}

// checkColumns says what is wrong with the settings of such a source, which needs some of
// the columns.
func checkColumns(given map[string]string, needed []string) error {
	set, err := readSettings(given, columnKeys()...)
	if err != nil || set.columns == nil {
		return err
	}
	for _, n := range needed {
		if !slices.Contains(set.columns, n) {
			return fmt.Errorf("%s: %s is missing", setColumns, n)
		}
	}
	return nil
}

func columnKeys() []string {
	return []string{setPrefix, setEncoding, setColumns, setOutbound, setInternal}
}

// zoneOf is the zone of a reading's local times.
func zoneOf(opts source.Options) *time.Location {
	if opts.Zone == nil {
		return time.UTC
	}
	return opts.Zone
}

func (s *settings) exitKey(key string, outcome hotline.Outcome) error {
	allowed := []hotline.Outcome{hotline.AbandonedQueue, hotline.CallbackRequested, hotline.Voicemail, hotline.TimedOut, hotline.SelfService}
	if !slices.Contains(allowed, outcome) {
		return fmt.Errorf("%s: %q is no outcome of leaving a queue by a key: %v", key, outcome, allowed)
	}
	digit := strings.TrimPrefix(strings.TrimPrefix(key, setKey), "_")
	if len(digit) > 8 {
		return fmt.Errorf("%s: a key is 0 to 9, star or pound", key)
	}
	switch digit {
	case "star":
		digit = "*"
	case "pound":
		digit = "#"
	}
	s.exit[digit] = outcome
	return nil
}

func splitList(s string) []string {
	var out []string
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// maxRevision leaves room for the ordinals of lines below it.
const (
	maxRevision   = 8192
	revisionShift = 40
	headlessShift = 8
)

// firstVersion is what the ordinals of a reading are added to.
func firstVersion(opts source.Options) (uint64, error) {
	if opts.Revision > maxRevision {
		return 0, fmt.Errorf("revision %d: the versions of this log leave room for revisions up to %d", opts.Revision, maxRevision)
	}
	return (max(opts.Revision, 1) - 1) << revisionShift, nil
}

// headless is where the ordinals of a call begin whose first line was not seen: above
// everything that lines before this moment (milliseconds) can have been given.
func headless(at int64) uint64 { return uint64(max(at, 0)/1000) << headlessShift }
