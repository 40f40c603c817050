package hearback

import (
	"fmt"
	"time"
)

// A Concern is a group of messages about one thing that people ask, claim,
// complain about or need. Its ID never changes and is never reused.
type Concern struct {
	ID       ID
	Theme    ID       // the looser family it belongs to; its own ID if alone
	Title    string   // drafted from its messages, or written by an officer
	Titled   bool     // an officer wrote Title: machines leave it alone
	Phrases  []string // of the commonest of its languages
	Labels   []Label  // its names in its languages, the commonest first
	State    ConcernState
	Into     ID // the concern it was merged into, while State is Merged
	First    time.Time
	Last     time.Time
	Messages int64 // with copies
	Copies   int64
	Voices   int64 // distinct voices, each counted once in 24 h
	Langs    map[string]int64
	Kinds    map[Kind]int64
	Areas    map[string]int64 // "" counts messages that name no place
	Fresh    []Place          // areas and languages that it was first heard in during the last day
	Recent   []ID             // its newest messages, newest first, at most RecentMessages
	Medoid   ID               // its most central message, or 0
	Score    Score
	Case     ID  // its newest case, or 0
	Answer   ID  // the published answer that serves it, or 0
	Version  int // counts writes
}

// A Label names a concern in one language that people speak of it in.
type Label struct {
	Lang     string   // base language
	Title    string   // drafted from the most central message; "" if that is gone
	Phrases  []string // that most tell the concern from others, as people wrote them
	Medoid   ID       // the most central message
	Messages int      // how many messages it was drawn from
}

// In returns the label in a language, or nil.
func (c *Concern) In(lang string) *Label {
	for i := range c.Labels {
		if c.Labels[i].Lang == lang {
			return &c.Labels[i]
		}
	}
	return nil
}

// RecentMessages is how many of its newest messages a concern keeps at hand.
const RecentMessages = 50

// VisibleVoices is how many distinct voices make a concern worth a row on a
// screen (notes on methods 2.1: promote at five).
const VisibleVoices = 5

// WatchedVoices is how many distinct voices make a concern worth watching:
// with fewer no alert can be raised.
const WatchedVoices = 3

// ConcernState says where a concern stands.
type ConcernState string

// The states of a concern.
const (
	Open   ConcernState = "open"
	Muted  ConcernState = "muted"  // known: raises no alert until it is resolved
	Merged ConcernState = "merged" // part of another; undoable
)

// A Score is what the parts of a concern's priority were at one moment. Every
// number in it can be opened to its terms.
type Score struct {
	At          time.Time
	Rules       string // version of the formulae, for example "score/2"
	Heat        Part
	Reach       Part
	Persistence Part
	Harm        Part
	Spread      float64   // L = .5 Heat + .2 Reach + .3 Persistence over the known parts
	Priority    float64   // sqrt(Harm × L)
	Low, High   float64   // 80 % interval of Priority
	Grade       string    // A to D, how much the numbers can be trusted
	Tier        Tier      // what stands: it rises by itself, a person lowers it
	Since       time.Time `json:",omitzero"` // when Tier became what it is: the clock of triage runs from there
	Matrix      Tier      // what the matrix of harm and spread says
	Why         string    // one sentence: why now, in plain English
	WhyZH       string    // the same in Chinese
	Flags       []string
	Unreached   []Place // areas and languages of the office that no source brought anything from
}

// A Part is one of the four parts of a priority, 0 to 100, with the terms it
// was made of. A part without data is not known: it is shown as "no data" and
// never counted as zero.
type Part struct {
	Value float64
	Known bool
	Terms []Term
}

// A Term is one input of a formula as it stood.
type Term struct {
	Name  string  // key of its label, for example "voices_decayed"
	Value float64 //
	Unit  string  // "voices", "sigma", "h", "people", …
}

// Tier is how soon a concern must be answered.
type Tier string

// The tiers, most urgent first.
const (
	P1    Tier = "P1"
	P2    Tier = "P2"
	P3    Tier = "P3"
	P4    Tier = "P4"
	Watch Tier = "watch"
)

// Tiers lists every tier, most urgent first.
func Tiers() []Tier { return []Tier{P1, P2, P3, P4, Watch} }

// Rank returns 0 for P1 to 4 for Watch, for sorting.
func (t Tier) Rank() int {
	for i, u := range Tiers() {
		if t == u {
			return i
		}
	}
	return len(Tiers())
}

// ParseTier reads a tier. It returns [ErrInvalid] for anything else.
func ParseTier(s string) (Tier, error) {
	for _, t := range Tiers() {
		if s == string(t) {
			return t, nil
		}
	}
	return "", fmt.Errorf("%w: %.20q is not a tier; use P1, P2, P3, P4 or watch", ErrInvalid, s)
}

// A HarmRating is what one person found a concern could do, on the anchors of
// notes on methods 3.4. Machines only suggest.
type HarmRating struct {
	Concern  ID
	By       ID  // account
	Severity int // 0 none … 4 death, violence, loss of vital service
	// Modifiers, each 0 to 4.
	Believable, Immediate, CallToAction, Vulnerable int
	Reason                                          string
	At                                              time.Time
}
