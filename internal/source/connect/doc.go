// Package connect reads the contact records of Amazon Connect: objects of JSON, one a line
// or one behind the other, as they are delivered to a stream or a bucket.
//
// # What is one call
//
// Every transfer makes a contact of its own. All contacts of one InitialContactId are one
// call, whose id that is and whose arrival is the initial contact's; the others are
// ignored as "transfer_leg", and become its legs. A contact that calls somebody back who
// asked for it (InitiationMethod CALLBACK) is a call of its own, of direction callback;
// the contact it came of ends with callback_requested. Contacts are put together while no
// more than 10,000 others, or 32 MB, are between them in one input.
//
// Delivery is at least once and in pieces: the rest of a chain may come in another file.
// An initial contact alone tells what it knows. A contact of a queue transfer alone, that
// an agent answered, tells that the call was answered. The version is LastUpdateTimestamp
// in milliseconds; above it, in the bits from 2^42, stands for chains how much of them was
// known, so that a piece that is delivered once more does not replace the whole.
//
// The package counts voice only.
package connect
