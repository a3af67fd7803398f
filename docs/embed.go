// Package docs holds the pages of the documentation that the program shows itself. It is
// files and nothing else.
package docs

import "embed"

// Runbooks say what to do about each alert, in the folder runbooks.
//
//go:embed runbooks/*.md
var Runbooks embed.FS
