// Package seal has the chain of reports that were handed in: what each of them consists
// of, and how it is shown that nothing of it was changed since.
//
// An entry's manifest names every part (the bytes of the report in each format, the
// evidence behind it) by length and SHA-256, and the hash of the entry before. The hash of
// an entry is the SHA-256 of its manifest's bytes, so one hash that was noted elsewhere
// vouches for everything up to it.
//
// The package is pure: no clock, no I/O. Package store keeps entries and parts.
package seal
