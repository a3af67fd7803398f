package embedded

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// keepRetention applies the topics' retention until ctx ends.
func (b *Broker) keepRetention(ctx context.Context) {
	tick := time.NewTicker(b.cfg.RetentionInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := b.applyRetention(time.Now()); err != nil {
			b.log.Warn("applying retention failed, trying again later", "error", err)
		}
	}
}

// segment is one file of a partition.
type segment struct {
	base    int64 // offset of its first record
	size    int64
	written time.Time
}

// limits are a topic's retention; negative: none.
type limits struct {
	age   time.Duration
	bytes int64
}

// applyRetention deletes, as Kafka does, whole files that are too old or too
// much, and never the newest that holds records. Age counts from the time of
// writing, so that an imported old year stays as long as anything else.
func (b *Broker) applyRetention(now time.Time) error {
	root := filepath.Join(b.dataDir(), "partitions")
	dirs, err := os.ReadDir(root)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		return err
	}
	var errs []error
	for _, d := range dirs {
		topic, partition, ok := parsePartitionDir(d.Name())
		if !ok {
			continue
		}
		info := b.cluster.TopicInfo(topic)
		if info == nil {
			continue
		}
		l := limitsOf(info.Configs)
		if l.age < 0 && l.bytes < 0 {
			continue
		}
		segs, err := readSegments(filepath.Join(root, d.Name()))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		upTo, files, bytes := expired(segs, l, now)
		if files == 0 {
			continue
		}
		if err := b.cluster.DeleteRecords(topic, partition, upTo); err != nil {
			errs = append(errs, fmt.Errorf("deleting records of %s before %d: %w", d.Name(), upTo, err))
			continue
		}
		b.metrics.deletedBytes.Add(float64(bytes))
		b.log.Info("retention deleted records", "topic", topic, "partition", partition, "before", upTo, "files", files, "bytes", bytes)
	}
	return errors.Join(errs...)
}

// expired gives the offset before which everything may go.
func expired(segs []segment, l limits, now time.Time) (upTo int64, files int, bytes int64) {
	segs = slices.DeleteFunc(slices.Clone(segs), func(s segment) bool { return s.size == 0 })
	total := int64(0)
	for _, s := range segs {
		total += s.size
	}
	for i := 0; i+1 < len(segs); i++ {
		tooMuch := l.bytes >= 0 && total-bytes-segs[i].size >= l.bytes
		tooOld := l.age >= 0 && now.Sub(segs[i].written) > l.age
		if !tooMuch && !tooOld {
			break
		}
		upTo = segs[i+1].base
		bytes += segs[i].size
		files++
	}
	return upTo, files, bytes
}

// empties says whether a request to delete records would leave a partition without any.
// It asks the files, since it is asked by the cluster itself.
func (b *Broker) empties(req kmsg.Request) bool {
	deletion, ok := req.(*kmsg.DeleteRecordsRequest)
	if !ok {
		return false
	}
	for _, t := range deletion.Topics {
		for _, p := range t.Partitions {
			next, err := nextOffset(filepath.Join(b.dataDir(), "partitions", url.PathEscape(t.Topic)+"-"+strconv.Itoa(int(p.Partition))))
			if err != nil || p.Offset < 0 || p.Offset >= next {
				return true
			}
		}
	}
	return false
}

// nextOffset is the offset after the last record in the files of a partition; −1 without any.
func nextOffset(dir string) (int64, error) {
	segs, err := readSegments(dir)
	if err != nil {
		return -1, err
	}
	for _, s := range slices.Backward(segs) {
		if s.size == 0 {
			continue
		}
		found, err := scanSegment(segmentPath(dir, s.base))
		return found.next, err
	}
	return -1, nil
}

// parsePartitionDir splits kfake's directory name: the escaped topic, a dash
// and the partition.
func parsePartitionDir(name string) (string, int32, bool) {
	i := strings.LastIndexByte(name, '-')
	if i < 0 {
		return "", 0, false
	}
	topic, err := url.PathUnescape(name[:i])
	if err != nil {
		return "", 0, false
	}
	p, err := strconv.ParseInt(name[i+1:], 10, 32)
	return topic, int32(p), err == nil
}

func readSegments(dir string) ([]segment, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var out []segment
	for _, f := range files {
		name, ok := strings.CutSuffix(f.Name(), ".dat")
		if !ok {
			continue
		}
		base, err := strconv.ParseInt(name, 10, 64)
		if err != nil {
			continue
		}
		info, err := f.Info()
		if err != nil {
			return nil, err
		}
		out = append(out, segment{base: base, size: info.Size(), written: info.ModTime()})
	}
	slices.SortFunc(out, func(a, b segment) int { return int(min(max(a.base-b.base, -1), 1)) })
	return out, nil
}

func limitsOf(configs map[string]*string) limits {
	number := func(key string) int64 {
		if v := configs[key]; v != nil {
			if n, err := strconv.ParseInt(*v, 10, 64); err == nil && n >= 0 {
				return n
			}
		}
		return -1
	}
	l := limits{age: -1, bytes: number("retention.bytes")}
	if ms := number("retention.ms"); ms >= 0 {
		l.age = time.Duration(min(ms, int64(1<<62)/int64(time.Millisecond))) * time.Millisecond
	}
	return l
}
