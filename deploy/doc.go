// Package deploy holds the files that run hotline somewhere else than in a
// checkout: compose, container image, service unit, and the configuration of
// the servers around it. Of these the rules of alerts and their routes are
// compiled into the program, which evaluates them itself on one machine. There
// is no other code, only tests that the files fit the program.
package deploy
