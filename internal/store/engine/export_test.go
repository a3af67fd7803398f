package engine

import "time"

// Probe has an engine that has not been started asked more often, for tests that wait for it.
func (e *Engine) Probe(every, patience time.Duration) {
	e.probeEvery, e.probePatience = every, patience
}
