package office

import (
	"time"

	"example.org/hearback"
)

// A DrillRoom is the drill that is played in this instance, as the console
// shows and steers it; *drill.Player is one.
type DrillRoom interface {
	// Drill returns how the drill stands. Nobody changes what it points to.
	Drill() DrillState
	SetSpeed(speed float64)
	// PauseDrill lets the clock stand, or go on.
	PauseDrill(on bool)
	// EndDrill ends the drill before its time.
	EndDrill(by hearback.Actor)
}

// A DrillState is how a drill stands. Times are lengths after its start;
// negative ones have not come.
type DrillState struct {
	Title, TitleZH string
	Seed           uint64
	Start          time.Time
	Length, At     time.Duration
	Speed          float64 // times faster than life
	Paused, Ended  bool
	Posts, Sent    int
	Hidden         int         // how many concerns there are to find
	Names          []DrillName // of concerns
	Objectives     []DrillName // empty for the usual ones
	Concerns       []DrillConcern
	Expects        []DrillExpect
	Injects        []DrillInject
	Points         []DrillPoints
	Clocks         DrillClocks
	Median         time.Duration // from onset to finding
	VoiceHours     float64       // of concerns that had no answer yet
}

// A DrillName is something of a drill with its name for people, which may be
// "".
type DrillName struct{ Name, Title, TitleZH string }

// A DrillConcern is one thing that the drill hides among the messages, and what
// became of it.
type DrillConcern struct {
	DrillName
	ID         hearback.ID // of the concern that holds most of it, or 0
	Case       hearback.ID
	Onset      time.Duration // when the first day with five voices began
	Found      time.Duration // its first alert, or its case if that came first
	Opened     time.Duration // its case
	Answered   time.Duration // its first published answer
	VoiceHours float64       // until then
}

// A DrillExpect is something that should be true by a time, and what was seen.
// It is decided by the code that prints the table of "hearback drill".
type DrillExpect struct {
	Line    int
	What    string // concern, alert, case or deadline
	Concern string // its name in the drill
	Not     bool
	Missed  bool // a deadline should be missed
	By      time.Duration
	State   string        // "met", "late", "missed", "waits"
	At      time.Duration // when it was met, late or not
	Langs   []string
	Alert   hearback.AlertKind
	Case    hearback.CaseState
	Clock   hearback.DeadlineKind
	// What was seen when it was decided; HasCase and Due only for cases and
	// deadlines.
	Voices    int64
	Together  float64
	SeenLangs []string
	SeenAlert hearback.AlertKind
	HasCase   bool
	SeenCase  hearback.CaseState
	Due       time.Time
}

// A DrillInject is one line of the drill that lets something happen.
type DrillInject struct {
	Line    int
	What    string // "post", "outage" or "answer"
	At, End time.Duration
	Concern string
	Source  string
	Lang    string
	Desk    string
	N, Sent int // messages
}

// DrillPoints are the points of one item of the drill sheet.
type DrillPoints struct {
	Name  string
	State string // "given", "waits" for something to count, "rated" by the evaluator, "absent" from this drill
	Got   int
	Of    int
	// Value is what the points were given for: a share of 1, or hours for the
	// item "time".
	Value float64
}

// DrillClocks counts the deadlines of the cases of a drill.
type DrillClocks struct{ Met, Late, Running, P1Met, P1 int }

// A DrillOffer is a drill that can be started, with its name for the command.
type DrillOffer struct {
	Name, Title, TitleZH string
	Posts                int
	Length               time.Duration
}
