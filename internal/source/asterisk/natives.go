package asterisk

import "hotline12333/internal/source"

// Natives are the formats of this package, by the names that descriptions give them.
func Natives() source.Natives {
	return source.Natives{
		"asterisk-queue-log": QueueLog{},
		"asterisk-cdr":       CDR{},
		"asterisk-cel":       CEL{},
	}
}
