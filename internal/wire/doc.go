// Package wire turns records into the bytes that travel through Kafka and back, and
// says why bytes are rejected.
//
// Decoding is strict and deterministic: wrong types, duplicate keys, unknown enum values
// and bytes that are not UTF-8 are rejected with the field at fault; unknown fields are
// ignored, so that newer writers can talk to older readers. Encoding is canonical, so
// the hash of the encoding is the hash of the content. The package does no I/O.
package wire
