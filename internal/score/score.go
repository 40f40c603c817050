// Package score says how urgent a concern is, in numbers that anyone can
// recompute: Heat, Reach, Persistence and Harm, and from them Priority and
// Tier. Every formula is closed, every constant stands in rules.go, and every
// number carries the terms it was made of.
//
// It counts people, not clicks, and knows no person: its inputs are counts of
// voices in buckets. It reads no message, except that [Suggest] points at words
// that might help a person who rates harm.
package score
