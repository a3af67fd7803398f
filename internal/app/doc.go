// Package app wires the components into the things a person starts: everything on one
// machine, one role of several, a one-shot analysis, an import. It is the only package
// that knows all others; it holds no logic of the hotline itself.
package app
