package embedded

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"
)

// kfake writes a snapshot of each partition when it is closed. After a crash
// there is none that fits, and it then loads the partition with all its records
// at once: a gigabyte of records takes a gigabyte of memory. A snapshot made
// here from the files lets it load them one by one. It knows nothing of aborted
// transactions, which is why the broker refuses transactions.

// partitionSnapshot is kfake's own form, version 1.
type partitionSnapshot struct {
	Version          int               `json:"version"`
	HighWatermark    int64             `json:"high_watermark"`
	LastStableOffset int64             `json:"last_stable_offset"`
	LogStartOffset   int64             `json:"log_start_offset"`
	CreatedAt        time.Time         `json:"created_at"`
	Segments         []segmentSnapshot `json:"segments"`
}

type segmentSnapshot struct {
	BaseOffset int64 `json:"base_offset"`
	Size       int64 `json:"size"`
}

// snapshotPartitions makes the snapshots that are missing or do not fit.
func snapshotPartitions(dataDir string, now time.Time, log *slog.Logger) error {
	root := filepath.Join(dataDir, "partitions")
	dirs, err := os.ReadDir(root)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		return err
	}
	for _, d := range dirs {
		if _, _, ok := parsePartitionDir(d.Name()); !ok {
			continue
		}
		dir := filepath.Join(root, d.Name())
		if err := snapshotPartition(dir, now, log.With("partition", d.Name())); err != nil {
			return fmt.Errorf("partition %s: %w", d.Name(), err)
		}
	}
	return nil
}

func snapshotPartition(dir string, now time.Time, log *slog.Logger) error {
	segs, err := readSegments(dir)
	if err != nil || len(segs) == 0 || snapshotFits(dir, segs) {
		return err
	}
	// Only the end of the newest file can be torn; one begun and not written
	// to has no batch at all.
	end := int64(-1)
	for end < 0 && len(segs) > 0 {
		last := &segs[len(segs)-1]
		path := segmentPath(dir, last.base)
		scan, err := scanSegment(path)
		if err != nil {
			return err
		}
		if scan.valid < last.size {
			log.Warn("end of the newest file is torn, cutting it off", "path", path, "bytes", last.size-scan.valid)
			if err := truncateSynced(path, scan.valid); err != nil {
				return err
			}
			last.size = scan.valid
		}
		if end = scan.next; end < 0 {
			segs = segs[:len(segs)-1]
			if err := removeSegment(path); err != nil {
				return err
			}
		}
	}
	if len(segs) == 0 {
		return nil
	}
	snap := partitionSnapshot{
		Version: 1, HighWatermark: end, LastStableOffset: end, LogStartOffset: segs[0].base, CreatedAt: now,
	}
	for _, s := range segs {
		snap.Segments = append(snap.Segments, segmentSnapshot{BaseOffset: s.base, Size: s.size})
	}
	b, err := json.Marshal(snap)
	if err != nil {
		return err
	}
	return writeSynced(filepath.Join(dir, "snapshot.json"), b)
}

// snapshotFits tells whether kfake would take the snapshot that is there.
func snapshotFits(dir string, segs []segment) bool {
	b, err := os.ReadFile(filepath.Join(dir, "snapshot.json"))
	if err != nil {
		return false
	}
	var snap partitionSnapshot
	if json.Unmarshal(b, &snap) != nil || len(snap.Segments) != len(segs) {
		return false
	}
	for i, s := range segs {
		if snap.Segments[i] != (segmentSnapshot{BaseOffset: s.base, Size: s.size}) {
			return false
		}
	}
	return true
}

func segmentPath(dir string, base int64) string {
	return filepath.Join(dir, fmt.Sprintf("%d.dat", base))
}

func removeSegment(path string) error {
	index := path[:len(path)-len(".dat")] + ".idx"
	if err := os.Remove(index); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.Remove(path)
}

func truncateSynced(path string, size int64) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(size), f.Sync(), f.Close())
}

// scanned is what a segment file holds.
type scanned struct {
	valid int64 // bytes of whole batches
	next  int64 // offset after the last of them; −1 without any
}

const (
	batchPrefix   = 12 // base offset and length
	batchHeader   = 61
	batchCRCStart = 21
)

// scanSegment reads batches up to the first that is not whole.
func scanSegment(path string) (scanned, error) {
	out := scanned{next: -1}
	f, err := os.Open(path)
	if err != nil {
		return out, err
	}
	defer func() { _ = f.Close() }() // only read from
	r := bufio.NewReaderSize(f, 1<<20)
	castagnoli := crc32.MakeTable(crc32.Castagnoli)
	var batch []byte
	for {
		head, err := r.Peek(batchPrefix)
		if err != nil {
			return out, ignoreEnd(err)
		}
		size := int(int32(binary.BigEndian.Uint32(head[8:])))
		if size < batchHeader-batchPrefix || size > maxRequestBytes {
			return out, nil
		}
		if size += batchPrefix; cap(batch) < size {
			batch = make([]byte, size)
		}
		batch = batch[:size]
		if _, err := io.ReadFull(r, batch); err != nil {
			return out, ignoreEnd(err)
		}
		if crc32.Checksum(batch[batchCRCStart:], castagnoli) != binary.BigEndian.Uint32(batch[17:]) {
			return out, nil
		}
		out.valid += int64(size)
		out.next = int64(binary.BigEndian.Uint64(batch)) + int64(int32(binary.BigEndian.Uint32(batch[23:]))) + 1
	}
}

func ignoreEnd(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}
