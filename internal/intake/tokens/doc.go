// Package tokens keeps who may post records: a name, what it may send, how much of it,
// and the hash of a secret, or the name in a client's certificate. Package credential says
// how they are kept.
//
// The package will not count what a token sends and will not answer requests.
package tokens
