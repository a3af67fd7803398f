package hotline

import "strings"

// CallerPrevious is the attribute that carries the caller's pseudonym under the key that
// was in use before, in the overlap after the keys were rotated. A call is by the same
// caller as another when the pseudonym, or this one, of either is the pseudonym of the
// other.
const CallerPrevious = "caller_hash_previous"

// ErasedPrefix begins the pseudonym of a caller whose identity was erased. What follows is
// random: it keeps their calls together, so that repeat calls stay counted, and leads to
// nobody.
const ErasedPrefix = "erased."

// IsErased says whether a pseudonym is that of an erased caller.
func IsErased(pseudonym string) bool { return strings.HasPrefix(pseudonym, ErasedPrefix) }
