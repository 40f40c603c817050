package hearback

import "time"

// An Outcome is what happened to a concern after it was answered: counts and
// comparisons, with the strongest claim they allow.
type Outcome struct {
	Answer   ID
	Concern  ID
	At       time.Time // when it was computed
	From     time.Time // when the answer was published
	Window   time.Duration
	Before   int64 // voices in Window before From
	After    int64 // voices in Window after From; only complete windows are compared
	Complete bool  // the window after From has passed
	Donors   int   // comparable concerns without an answer in that time
	DonorLog float64
	// DonorLog is the median of log((after+1)/(before+1)) over the donors;
	// meaningful only if Donors reaches MinDonors.
	Rank   float64 // share of the donors that fell as much or more, counting this one; 0 if not compared
	Level  int     // 0 to 3, notes on methods 5; software alone never goes above 1
	Text   string
	TextZH string
	Series []Point // hourly voices, from 72 h before to 72 h after
}

// Ends returns when the window after the answer is over: whole hours are
// compared, from the one after the answer on.
func (o *Outcome) Ends() time.Time {
	return o.From.Truncate(time.Hour).Add(time.Hour + o.Window)
}

// MinDonors is how many comparable concerns a comparison needs; with fewer the
// outcome says that it cannot tell (notes on methods 5, step 1).
const MinDonors = 40

// A Point is one bucket of a series.
type Point struct {
	At      time.Time // start of the bucket
	Voices  float64
	Missing bool // a source was down: not zero
}
