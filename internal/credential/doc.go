// Package credential keeps who may do something: holders, each with a name, what its kind
// adds, and the hash of a secret, in a file.
//
// Secrets are 256 random bits and shown once, when they are made; the file holds their
// SHA-256. A slow hash would protect passwords that people think up; there are none.
// The file is readable by its owner alone, is replaced as a whole, and is read again by
// those who use it whenever it changes.
//
// The package will not say what a holder may do, and will not answer requests.
package credential
