// Package people keeps who may use the pages: a name, a role, and either the hash of a
// token or the login by which a trusted proxy names them. Package credential says how they
// are kept.
//
// The package will not look at requests; package web does.
package people
