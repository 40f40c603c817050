package alert

import (
	"math"
	"time"

	"example.org/hearback"
)

// The constants of the rules that need no statistics.
const (
	harmLimit    = 75 // harm from here on is an emergency
	leastVoices  = 5  // fewer in 24 h never alert
	novelVoices  = 3  // from two sources within novelWithin
	novelAlone   = 5  // from one source
	novelWithin  = 6  // hours
	spreadVoices = 3  // of a place, source or language that is new to a concern
	voidVoices   = 15 // before unanswered questions are a void
	voidShare    = 0.4
	refractory   = 24 * time.Hour
	repeatVoid   = 72 * time.Hour
	repeatHarm   = 24 * time.Hour
	repeatSlow   = 7 * 24 * time.Hour
	slowAfter    = 72 * time.Hour // a slow burn after a rise is the same news
	settle       = 8              // buckets after an alert in which the statistic still follows the same rise
	riseAgain    = 7.1            // three standard deviations of residuals: a rise on top of an alert is news
)

// Fires reports whether the reading that [Detector.Step] has just returned is
// news: it passes a limit, at least five voices in 24 h stand behind it, a day
// has passed since the last alert, and the statistic came down to half its
// limit in between. A rise to twice of what was told, and by three standard
// deviations, is news at once. Call it once for each reading.
func (d *Detector) Fires(r Reading, l Limits) (fast, slow bool) {
	if r.Missing {
		return false, false
	}
	fast = d.fire(0, r, r.Fast, l.Fast)
	slow = d.fire(1, r, r.Slow, l.Slow)
	if slow && d.alerted[0] != 0 && r.At.UnixMicro()-d.alerted[0] < slowAfter.Microseconds() {
		slow = false
	}
	return fast, slow
}

func (d *Detector) fire(i int, r Reading, stat, limit float64) bool {
	if stat < limit/2 {
		d.fired[i] = false
	}
	if stat < limit || r.Day < leastVoices {
		return false
	}
	now, top := r.At.UnixMicro(), float64(d.top[i])
	if d.alerted[i] != 0 && now-d.alerted[i] < settle*r.Length.Microseconds() {
		// The statistic is still on its way up to what the first buckets said.
		d.top[i] = max(d.top[i], float32(stat))
		return false
	}
	fresh := !d.fired[i] && (d.alerted[i] == 0 || now-d.alerted[i] >= refractory.Microseconds())
	again := i == 0 && d.alerted[i] != 0 && stat >= 2*top && stat >= top+riseAgain
	if !fresh && !again {
		return false
	}
	d.fired[i], d.alerted[i], d.top[i] = true, now, float32(stat)
	return true
}

// Facts is what the rules look at, for one concern at the end of an hour.
type Facts struct {
	Concern   *hearback.Concern
	Reading   Reading
	Detector  *Detector // that gave Reading; without it nothing but Last keeps an alert from repeating
	Sources   int       // that it came from in the last six hours
	Six       float64   // voices of the last six hours
	Tier      hearback.Tier
	Answered  bool
	Last      map[hearback.AlertKind]time.Time // when each kind was last raised for it
	Outcome   *hearback.Outcome                // of its published answer, once its windows are over; nil before
	Like      float64                          // how like a closed or long idle concern it is, 0 to 1; 0 if like none
	LikeWhich hearback.ID                      // that concern
	Idle      time.Duration                    // how long nothing was heard of it before the last six hours; 0 if it was never away
	Closed    bool                             // its newest case is closed
	Reached   []hearback.Place                 // where it was heard for the first time in the last 24 h
	Words     []string
	OneSource bool // the deployment listens to one source only
	Warm      bool // judge by statistics before 48 h: only where nothing else would speak
}

// likeClosed is how like a closed concern a new one must be to be its return.
const likeClosed = 0.3

// A concern comes back when nothing was heard of it for a week, or for a day
// if its case was closed. (A week is how far the detectors remember well: half
// of their weight. Proposed, not measured.)
const (
	idleOpen   = 7 * 24 * time.Hour
	idleClosed = 24 * time.Hour
)

// An answer did not work if more than half of the comparable concerns without
// one fell as much or more, and the concern is still spread so far (notes on
// methods 4).
const (
	noEffectRank   = 0.5
	noEffectSpread = 50
)

// NoEffectAfter is how long after an answer went out it is judged.
const NoEffectAfter = 48 * time.Hour

// Rules is the version of the rules, kept with every alert.
const Rules = "alert/2"

// noEffect reports whether a concern is still asked about as before although
// its answer is out: compared with others where there are enough, and with
// itself where not. stat and limit say by which figure.
func noEffect(f Facts) (stat, limit float64, yes bool) {
	o := f.Outcome
	switch {
	case o == nil || !o.Complete || f.Reading.At.Sub(o.From) < NoEffectAfter || f.Concern.Score.Spread < noEffectSpread:
		return 0, 0, false
	case o.Rank > 0:
		return o.Rank, noEffectRank, o.Rank > noEffectRank
	}
	return float64(o.After), float64(o.Before), o.After >= o.Before && o.After >= leastVoices
}

// Judge returns the alerts that the facts ask for, at most one of each kind.
// A muted concern only alerts for harm.
func Judge(f Facts, l Limits) []hearback.Alert {
	var list []hearback.Alert
	r := f.Reading
	raise := func(kind hearback.AlertKind, again time.Duration, a hearback.Alert) {
		if last, ok := f.Last[kind]; ok && r.At.Sub(last) < again {
			return
		}
		a.Kind, a.Concern, a.At, a.Rules, a.Sources = kind, f.Concern.ID, r.At, Rules, f.Sources
		if a.Words == nil {
			a.Words = f.Words
		}
		if a.Since.IsZero() {
			a.Since = r.At.Add(-r.Length)
		}
		list = append(list, a)
	}
	const day = 24 * time.Hour
	if f.Tier == hearback.P1 {
		raise(hearback.AlertHarm, repeatHarm, hearback.Alert{
			Observed: r.Day, Expected: r.Usual, Window: day, Since: f.Concern.First, Stat: f.Concern.Score.Harm.Value, Limit: harmLimit,
		})
	}
	fast, slow := r.Fast >= l.Fast && r.Day >= leastVoices, r.Slow >= l.Slow && r.Day >= leastVoices && r.Fast < l.Fast
	wait := refractory
	if f.Detector != nil {
		if fast, slow = f.Detector.Fires(r, l); fast {
			wait = 0 // the detector knows better when a rise is news
		}
	}
	if f.Concern.State == hearback.Muted || r.Missing {
		return list
	}
	old := f.Warm || r.Age >= youngHours*time.Hour
	if old && fast {
		raise(hearback.AlertRising, wait, hearback.Alert{
			Observed: r.Observed, Expected: r.Expected, Stat: r.Fast, Limit: l.Fast, Window: r.Length, Since: r.Rose, Unless: r.unlessFast(l.Fast), Spread: r.Spread,
		})
	}
	if old && slow && !fast {
		raise(hearback.AlertSlowBurn, repeatSlow, hearback.Alert{
			Observed: r.Day, Expected: r.Usual, Stat: r.Slow, Limit: l.Slow, Window: day, Since: r.Since, Unless: r.unlessSlow(l.Slow),
		})
	}
	const once = 1 << 62
	if need := novelNeed(f); !old && f.Six >= need && !thanks(f.Concern) && r.At.Sub(f.Concern.First) < youngHours*time.Hour {
		kind := hearback.AlertNovel
		stat, limit := f.Six, need
		if f.Like >= likeClosed {
			kind, stat, limit = hearback.AlertRecurring, f.Like, likeClosed
		}
		a := hearback.Alert{
			Observed: f.Six, Expected: 0, Stat: stat, Limit: limit, Window: novelWithin * time.Hour, Since: f.Concern.First, Unless: need - 1,
		}
		if kind == hearback.AlertRecurring {
			a.Like = f.LikeWhich
		}
		raise(kind, once, a)
	}
	// The same concern again, after it was away.
	if need := novelNeed(f); f.Six >= need && (f.Idle >= idleOpen || f.Closed && f.Idle >= idleClosed) {
		raise(hearback.AlertRecurring, f.Idle, hearback.Alert{
			Observed: f.Six, Expected: 0, Stat: f.Six, Limit: need, Window: novelWithin * time.Hour, Since: r.At.Add(-novelWithin * time.Hour), Unless: need - 1,
			Idle: f.Idle,
		})
	}
	if r.At.Sub(f.Concern.First) >= youngHours*time.Hour {
		var reached []hearback.Place
		voices := 0.0
		for _, p := range f.Reached {
			if p.Voices >= spreadVoices {
				reached = append(reached, p)
				voices = math.Max(voices, float64(p.Voices))
			}
		}
		if len(reached) > 0 && r.Day >= leastVoices {
			raise(hearback.AlertSpreading, refractory, hearback.Alert{
				Observed: voices, Expected: 0, Stat: voices, Limit: spreadVoices, Window: day, Since: reached[0].At, Reached: reached,
				Unless: max(spreadVoices-1, leastVoices-1-(r.Day-voices)),
			})
		}
	}
	if q, n := float64(f.Concern.Kinds[hearback.Question]), float64(f.Concern.Messages); !f.Answered && f.Concern.Voices >= voidVoices && n > 0 && q >= voidShare*n {
		raise(hearback.AlertVoid, repeatVoid, hearback.Alert{
			Observed: float64(f.Concern.Voices), Stat: q / n, Limit: voidShare, Since: f.Concern.First, Window: r.At.Sub(f.Concern.First), Unless: voidVoices - 1,
		})
	}
	if stat, limit, yes := noEffect(f); yes {
		o := f.Outcome
		raise(hearback.AlertNoEffect, repeatSlow, hearback.Alert{
			Observed: float64(o.After), Expected: float64(o.Before), Stat: stat, Limit: limit, Window: o.Window, Since: o.From, Answer: o.Answer,
		})
	}
	return list
}

// thanks reports whether most messages of a concern thank somebody: nobody waits
// for an answer to them, so that they began is no news.
func thanks(c *hearback.Concern) bool { return 2*c.Kinds[hearback.Thanks] > c.Messages }

// novelNeed is how many voices make a new concern worth an alert: fewer when
// two sources agree.
func novelNeed(f Facts) float64 {
	if f.Sources >= 2 {
		return novelVoices
	}
	return novelAlone
}

// unlessFast returns the most voices in the bucket with which the fast
// statistic would have stayed below limit, or too few voices in 24 h behind it.
func (r Reading) unlessFast(limit float64) float64 {
	z := (limit*r.scale - (1-r.lambda)*r.before) / r.lambda
	return math.Max(math.Max(0, math.Ceil(r.Expected+z*r.Spread)-1), r.tooFew())
}

// tooFew is the most voices in the bucket that leave the day below the least.
func (r Reading) tooFew() float64 { return math.Ceil(leastVoices-(r.Day-r.Observed)) - 1 }

// unlessSlow returns the most voices in the last 24 h with which the slow
// statistic would have stayed below limit, all hours but the newest as they
// were.
func (r Reading) unlessSlow(limit float64) float64 {
	gain, cost := slowTerms(r.Expected, r.disp)
	x := math.Ceil((limit*r.weight-r.slow+cost)/gain) - 1
	return math.Max(0, r.Day-r.Observed+math.Max(x, r.tooFew()))
}

// A Silence watches one source. It alerts when so few messages for two buckets
// on end have a chance below one in a thousand.
type Silence struct {
	Detector Detector
	low      int
}

const (
	silentChance  = 0.001
	silentBuckets = 2
)

// Step takes in the next bucket of a source and returns the alert that begins
// with it, if one does. The baseline forgets nothing while the source is
// silent.
func (s *Silence) Step(source hearback.ID, b Bucket) (hearback.Alert, bool) {
	r := s.Detector.Step(b)
	if r.Missing || r.Age < youngHours*time.Hour {
		return hearback.Alert{}, false
	}
	chance := atMost(b.Voices, r.Expected, r.disp)
	if chance >= silentChance {
		s.low = 0
		return hearback.Alert{}, false
	}
	s.low++
	if s.low != silentBuckets {
		return hearback.Alert{}, false
	}
	return hearback.Alert{
		Source: source, Kind: hearback.AlertSilent, Rules: Rules, At: r.At, Since: r.At.Add(-silentBuckets * r.Length), Observed: b.Voices, Expected: r.Expected,
		Stat: -math.Log10(max(chance, 1e-300)), Limit: -math.Log10(silentChance), Window: silentBuckets * r.Length, Spread: r.Spread, Unless: r.enough(),
	}, true
}

// enough is the least count with which a bucket of a source would not have
// been called silent.
func (r Reading) enough() float64 {
	n := 0.0
	for n < r.Expected && atMost(n, r.Expected, r.disp) < silentChance {
		n++
	}
	return n
}

// atMost is the chance that a negative binomial count of mean mu and
// dispersion disp is x or less.
func atMost(x, mu, disp float64) float64 {
	if x < 0 {
		return 0
	}
	k := 1 / disp
	p := math.Exp(-k * math.Log1p(mu/k)) // of none
	sum := p
	for i := 1.0; i <= x && i < 1e6; i++ {
		p *= (k + i - 1) / i * (mu / (mu + k))
		sum += p
		if i > mu && p < 1e-12 {
			break
		}
	}
	return min(sum, 1)
}

// Shares of a clock at which a deadline is told of.
var deadlineMarks = [...]float64{1, 0.8, 0.5}

// Deadline returns the alert about one deadline of a case of whose clock share
// is over, if it has passed a mark (half, four fifths or all of its time) that
// is greater than told, the mark it was last told of, or 0.
func Deadline(c *hearback.Case, d hearback.Deadline, share float64, now time.Time, told float64) (a hearback.Alert, mark float64, ok bool) {
	if !d.Running() || c.State == hearback.CaseClosed {
		return a, told, false
	}
	for _, mark := range deadlineMarks {
		if share < mark {
			continue
		}
		if mark <= told {
			break
		}
		return ofClock(c, d, share, mark, now), mark, true
	}
	return a, told, false
}

// Escalation returns the alert of one step of the chain of a desk, for those
// who are told at that step.
func Escalation(c *hearback.Case, d hearback.Deadline, share float64, now time.Time, step int, to []string) hearback.Alert {
	a := ofClock(c, d, share, min(share, 1), now)
	a.Step, a.To = step, to
	return a
}

func ofClock(c *hearback.Case, d hearback.Deadline, share, mark float64, now time.Time) hearback.Alert {
	return hearback.Alert{
		Concern: c.Concern, Kind: hearback.AlertDeadline, Rules: Rules, At: now, Since: c.Since, Stat: share, Limit: mark, Window: now.Sub(c.Since),
		Case: c.ID, Clock: d.Kind, Due: d.Due,
	}
}
