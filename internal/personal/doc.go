// Package personal recognises what identifies a person: telephone numbers, identity card
// numbers, bank card numbers. It brings numbers to one form, masks them, says where they
// are from, and takes them out of free text.
//
// It keeps nothing, makes no pseudonyms (package keys does), and will not look for names
// or addresses: those are not found by their form.
package personal
