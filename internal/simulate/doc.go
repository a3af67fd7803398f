// Package simulate is a hotline that does not exist: callers, a menu, queues, agents and
// their day, as a discrete-event simulation that yields the call records a real hotline
// would have produced, and the exact truth about them.
//
// What becomes of a caller who waits is never drawn: callers have patience, agents take
// time, and losses arise from the two. The same scenario and seed always give the same
// calls, whatever moment a run begins or ends at: a day's callers depend on nothing but
// the seed and the date, and the simulation reads no clock. [Simulation.Live] alone
// looks at a clock, to hand over events when their time has come.
//
// The scenario "demo" is open round the clock from the beginning of the year it is looked at
// in: whoever looks, at whatever hour, sees a line that lives and days like today before it,
// and the year answers about 100,000 calls. When it began is kept beside the data ([Start]),
// so that a restart goes on with the same hotline.
//
// The package knows neither Kafka nor ClickHouse and writes no store. It makes telephone
// numbers, but hands them to nobody except the function that turns them into pseudonyms.
package simulate
