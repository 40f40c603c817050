package alert

import (
	"math"
	"time"
)

// A Rhythm is how busy each hour of the week usually is, 1 on average. It is
// kept for a source or for the whole deployment, not for each concern, which
// would not fill it. Hours of the week lean on the same hour of all days, and
// those on 1, until they have data of their own. The zero value knows nothing:
// every factor is 1. It is not safe for many goroutines.
type Rhythm struct {
	voices [168]float64 // decayed
	hours  [168]float64
	day    int64 // day that the sums were decayed to
}

// The profile believes a week's hour after about this many of its own hours.
const (
	profileLife = 28.0 // days after which what was learned counts half
	profileDay  = 3.0  // hours of data that the mean over all hours weighs
	profileWeek = 3.0  // hours of data that the mean over all days weighs
)

func slot(at time.Time) int {
	at = at.UTC()
	return 24*int(at.Weekday()) + at.Hour()
}

// Learn adds one bucket.
func (p *Rhythm) Learn(at time.Time, length time.Duration, voices float64) {
	if math.IsNaN(voices) || math.IsInf(voices, 0) || voices < 0 || length <= 0 {
		return
	}
	if day := at.Unix() / 86400; day > p.day {
		keep := math.Exp2(-float64(min(day-p.day, 3650)) / profileLife)
		for i := range p.voices {
			p.voices[i] *= keep
			p.hours[i] *= keep
		}
		p.day = day
	}
	i := slot(at)
	p.voices[i] += voices
	p.hours[i] += length.Hours()
}

// Factor returns how busy the hour of at usually is.
func (p *Rhythm) Factor(at time.Time) float64 {
	var voices, hours, v24, h24 float64
	i := slot(at)
	for j := range p.voices {
		voices += p.voices[j]
		hours += p.hours[j]
		if j%24 == i%24 {
			v24 += p.voices[j]
			h24 += p.hours[j]
		}
	}
	if hours == 0 || voices == 0 {
		return 1
	}
	mean := voices / hours
	of := (v24/mean + profileDay) / (h24 + profileDay)
	return (p.voices[i]/mean + profileWeek*of) / (p.hours[i] + profileWeek)
}

// A Volume is how much an instance hears, hour by hour: what an hour usually
// brings, and how far this hour is off that for all concerns together. A weekend
// or a busy day is then no news about any one of them. It goes by the messages
// that streams received, kept or not. The zero value knows nothing.
type Volume struct {
	rhythm Rhythm
	seen   float64 // decayed messages
	hours  float64 // decayed hours
}

// The constants of a Volume.
const (
	volumePrior = 25.0      // messages an hour that "as usual" weighs
	volumeLow   = 0.5       // a quieter hour than that is a fault, not a lull
	volumeHigh  = 1.5       // a busier one may be the crisis itself, which must not hide its own concerns
	volumeMost  = 3.0       // times the usual that are learned from one hour: a replay of a week is one hour
	volumeLife  = 28 * 24.0 // hours after which what was learned counts half
	volumeFrom  = 2.0 * 24  // hours before anything is said
)

// Known reports whether anything was heard so far.
func (v *Volume) Known() bool { return v.seen > 0 }

// Usual returns how busy the hour of a time usually is, for an hour that is not
// over.
func (v *Volume) Usual(at time.Time) float64 {
	if v.hours < volumeFrom {
		return 1
	}
	return v.rhythm.Factor(at)
}

// Exposure takes in what one hour brought and returns how busy it was: 1 is an
// ordinary hour, and all there is for the first two days.
func (v *Volume) Exposure(at time.Time, messages float64) float64 {
	if !(messages >= 0 && messages <= maxCount) {
		return 1
	}
	f, mean := v.rhythm.Factor(at), 0.0
	if v.hours > 0 {
		mean = v.seen / v.hours
	}
	known := v.hours >= volumeFrom
	keep := math.Exp2(-1 / volumeLife)
	calm := messages
	if known {
		calm = min(messages, volumeMost*mean*f+volumePrior)
	}
	v.seen, v.hours = v.seen*keep+calm, v.hours*keep+1
	v.rhythm.Learn(at, time.Hour, calm)
	if !known || mean == 0 {
		return 1
	}
	return f * min(max((messages+volumePrior)/(mean*f+volumePrior), volumeLow), volumeHigh)
}
