// Package deploy holds the files that run hotline somewhere else than in a
// checkout: compose, container image, service unit, and the configuration of
// the servers around it. It has no code, only tests that the files fit the
// program.
package deploy
