// Package cluster groups messages into concerns, and concerns into looser
// themes, one message at a time and in one pass.
//
// It proposes, people decide: what it joined can be split, what it kept apart
// can be merged, and both can be undone. It explains every assignment. It sees
// words only: no author, no source, no place but what the words name, and it
// keeps no text beyond the short words and phrases that label a concern.
package cluster

import (
	"time"

	"example.org/hearback"
)

// CopyWindow is how long a message is remembered to find copies of it.
const CopyWindow = 7 * 24 * time.Hour

// IdleAfter is how long a concern stays in memory without a new message.
const IdleAfter = 14 * 24 * time.Hour

// MaxLive is how many concerns are in memory at the most. Beyond that the
// oldest with one or two messages leave it.
const MaxLive = 20_000

// An Assignment says where a message belongs, and why.
type Assignment struct {
	Concern hearback.ID
	Theme   hearback.ID // its looser family
	CopyOf  hearback.ID // the message it repeats nearly word for word, or 0
	New     bool        // this message began the concern
	Score   float64     // how near it is to the concern: 0 to 1; 1 if New or a copy
	Why     []Reason    // if Options.Explain, but of copies and other languages always
}

// A Reason is one piece of the explanation of an assignment.
type Reason struct {
	Kind  string // one of the Why constants
	Text  string
	Value float64
}

// The kinds of reason.
const (
	WhyCopy     = "copy"             // Text: id of the message repeated; Value: how alike
	WhyShared   = "shared term"      // Text: the term; Value: its share of the likeness, 0 to 1
	WhyNearest  = "nearest rejected" // Text: id of the next concern; Value: how near it is
	WhyConflict = "conflict"         // Text: what kept the message and a like concern apart
	WhyTheme    = "theme"            // Text: id of the theme; Value: how near it is
	WhyMet      = "words that met"   // Text: two words of two languages; Value: weight of the pair
	WhyLink     = "proposed link"    // Text: id of a concern in another language that may be the same; Value: how like it is
)
