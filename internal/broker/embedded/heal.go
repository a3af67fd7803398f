package embedded

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"log/slog"
	"os"
)

// kfake appends group commits to groups.log, each entry as length, checksum
// and content, and stops reading at the first broken one. It neither removes
// that one nor keeps from appending behind it, so that after the next crash all
// later commits would be forgotten.

const (
	entryPrefix   = 8 // length and checksum
	minEntryBytes = 2 // the entry's version
	maxEntryBytes = 1 << 20
)

// healGroupsLog takes broken entries out of the file. A file without a single
// good one is left alone: it is not of the form known here.
func healGroupsLog(path string, log *slog.Logger) error {
	raw, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	good := goodEntries(raw)
	if len(good) == 0 || len(good) == len(raw) {
		return nil
	}
	log.Warn("broken entries removed from the log of commits", "path", path, "bytes", len(raw)-len(good))
	return writeSynced(path, good)
}

// goodEntries gives the entries whose checksum holds, wherever they begin.
func goodEntries(raw []byte) []byte {
	good := make([]byte, 0, len(raw))
	for pos := 0; pos < len(raw); {
		n := entryAt(raw[pos:])
		if n == 0 {
			pos++
			continue
		}
		good = append(good, raw[pos:pos+n]...)
		pos += n
	}
	return good
}

// entryAt is the size of the whole entry at the start of b, 0 if there is none.
func entryAt(b []byte) int {
	if len(b) < entryPrefix+minEntryBytes {
		return 0
	}
	n := int(binary.LittleEndian.Uint32(b))
	if n < minEntryBytes || n > maxEntryBytes || n > len(b)-entryPrefix {
		return 0
	}
	content := b[entryPrefix : entryPrefix+n]
	if crc32.Checksum(content, crc32.MakeTable(crc32.Castagnoli)) != binary.LittleEndian.Uint32(b[4:]) {
		return 0
	}
	return entryPrefix + n
}
