//go:build race

package simulate

// raceEnabled says that times mean nothing.
const raceEnabled = true
