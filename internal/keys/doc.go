// Package keys keeps the secrets of the intake: what turns a caller's number into a
// pseudonym that cannot be reversed by trying all numbers, and what seals the bytes of
// rejected records so that only their owner can open them.
//
// The keys lie in one file, readable by its owner alone, outside of the data: who gets
// hold of the store, a backup or a topic has no key to it. Losing the file loses no
// figure; it makes later calls of a caller look like another caller's, and the sealed
// bytes unreadable.
//
// The package will not store numbers, and will not send keys anywhere.
package keys
