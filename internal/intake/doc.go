// Package intake takes records into Kafka: here from files, later over HTTP.
//
// An import reads files through a source, writes each accepted call to the topic of
// calls and each rejected row, sealed, to the topic of dead letters, and remembers how
// far the broker has acknowledged it. An interrupted import goes on from there under the
// same run id; what was on its way at that moment is written again, which changes no
// figure, for a call counts once.
//
// Nothing is dropped: read = accepted + ignored + rejected, per reason, and it is checked.
//
// The package will not map rows (package source), will not wait for ClickHouse, and
// writes no caller's number anywhere in clear: pseudonyms are made before a call gets
// here, and the bytes of rejected rows are sealed.
package intake
