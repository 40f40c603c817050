// Package forecast says how many voices a concern will bring in the next 6, 24
// and 72 hours, as quantiles, and how likely it is to be alive in three days.
// Every forecast can be scored afterwards, and is: the quantiles widen or
// narrow with the package's own past errors, and [Forecaster.Skill] says
// whether they were worth more than "as in the last 24 hours".
//
// It knows counts only. It does not say why, and fits no epidemic curve: early
// growth does not tell where a curve ends.
package forecast

import (
	"math"
	"slices"
	"time"

	"example.org/hearback"
)

// Levels are the quantiles of every forecast.
var Levels = [7]float64{0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975}

// A Target is a stretch of time ahead.
type Target int

// Targets lists every target.
func Targets() []Target { return []Target{Next6, Next24, Next72, ThirdDay} }

// The targets. The third day is what persistence is about.
const (
	Next6 Target = iota
	Next24
	Next72
	ThirdDay // from 48 to 72 hours ahead
	targets
)

// Span returns the hours that a target begins and ends ahead.
func (t Target) Span() (from, to int) {
	switch t {
	case Next6:
		return 0, 6
	case Next24:
		return 0, 24
	case Next72:
		return 0, 72
	}
	return 48, 72
}

// A Forecast is what was expected of one target, before the fact.
type Forecast struct {
	Concern  hearback.ID
	Made     time.Time
	Target   Target
	Q        [7]float64 // voices, at Levels
	Naive    [7]float64 // the same for "as in the last 24 hours"
	HalfLife float64    // hours in which what is above the usual halves, as it looked
	Came     float64    // what came; meaningful once Scored
	Scored   time.Time
	Down     bool // a source was silent: neither right nor wrong
	// What the error is learned by.
	Shape  Shape
	Middle float64 // log(1+median) of the ensemble before its own errors are taken out
	Base   float64 // the same of "as in the last 24 hours"
}

// Due returns when the target is over.
func (f *Forecast) Due() time.Time {
	_, to := f.Target.Span()
	return f.Made.Add(time.Duration(to) * time.Hour)
}

// A Shape is what a concern looked like when a forecast was made: what past
// concerns are compared by.
type Shape struct {
	Level float64 // log of the voices in the last 24 h
	Slope float64 // last 24 h against the 24 h before
	Jump  float64 // last 6 h against the 18 h before
	Age   float64 // log of hours since it was first heard
	Noise float64 // how far days differ from the days before them, in logs
}

// The constants of the ensemble.
const (
	window     = 14 * 24 // hours of the past that are looked at
	damping    = 0.8     // a trend keeps so much of itself a quarter of a day later
	priorHalf  = 24.0    // hours; half-life of an excess before anything is known
	priorSigma = 0.6     // of its logarithm
	alike      = 20      // past concerns that are compared with
	memory     = 256     // past concerns that are remembered for each target
	weekWeeks  = 1.5     // weeks of data that "no weekly cycle" weighs
	seasonDays = 3.0     // days of data that "no daily cycle" weighs
)

// weights are those of the members of the ensemble: falling back to the usual,
// the damped trend, the usual itself with its daily and weekly cycle, and what
// similar concerns did. "It stays this hot" is the worst forecast just when it
// matters, so the first weighs most.
var weights = [4]float64{1.5, 0.5, 1, 0.5}

// A Forecaster makes forecasts and learns from how they turned out. It is not
// safe for many goroutines. Use [New].
type Forecaster struct {
	own   [targets][bands]band // errors of the ensemble
	naive [targets][bands]band // errors of "as in the last 24 hours"
	past  [targets][memory]pastCase
	n     [targets]float64 // cases ever learned
	half  mean
	skill [targets]Sums
}

// A pastCase is how a concern of some shape went on: the log ratio of what
// came to what the last 24 h would have brought.
type pastCase struct {
	shape Shape
	ratio float64
}

type mean struct{ sum, weight float64 }

// New returns a Forecaster that knows nothing.
func New() *Forecaster {
	f := &Forecaster{}
	for t := range targets {
		for b := range bands {
			f.own[t][b].start(t, 0.8)
			f.naive[t][b].start(t, 1)
		}
	}
	return f
}

// Make returns the forecasts for a concern, one for each target. hours are its
// voices by hour up to made, oldest first, NaN where a source was down; 14
// days are used.
func (f *Forecaster) Make(concern hearback.ID, made time.Time, hours []float64) [4]Forecast {
	p := read(hours, made)
	half := f.halfLife(&p)
	revert, trend, season := p.ahead(half)
	var out [4]Forecast
	for t := range targets {
		middle, base := f.middle(&p, t, revert[t], trend[t], season[t])
		fc := Forecast{Concern: concern, Made: made, Target: t, HalfLife: half, Shape: p.shape, Middle: middle, Base: base}
		scale := errorScale(p.shape)
		fc.Q = f.own[t][bandOf(middle)].quantiles(middle, scale)
		fc.Naive = f.naive[t][bandOf(base)].quantiles(base, scale)
		out[t] = fc
	}
	return out
}

// A picture is what can be read from the hours behind.
type picture struct {
	shape  Shape
	rate   float64     // voices an hour now, without the daily cycle
	usual  float64     // median of the days before, an hour
	week   float64     // mean of the last seven days, an hour
	trend  float64     // log growth of a quarter of a day
	season [24]float64 // factor by hour of the day, 1 on average
	week7  [7]float64  // factor by day, counted from the day behind; 1 on average
	hour   int         // of the day that begins
	days   int         // whole days that are known
	last24 float64
}

func read(hours []float64, made time.Time) picture {
	if len(hours) > window {
		hours = hours[len(hours)-window:]
	}
	p := picture{hour: made.UTC().Hour()}
	n := len(hours)
	// Days count back from now; an hour that is missing counts as the mean of
	// its day.
	var day [window / 24]float64
	var full [window / 24]bool
	var byHour, seen [24]float64
	total, known := 0.0, 0.0
	first := n
	for d := range day {
		sum, got := 0.0, 0.0
		for i, h := n-24*(d+1), p.hour-1; i < n-24*d; i++ {
			if h++; h == 24 {
				h = 0
			}
			if i < 0 || !(hours[i] >= 0) {
				continue
			}
			x := min(hours[i], 1e9)
			sum, got = sum+x, got+1
			byHour[h] += x
			seen[h]++
			if x > 0 {
				first = min(first, i)
			}
		}
		total, known = total+sum, known+got
		if got >= 12 {
			day[d], full[d] = sum*24/got, true
		}
	}
	// What came before the first voice is no history of silence.
	p.days = min((n-first)/24, len(day))
	mean := total / max(known, 1)
	for h := range p.season {
		p.season[h] = 1
		if mean > 0 {
			p.season[h] = (byHour[h]/mean + seasonDays) / (seen[h] + seasonDays)
		}
	}
	// Days that lie a whole number of weeks apart resemble each other.
	for d := range p.week7 {
		p.week7[d] = 1
		x, k := 0.0, 0.0
		for i := d; i < min(p.days, len(day)); i += 7 {
			if full[i] {
				x, k = x+day[i], k+1
			}
		}
		if mean > 0 && p.days >= 7 {
			p.week7[d] = (x/(24*mean) + weekWeeks) / (k + weekWeeks)
		}
	}
	sum := func(from, to int) float64 { // voices and cycle of the hours behind
		x, w := 0.0, 0.0
		for i := from; i < to && n-1-i >= 0; i++ {
			if v := hours[n-1-i]; !math.IsNaN(v) && v >= 0 {
				x += math.Min(v, 1e9)
				w += p.season[((p.hour-1-i)%24+24)%24] * p.week7[i/24%7]
			}
		}
		if w == 0 {
			return 0
		}
		return x / w
	}
	p.last24 = 24 * sum(0, 24)
	if full[0] {
		p.last24 = day[0]
	}
	six, before := sum(0, 6), sum(6, 24)
	deseason := sum(0, 24)
	p.rate = math.Exp(0.5*math.Log(six+0.05)+0.5*math.Log(deseason+0.05)) - 0.05
	var buf [window / 24]float64
	past := buf[:0]
	sumWeek, nWeek := 0.0, 0.0
	for d := range day {
		if full[d] && d < max(p.days, 1) {
			past = append(past, day[d])
			if d < 7 {
				sumWeek, nWeek = sumWeek+day[d], nWeek+1
			}
		}
	}
	p.week = sumWeek / max(nWeek, 1) / 24
	noise, pairs := 0.3*3, 3.0
	for d := 1; d < min(p.days, len(day)); d++ {
		if full[d-1] && full[d] {
			noise += math.Abs(math.Log((day[d-1] + 1) / (day[d] + 1)))
			pairs++
		}
	}
	yesterday := 0.0
	if full[1] {
		yesterday = day[1]
	}
	p.shape = Shape{
		Level: math.Log1p(p.last24), Slope: math.Log((p.last24 + 1) / (yesterday + 1)), Jump: math.Log((6*six + 1) / (6*before + 1)),
		Age: math.Log1p(float64(n - first)), Noise: noise / pairs,
	}
	slices.Sort(past)
	switch {
	case len(past) >= 3:
		p.usual = past[len(past)/2] / 24
	case len(past) > 0:
		p.usual = past[0] / 24 / 2
	}
	p.trend = min(max(p.shape.Slope/4, -0.35), 0.35)
	return p
}

// halfLife is how fast what is above the usual goes away: what falling
// concerns of this deployment did, and the slope of this one if it falls.
func (f *Forecaster) halfLife(p *picture) float64 {
	mu := (math.Log(priorHalf)*50 + f.half.sum) / (50 + f.half.weight)
	if p.days >= 2 && p.shape.Slope < -0.1 && p.shape.Level > math.Log(20) {
		seen := math.Log(24 * math.Ln2 / -p.shape.Slope)
		const noise = 0.8 // of the logarithm of one slope
		w := priorSigma * priorSigma / (priorSigma*priorSigma + noise*noise)
		mu += w * (seen - mu)
	}
	return min(max(math.Exp(mu), 3), 24*14)
}

// ahead sums what three members of the ensemble expect of each target.
func (p *picture) ahead(half float64) (revert, trend, season [targets]float64) {
	const last = 72
	k := math.Exp2(-1 / half)
	excess := (p.rate - p.usual) * math.Sqrt(k) // in the middle of the first hour
	fade, rate := 1.0, p.rate                   // fade is the damping to the power of the hours ahead
	var a, b, c float64
	for h := range last {
		if h%6 == 0 {
			// The sum of a damped trend over so many quarters of a day.
			rate = p.rate * math.Exp(p.trend*damping*(1-fade)/(1-damping))
			fade *= damping
		}
		s := p.season[(p.hour+h)%24] * p.week7[6-h/24%7]
		a += s * math.Max(0, p.usual+excess)
		b += s * rate
		c += s * p.week
		excess *= k
		for t := range targets {
			switch from, to := t.Span(); h + 1 {
			case from:
				revert[t], trend[t], season[t] = -a, -b, -c
			case to:
				revert[t], trend[t], season[t] = revert[t]+a, trend[t]+b, season[t]+c
			}
		}
	}
	return revert, trend, season
}

// middle returns the logarithms of one more than the voices that the ensemble
// and the last 24 hours expect of a target.
func (f *Forecaster) middle(p *picture, t Target, revert, trend, season float64) (ensemble, base float64) {
	from, to := t.Span()
	naive := p.last24 / 24 * float64(to-from)
	logs := [4]float64{math.Log1p(math.Max(revert, 0)), math.Log1p(math.Max(trend, 0)), math.Log1p(math.Max(season, 0)), 0}
	n := 3
	if like, ok := f.alike(p.shape, t); ok {
		logs[3] = math.Max(0, math.Log1p(naive)+like)
		n = 4
	}
	weight := 0.0
	for i, l := range logs[:n] {
		ensemble += weights[i] * l
		weight += weights[i]
	}
	return ensemble / weight, math.Log1p(naive)
}

// alike returns the median of how the most similar past concerns went on,
// against "as in the last 24 hours".
func (f *Forecaster) alike(s Shape, t Target) (float64, bool) {
	var best [alike]struct{ d, ratio float64 }
	n := 0
	for i := range min(int(f.n[t]), memory) {
		c := &f.past[t][i]
		d := sq(c.shape.Level-s.Level)/4 + sq(c.shape.Slope-s.Slope)
		if n == alike && d >= best[n-1].d {
			continue // most are told by the first two
		}
		d += sq(c.shape.Jump-s.Jump) + sq(c.shape.Age-s.Age)/2
		if n == alike && d >= best[n-1].d {
			continue
		}
		j := n
		if n < alike {
			n++
		} else {
			j = n - 1
		}
		for ; j > 0 && best[j-1].d > d; j-- {
			best[j] = best[j-1]
		}
		best[j].d, best[j].ratio = d, c.ratio
	}
	if n < alike {
		return 0, false
	}
	var r [alike]float64
	for i := range best {
		r[i] = best[i].ratio
	}
	slices.Sort(r[:])
	return (r[alike/2-1] + r[alike/2]) / 2, true
}

func sq(x float64) float64 { return x * x }

// Learn takes in what came of a forecast that is due, and returns its score
// ([WIS]) and that of "as in the last 24 hours". It sets Came and Scored.
func (f *Forecaster) Learn(fc *Forecast, came float64, at time.Time) (own, naive float64) {
	if !(came >= 0) || fc.Target < 0 || fc.Target >= targets {
		return 0, 0
	}
	t := fc.Target
	fc.Came = came
	sums := fc.Score()
	own, naive = sums.Own, sums.Naive
	f.skill[t].learn(sums)
	scale := errorScale(fc.Shape)
	y := math.Log1p(came)
	f.own[t][bandOf(fc.Middle)].learn((y - fc.Middle) / scale)
	f.naive[t][bandOf(fc.Base)].learn((y - fc.Base) / scale)
	if fc.Shape.Slope < -0.2 && t == Next24 && fc.Shape.Level > math.Log(20) && y < fc.Shape.Level-0.1 {
		f.half.sum += math.Log(24 * math.Ln2 / (fc.Shape.Level - y))
		f.half.weight++
	}
	if fc.Made.Unix()/3600%24 == int64(fc.Concern)%24 {
		// Once a day for each concern: hours that overlap say the same again.
		f.past[t][int(f.n[t])%memory] = pastCase{fc.Shape, y - fc.Base}
		f.n[t]++
	}
	fc.Scored = at
	return own, naive
}

// errorScale is how large errors are expected to be, in logs.
func errorScale(s Shape) float64 {
	return 0.15 + 0.5*s.Noise + 0.6/math.Sqrt(1+math.Exp(s.Level))
}

// A concern is alive on its third day if at least so many voices come, and
// one in so many of those of its last 24 h.
const (
	AliveVoices = 5
	AliveShare  = 2
)

// Persistence returns the chance that a concern brings on its third day from
// now at least half of the voices of its last 24 h, and five at least, with an
// 80 % interval of that chance.
func Persistence(third Forecast, last24 float64) (p, low, high float64) {
	need := math.Max(AliveVoices, last24/AliveShare)
	p = third.Above(need)
	// The chance is as sure as the place of the middle: half a step of the
	// quantiles to either side.
	lo, hi := third, third
	for i := range third.Q {
		shift := math.Log1p(third.Q[4]) - math.Log1p(third.Q[3])
		down := math.Log1p(third.Q[3]) - math.Log1p(third.Q[2])
		lo.Q[i] = math.Max(0, math.Expm1(math.Log1p(third.Q[i])-down/2))
		hi.Q[i] = math.Expm1(math.Log1p(third.Q[i]) + shift/2)
	}
	return p, math.Min(p, lo.Above(need)), math.Max(p, hi.Above(need))
}

// Above returns the chance that at least x voices come: between the quantiles
// by straight lines in logs, beyond them by the tails of a normal curve.
func (f *Forecast) Above(x float64) float64 {
	y := math.Log1p(math.Max(x-0.5, 0)) // half a voice for counts
	var q [7]float64
	for i := range q {
		q[i] = math.Log1p(f.Q[i])
	}
	for i := 0; i+1 < len(q); i++ {
		if y >= q[i] && y <= q[i+1] {
			share := 0.5
			if q[i+1] > q[i] {
				share = (y - q[i]) / (q[i+1] - q[i])
			}
			return 1 - (Levels[i] + share*(Levels[i+1]-Levels[i]))
		}
	}
	if y < q[0] {
		sd := math.Max((q[3]-q[0])/1.96, 1e-6)
		return 1 - normal(math.Min((y-q[3])/sd, -1.96))
	}
	sd := math.Max((q[6]-q[3])/1.96, 1e-6)
	return 1 - normal(math.Max((y-q[3])/sd, 1.96))
}

func normal(z float64) float64 { return 0.5 * math.Erfc(-z/math.Sqrt2) }
