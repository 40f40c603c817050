package open311

import (
	"time"

	"example.org/hearback"
)

// Sent is a case that was sent to a city's own desk.
type Sent struct {
	Case    hearback.ID
	Desk    string // slug of our desk whose endpoint it went to
	Said    string // what was sent
	Request string // its number there; "" until it is known
	Token   string // by which the number can be asked for
	Status  string // as the other desk says; Waiting until it took it, Refused if it did not
	Note    string
	At      time.Time
	Asked   time.Time // when it was last asked about
}

// What a case is before the other desk has said anything of it, and when that
// desk does not take it.
const (
	Waiting = "waiting"
	Refused = "refused"
	Closed  = "closed"
)
