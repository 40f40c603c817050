package hearback

import "time"

// A Message is one thing somebody said in public, after de-identification. It
// carries words, a coarse place, a time and a source. It has no author, and
// nothing from which one could be found.
type Message struct {
	ID      ID
	Source  ID
	At      time.Time // when it was said, as far as the source tells
	Seen    time.Time // when it came in
	Text    string    // masked, valid UTF-8
	Lang    string    // BCP 47 base language, or "und"
	Kind    Kind
	Area    string   // coarse area as the operator names it, or ""
	Masked  []string // kinds of things masked in Text, sorted, for example "phone"
	CopyOf  ID       // the message this repeats nearly word for word, or 0
	Concern ID       // the concern it was grouped into, or 0
}

// Kind is what a message asks of the office: never what it thinks of it.
type Kind string

// The kinds of message, by need.
const (
	Question   Kind = "question"   // asks for information
	Claim      Kind = "claim"      // states something as fact
	Complaint  Kind = "complaint"  // reports a failing
	Need       Kind = "need"       // asks for help or goods
	Suggestion Kind = "suggestion" // proposes a change
	Thanks     Kind = "thanks"
	Other      Kind = "other"
)

// Kinds lists every Kind in the order screens show them.
func Kinds() []Kind {
	return []Kind{Question, Claim, Complaint, Need, Suggestion, Thanks, Other}
}
