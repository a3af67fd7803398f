// Package subject finds what is held about one caller, writes it out, and takes the caller's
// identity away.
//
// A caller is named by one of their calls, or by their number, which exists only in memory:
// it becomes the pseudonyms it has under every key that is not retired. Erasing removes who
// called and never that somebody did: the calls go by a random name, the same for all of
// them, so that figures and repeat callers stay what they were. A list of the erased, by
// hashes of their pseudonyms, keeps whatever reads the log again from bringing them back.
//
// What the log of Kafka itself holds cannot be changed in place: it goes with the retention
// of the topics, and until then the package says how much of it there is.
package subject
