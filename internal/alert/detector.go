package alert

import (
	"math"
	"time"
)

// The constants of the detector. They are the same for every concern and for
// the detect filter; only [Limits] moves, with what officers say of alerts.
const (
	lambda     = 0.3  // weight of the newest hour's residual in the fast statistic
	ratio      = 2.0  // the slow statistic looks for a rate this many times the usual one
	halfLife   = 168  // hours after which what was learned counts half
	guardHours = 24   // newest hours that are not learned from yet, so that a burst does not hide itself
	winsor     = 3.0  // counts above this many standard deviations are learned as if they were there
	priorDisp  = 0.2  // 1/k: extra variance of counts before anything is known (k = 5)
	dispHours  = 48.0 // how many informative hours of data that prior weighs
	minDisp    = 1e-3 // counts of people are never smoother than this
	priorRate  = 1.0  // voices in an hour before anything is known
	priorHours = 1.0  // how many hours of data that prior weighs
	smallVar   = 0.04 // extra variance that keeps two voices in a silent hour from being a marvel
	openHours  = 3.0  // until then the level follows the newest counts too
	youngHours = 48.0 // until then there is no statistical alert, and the daily cycle is not known
	youngDisp  = 1.0  // extra variance at age 0 for the cycle that is not known yet
	clipZ      = 40.0 // residuals beyond are all the same: one bucket cannot dominate a day
	scaleHours = 96.0 // how many hours of data the prior of the spread of the fast statistic weighs
	clipScale  = 6.0  // statistics beyond this many spreads teach no more spread
	maxScale   = 3.0  // the spread grows to so many times that of independent residuals: one long burst does not deafen
	slowClip   = 40.0 // the slow statistic stays below, so that it also comes down again
	minExposed = 1.0 / 64
	maxExposed = 64.0
)

// A Bucket is what one stretch of time brought.
type Bucket struct {
	At       time.Time // its start
	Length   time.Duration
	Voices   float64 // distinct voices, new ones in it
	Missing  bool    // its source was down: nothing is learned from it
	Exposure float64 // how busy it is usually: [Rhythm.Factor], times the source's volume over its usual one; 0 means 1
}

// lambdaOf is the weight of the newest bucket in the fast statistic. Buckets
// shorter than an hour weigh less each, but together much more than one hour:
// a crisis is told within minutes, and a single odd bucket is not one.
func lambdaOf(hours float64) float64 {
	if hours == 1 {
		return lambda
	}
	return min(max(lambda*math.Pow(hours, 1.0/6), lambda/3), lambda)
}

// A Reading is what the detector says of one bucket.
type Reading struct {
	At       time.Time // end of the bucket
	Length   time.Duration
	Observed float64
	Expected float64
	Spread   float64   // standard deviation of Observed around Expected
	Residual float64   // (Observed − Expected) / Spread, clipped
	Fast     float64   // smoothed residuals in units of their own spread
	Slow     float64   // cumulative log likelihood ratio of a doubled rate
	Rose     time.Time // when the fast statistic rose above one spread
	Since    time.Time // when the slow statistic left zero last
	Day      float64   // voices of the last 24 h
	Usual    float64   // voices expected in an ordinary 24 h
	Age      time.Duration
	Missing  bool
	lambda   float64
	before   float64 // smoothed residual before this bucket
	scale    float64 // spread of the smoothed residual, with fastTail
	disp     float64
	slow     float64 // slow statistic before this bucket, without weight
	weight   float64 // of the slow statistic
}

// A Detector follows the counts of one concern, or of one CSV column, in
// constant time and about 230 bytes. The zero value is a new one. It models
// counts as negative binomial around a level that forgets with a half-life of
// a week and lags 24 h behind, so that a burst is judged by what came before
// it. It is not safe for many goroutines.
type Detector struct {
	last  int64 // end of the newest bucket, µs; 0 if there is none
	first int64 // start of the oldest bucket, µs
	since int64 // when slow left zero, µs

	ring [guardHours]past // the hours before the one under way, by hour of time modulo 24
	now  float32          // voices of the hour under way
	part float32          // its exposure so far
	calm float32          // its voices to learn from (winsorised)

	sumX, sumE float64 // learned voices, and exposure in hours
	dispN      float32 // weighted excess variance, and weight
	dispW      float32
	smooth     float32 // EWMA of residuals
	spreadN    float32 // weighted squares of it, and weight
	spreadW    float32
	slow       float32
	hour       int32 // the hour under way, in hours since 1970
	rows       uint32

	rose    int64      // when the fast statistic rose above one spread, µs
	alerted [2]int64   // when the fast and the slow statistic last alerted, µs
	top     [2]float32 // what they were then
	fired   [2]bool    // they have not come down since
}

// A past is one hour that is over, in four bytes.
type past struct {
	voices uint16 // upper half of a float32: exact to 256, then to 0.4 %
	seen   uint8  // exposure in code, 0 for none
	share  uint8  // of the voices to learn from, in 1/255
}

func (p past) count() float64 { return float64(math.Float32frombits(uint32(p.voices) << 16)) }

func (p past) calm() float64 { return p.count() * float64(p.share) / 255 }

// pack rounds a count to what a past holds.
func pack(x float32) uint16 { return uint16((math.Float32bits(x) + 0x8000) >> 16) }

// code packs an exposure in one byte: sixteen steps to a doubling.
func code(e float64) uint8 {
	if e <= 0 {
		return 0
	}
	return uint8(min(max(math.Round(16*math.Log2(e))+128, 1), 255))
}

// decoded are the exposures that code packs.
var decoded = func() (list [256]float64) {
	for c := 1; c < len(list); c++ {
		list[c] = math.Exp2((float64(c) - 128) / 16)
	}
	return list
}()

const hour = int64(time.Hour / time.Microsecond)

// Age returns for how long the detector has been watching, up to t.
func (d *Detector) Age(t time.Time) time.Duration {
	if d.last == 0 {
		return 0
	}
	return time.Duration(t.UnixMicro()-d.first) * time.Microsecond
}

// Step takes in the next bucket and returns what it means. A bucket that
// starts before the end of the newest one is not taken in twice: it returns a
// Reading that is Missing. Buckets left out count as missing.
func (d *Detector) Step(b Bucket) Reading {
	start := b.At.UnixMicro()
	length := max(b.Length.Microseconds(), 1)
	hours := float64(length) / float64(hour)
	if d.last == 0 {
		d.first, d.last = start, start
		d.hour = int32(start / hour)
	}
	r := Reading{At: b.At.Add(b.Length), Length: b.Length, Observed: b.Voices, Missing: true}
	if start < d.last {
		return r
	}
	d.advance(start)
	exposure := 1.0
	if b.Exposure > 0 { // and so is a number
		exposure = min(max(b.Exposure, minExposed), maxExposed)
	}
	age := float64(start-d.first) / float64(hour)
	x := b.Voices
	bad := !(x >= 0 && x <= maxCount)
	rate, known := d.rate(age)
	disp := d.dispersion()
	young := max(0, 1-age/youngHours) * youngDisp
	mu := rate * exposure * hours
	sd := math.Sqrt(mu + mu*mu*(disp+young+1/(known+1)) + smallVar)
	r.Expected, r.Spread = mu, sd
	lam := lambdaOf(hours)
	scale := d.scale(lam)
	r.lambda, r.before, r.scale, r.weight = lam, float64(d.smooth), scale*fastTail(rate), slowTail(rate)
	r.slow, r.disp = float64(d.slow), disp
	r.Fast, r.Slow = r.before/r.scale, r.slow/r.weight
	r.Age = time.Duration(start+length-d.first) * time.Microsecond
	r.Usual = 24 * rate
	d.last = start + length
	if b.Missing || bad {
		r.Day = d.day()
		return r
	}
	r.Missing = false
	z := min(max((x-mu)/sd, -clipZ), clipZ)
	r.Residual = z
	d.smooth = float32((1-lam)*r.before + lam*z)
	r.Fast = float64(d.smooth) / r.scale
	d.slow = float32(slowStep(float64(d.slow), x, mu, disp))
	r.Slow = float64(d.slow) / r.weight
	if r.slow == 0 && d.slow > 0 || d.since == 0 {
		d.since = start
	}
	if was := r.before / r.scale; was < 1 && r.Fast >= 1 || d.rose == 0 {
		d.rose = start
	}
	r.Since, r.Rose = time.UnixMicro(d.since).UTC(), time.UnixMicro(d.rose).UTC()

	d.learnSpread(hours, scale)
	d.learnDispersion(x, mu, sd, hours)
	d.now += float32(x)
	d.part += float32(exposure * hours)
	if age < openHours {
		d.calm += float32(x) // nothing is known yet that could call a count too high
	} else {
		d.calm += float32(min(x, mu+winsor*sd))
	}
	d.rows++
	r.Day = d.day()
	return r
}

// at returns the place of an hour in the ring.
func at(h int64) int { return int((h%guardHours + guardHours) % guardHours) }

// advance moves to the hour of start: hours that leave the guard are learned.
func (d *Detector) advance(start int64) {
	from, to := int64(d.hour), start/hour
	if to <= from {
		return
	}
	d.hour = int32(to)
	// Before the hour under way takes its place in the ring, the one that was
	// there a day ago leaves it and is learned.
	for h := from; h < min(to, from+guardHours); h++ {
		d.forgetHour()
		p := &d.ring[at(h)]
		if p.seen != 0 {
			d.sumX += p.calm()
			d.sumE += decoded[p.seen]
		}
		*p = past{}
		if h == from && d.part > 0 {
			*p = past{pack(d.now), code(float64(d.part)), 255}
			if d.now > 0 {
				p.share = uint8(math.Round(255 * float64(min(d.calm/d.now, 1))))
			}
		}
	}
	d.now, d.part, d.calm = 0, 0, 0
	for h := from + guardHours; h < min(to, from+guardHours+5*halfLife); h++ {
		d.forgetHour()
	}
}

var forgetting = math.Exp2(-1.0 / halfLife)

func (d *Detector) forgetHour() {
	d.sumX *= forgetting
	d.sumE *= forgetting
}

// rate returns the usual voices in an hour of exposure 1, and how many voices
// that rests on. In the first two days it rests on the older half of all.
func (d *Detector) rate(age float64) (rate, known float64) {
	x, e := d.sumX, d.sumE
	if age < 2*guardHours {
		now := int64(d.hour)
		for h := now - guardHours; h < now && float64(now-h) >= age/2; h++ {
			if p := d.ring[at(h)]; p.seen != 0 {
				x += p.calm()
				e += decoded[p.seen]
			}
		}
		if age < openHours {
			x, e = x+float64(d.now), e+float64(d.part)
		}
	}
	return (x + priorRate*priorHours) / (e + priorHours), x + priorRate*priorHours
}

// day sums the voices of the last 24 h. The oldest hour of the ring began up to
// 25 h ago, and counts by what is left of the hour under way.
func (d *Detector) day() float64 {
	voices := float64(d.now)
	for _, p := range d.ring {
		voices += p.count()
	}
	over := min(float64(d.last-int64(d.hour)*hour)/float64(hour), 1)
	return voices - over*d.ring[at(int64(d.hour))].count()
}

func (d *Detector) dispersion() float64 {
	return max((dispHours*priorDisp+float64(d.dispN))/(dispHours+float64(d.dispW)), minDisp)
}

// Counts of few are more skewed than counts of many, and reach a high value of
// the fast statistic more often and one of the slow statistic less often. These
// weights make one limit hold the same rate of false alarms from a voice in ten
// hours to a hundred an hour. They were fitted to made-up concerns, within 10 %.
func fastTail(rate float64) float64 { return 1 + 0.2/(1+math.Pow(rate/0.6, 0.8)) }

func slowTail(rate float64) float64 { return 1 - 0.45/(1+rate/0.3) }

// learnDispersion learns 1/k by moments. A bucket that expects few voices says
// little of it, and weighs little.
func (d *Detector) learnDispersion(x, mu, sd, hours float64) {
	keep := float32(math.Exp2(-hours / halfLife))
	e := min(x-mu, winsor*sd)
	w := mu / (mu + 1)
	w *= w * w * hours
	d.dispN = d.dispN*keep + float32(w*(e*e-mu)/(mu*mu))
	d.dispW = d.dispW*keep + float32(w)
}

// scale is the spread of the smoothed residual. For independent residuals it
// is √(λ/(2−λ)); real streams follow themselves, and have more.
func (d *Detector) scale(lambda float64) float64 {
	white := lambda / (2 - lambda)
	return math.Sqrt(min(max((scaleHours*white+float64(d.spreadN))/(scaleHours+float64(d.spreadW)), white), maxScale*maxScale*white))
}

func (d *Detector) learnSpread(hours, scale float64) {
	keep := float32(math.Exp2(-hours / halfLife))
	v := min(max(float64(d.smooth), -clipScale*scale), clipScale*scale)
	d.spreadN = d.spreadN*keep + float32(hours*v*v)
	d.spreadW = d.spreadW*keep + float32(hours)
}

// slowStep adds one bucket to the cumulative sum of log likelihood ratios of a
// negative binomial with a rate ratio times as high (Page 1954; Höhle and Paul
// 2008 for counts).
func slowStep(s, x, mu, disp float64) float64 {
	gain, cost := slowTerms(mu, disp)
	return min(max(0, s+x*gain-cost), slowClip)
}

// slowTerms are what one voice adds to the slow statistic, and what a bucket
// takes away.
func slowTerms(mu, disp float64) (gain, cost float64) {
	k := 1 / disp
	return math.Log(ratio * (k + mu) / (k + ratio*mu)), k * math.Log((k+ratio*mu)/(k+mu))
}
