// Package tokens keeps who may post records: a name, what it may send, how much of it,
// and the hash of a secret, or the name in a client's certificate.
//
// Secrets are 256 random bits and shown once, when they are made; the file holds their
// SHA-256. A slow hash would protect passwords that people think up; there are none.
// The file is readable by its owner alone, is replaced as a whole, and is read again by
// those who use it whenever it changes.
//
// The package will not count what a token sends and will not answer requests.
package tokens
