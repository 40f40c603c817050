// Package hearback holds the vocabulary of the system: what people said
// ([Message]), what they worry about ([Concern]), who must reply and by when
// ([Case]), what was said back ([Answer]) and what happened then ([Outcome]).
//
// Data moves one way, and each step is one package under internal:
//
//	source → deident → topic → cluster → match → score → forecast → alert →
//	desk → evidence → answer → publish → measure
//
// A step imports only this package and packages to its left;
// internal/deps_test.go holds the line. Nothing here does I/O, and no type
// here describes a person who spoke: a Message carries words, a place and a
// time, never an author.
package hearback
