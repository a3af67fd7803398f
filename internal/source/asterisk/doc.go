// Package asterisk reads what an Asterisk exchange writes about its calls: the queue_log,
// the call detail records of cdr-csv (Master.csv) and the channel events of cel-custom.
//
// In all three one call is many lines, and what a line means depends on earlier ones. A
// [Session] keeps that state in bounded memory: it reads line by line, goes on over
// rotated files, and can be saved and restored in the middle of a file that grows. The
// same lines in the same order always give the same records.
//
// Versions are counted per call: the ordinal of the line within the call. A call whose
// beginning was not in what was read begins with a number made of the line's time, so
// that it is newer than whatever an earlier file told of it.
//
// Numbers of callers leave the package only as pseudonyms and masks; they are in no
// state either. The package will not open files, will not follow them, and invents no
// outcome: a call that has no end in the log stays open.
package asterisk
