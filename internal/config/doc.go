// Package config loads, checks, explains and writes the configuration of the
// program.
//
// The configuration is one root struct whose fields, the sections, are the
// Config structs of the components. Everything else is read off that struct:
// the keys of the YAML file, the names of the environment variables, the dumped
// file and the reference page. A value is taken from the last of these layers
// that sets it: default, file, environment, flag.
//
// Loading is strict. An unknown key, a key given twice, a number where text is
// wanted, a duration without a unit, an anchor or an alias is an error that
// names file, line and column, and all errors of a file are reported together.
//
// Struct tags the package understands:
//
//	yaml:"name"     the key; required on every field, "-" leaves a field out
//	doc:"…"         one English sentence; required on every field
//	unit:"bytes"    an integer that counts bytes, written as 16MiB; implied by
//	                a key that ends in _bytes
//	secret:"true"   a string that is never read from nor written to a
//	                configuration file; beside it must stand a field <name>_file
//
// The package does not watch files, does not merge several files, does not
// expand variables inside values, and knows no component: it calls their
// Validate and nothing more.
package config
