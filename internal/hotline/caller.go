package hotline

// CallerPrevious is the attribute that carries the caller's pseudonym under the key that
// was in use before, in the overlap after the keys were rotated. A call is by the same
// caller as another when the pseudonym, or this one, of either is the pseudonym of the
// other.
const CallerPrevious = "caller_hash_previous"
