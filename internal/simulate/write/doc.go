// Package write writes simulated calls as the files of telephone systems, and says what
// is true of each such file.
//
// No format carries all that happens in a hotline: a queue log knows no menu, a table of
// seconds no milliseconds. Each format here therefore has a Carry, which reduces a call to
// what a reader can know of it at best, and sentences that say what is lost. The truth of a
// file is the count of its carried calls: whoever reads the file must get exactly that.
//
// The files hold telephone numbers in clear, as those of real systems do. They are made
// up, but may by chance be somebody's.
//
// The package reads no file, and knows nothing of how the sources read theirs: it follows
// the descriptions of the formats, not the decoders.
package write
