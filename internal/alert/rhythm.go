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
