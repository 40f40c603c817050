package score

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"example.org/hearback"
)

// Rules names this version of the formulae and constants. Every score carries
// it, so that an old one can be read by the rules it was made with.
const Rules = "score/1"

// The constants of the formulae. They are proposals to be tuned with
// experience, and public: a score can be computed again by hand.
const (
	halfLife   = 12.0 // hours after which a voice warms half as much
	sourceCap  = 0.5  // no source may make up more of the warmth, if there are others
	heatVoices = 0.8  // each doubling of warm voices
	heatBase   = 4.0  // log2 of the warm voices that are ordinary
	heatSigma  = 0.5  // each standard deviation above the usual
	sigmaBase  = 3.0
	sigmaLow   = -3.0
	sigmaHigh  = 12.0

	reachPeople  = 0.7 // each tenfold of people
	reachBase    = 4.0 // log10 of the people that are ordinary
	reachSources = 0.6 // each further effective source
	sourcesBase  = 3.0
	reachAreas   = 0.4 // each further effective area
	areasBase    = 2.0
	viewShare    = 0.02 // share of a source's audience that sees one post

	weightHeat, weightReach, weightPersistence = 0.5, 0.2, 0.3

	unratedHarm = 40.0 // until people have rated enough for a better guess
	z80         = 1.2816
)

// An Input is what a score is made of.
type Input struct {
	At      time.Time
	Sources []SourceVoices
	Sigma   *float64         // smoothed residual of the detector, in standard deviations; nil if not known
	Areas   map[string]int64 // messages by area; "" names none
	Persist *float64         // probability that it goes on for two days; nil if not known
	Ratings []hearback.HarmRating
	Purity  float64 // how alike its messages are; 0 if not known
	Outage  bool    // a source that it came from is down
	// For the sentence:
	Day       float64 // voices in the last 24 h
	Usual     float64 // voices in an ordinary 24 h; 0 if not known
	Questions int64
	Messages  int64
	Copies    int64
	Answered  bool
	First     time.Time
}

// SourceVoices is what one source brought.
type SourceVoices struct {
	Name     string
	Weight   float64 // of one voice; 0 is 1
	Audience int64   // people it reaches; 0 if not known
	Voices   []hearback.Point
}

// Of returns the score of a concern.
func Of(in Input) hearback.Score {
	s := hearback.Score{At: in.At, Rules: Rules}
	warm, variance, effective, sources := warmth(in)
	s.Heat = heat(warm, in.Sigma)
	s.Reach = reach(in, sources)
	if in.Persist != nil {
		s.Persistence = hearback.Part{Value: 100 * *in.Persist, Known: true, Terms: []hearback.Term{{Name: "persist_probability", Value: *in.Persist, Unit: "probability"}}}
	}
	s.Harm = Harm(in.Ratings)
	s.Spread = spread(s.Heat, s.Reach, s.Persistence)
	s.Priority = math.Sqrt(s.Harm.Value * s.Spread)

	// The interval follows from the chance in the count of voices (Poisson) by
	// the heat at both ends of its 80 % interval.
	low, high := heat(math.Max(0, warm-z80*math.Sqrt(variance)), in.Sigma), heat(warm+z80*math.Sqrt(variance), in.Sigma)
	s.Low = math.Sqrt(s.Harm.Value * spread(low, s.Reach, s.Persistence))
	s.High = math.Sqrt(s.Harm.Value * spread(high, s.Reach, s.Persistence))

	s.Grade = grade(effective, sources, in.Purity, in.Outage)
	s.Tier = tier(s.Harm.Value, s.Spread, in.Ratings)
	s.Flags = flags(in, sources)
	if len(in.Ratings) == 0 {
		s.Flags = append(s.Flags, "unrated")
	}
	s.Why, s.WhyZH = why(in)
	return s
}

// warmth returns the decayed voices, their variance, the effective number of
// voices and of sources.
func warmth(in Input) (warm, variance, effective, sources float64) {
	by := make([]float64, len(in.Sources))
	vars := make([]float64, len(in.Sources))
	counts := make([]float64, len(in.Sources))
	var sum, squares float64
	for i, src := range in.Sources {
		w := src.Weight
		if w == 0 {
			w = 1
		}
		for _, p := range src.Voices {
			age := in.At.Sub(p.At).Hours()
			if age < 0 {
				age = 0
			}
			d := w * math.Exp2(-age/halfLife)
			by[i] += d * p.Voices
			vars[i] += d * d * p.Voices
			counts[i] += p.Voices
			sum += d * p.Voices
			squares += d * d * p.Voices
		}
	}
	total := 0.0
	for _, a := range by {
		total += a
	}
	for i, a := range by {
		share := 1.0
		if rest := total - a; len(by) > 1 && rest > 0 && a > rest*sourceCap/(1-sourceCap) {
			share = rest * sourceCap / (1 - sourceCap) / a
		}
		warm += a * share
		variance += vars[i] * share * share
	}
	if squares > 0 {
		effective = sum * sum / squares
	}
	return warm, variance, effective, hill(counts)
}

// hill is the Hill number of order 1, the exponential of Shannon's entropy:
// how many equally common kinds would be as varied (Hill, 1973).
func hill(counts []float64) float64 {
	total, h := 0.0, 0.0
	for _, n := range counts {
		total += n
	}
	if total == 0 {
		return 0
	}
	for _, n := range counts {
		if p := n / total; p > 0 {
			h -= p * math.Log(p)
		}
	}
	return math.Exp(h)
}

func logistic(u float64) float64 { return 1 / (1 + math.Exp(-u)) }

// heat is 100 s(0.8 (log2(1+A) − 4) + 0.5 (E − 3)); the second term is left
// out while it is not known.
func heat(warm float64, sigma *float64) hearback.Part {
	u := heatVoices * (math.Log2(1+warm) - heatBase)
	p := hearback.Part{Known: true, Terms: []hearback.Term{{Name: "voices_decayed", Value: warm, Unit: "voices"}}}
	if sigma != nil {
		e := min(max(*sigma, sigmaLow), sigmaHigh)
		u += heatSigma * (e - sigmaBase)
		p.Terms = append(p.Terms, hearback.Term{Name: "residual", Value: e, Unit: "sigma"})
	}
	p.Value = 100 * logistic(u)
	return p
}

// reach is 100 s(0.7 (log10(1+people) − 4) + 0.6 (sources − 3) + 0.4 (areas − 2)).
// Without a declared audience it is not known.
func reach(in Input, sources float64) hearback.Part {
	people, known := 0.0, false
	for _, src := range in.Sources {
		if src.Audience <= 0 {
			continue
		}
		known = true
		n := 0.0
		for _, p := range src.Voices {
			n += p.Voices
		}
		audience := float64(src.Audience)
		people += audience * (1 - math.Exp(-n*viewShare))
	}
	if !known {
		return hearback.Part{}
	}
	u := reachPeople*(math.Log10(1+people)-reachBase) + reachSources*(sources-sourcesBase)
	p := hearback.Part{Known: true, Terms: []hearback.Term{{Name: "people", Value: people, Unit: "people"}, {Name: "sources_effective", Value: sources, Unit: "sources"}}}
	var areas []float64
	for _, name := range slices.Sorted(keys(in.Areas)) {
		if name != "" {
			areas = append(areas, float64(in.Areas[name]))
		}
	}
	if len(areas) > 0 {
		n := hill(areas)
		u += reachAreas * (n - areasBase)
		p.Terms = append(p.Terms, hearback.Term{Name: "areas_effective", Value: n, Unit: "areas"})
	}
	p.Value = 100 * logistic(u)
	return p
}

func keys(m map[string]int64) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// spread is L = .5 Heat + .2 Reach + .3 Persistence over the known parts.
func spread(heat, reach, persistence hearback.Part) float64 {
	sum, weight := 0.0, 0.0
	for _, x := range []struct {
		p hearback.Part
		w float64
	}{{heat, weightHeat}, {reach, weightReach}, {persistence, weightPersistence}} {
		if x.p.Known {
			sum, weight = sum+x.w*x.p.Value, weight+x.w
		}
	}
	if weight == 0 {
		return 0
	}
	return sum / weight
}

// Harm is 100 (sev/4) (0.4 + 0.6 mean(modifiers)/4), the mean over raters.
// Unrated it is a stated guess, and not known.
func Harm(ratings []hearback.HarmRating) hearback.Part {
	if len(ratings) == 0 {
		return hearback.Part{Value: unratedHarm, Terms: []hearback.Term{{Name: "harm_unrated", Value: unratedHarm}}}
	}
	p := hearback.Part{Known: true}
	sev, mods := 0.0, 0.0
	for _, r := range ratings {
		m := float64(r.Believable+r.Immediate+r.CallToAction+r.Vulnerable) / 4
		p.Value += 100 * float64(r.Severity) / 4 * (0.4 + 0.6*m/4)
		sev, mods = sev+float64(r.Severity), mods+m
	}
	n := float64(len(ratings))
	p.Value /= n
	p.Terms = []hearback.Term{{Name: "severity", Value: sev / n, Unit: "anchor"}, {Name: "modifiers", Value: mods / n, Unit: "anchor"}, {Name: "raters", Value: n, Unit: "people"}}
	return p
}

// SecondRater reports whether another person must rate: the harm is 50 or
// more and only one did, or two differ by two anchors or more.
func SecondRater(ratings []hearback.HarmRating) bool {
	if len(ratings) == 1 {
		return Harm(ratings).Value >= 50
	}
	low, high := 4, 0
	for _, r := range ratings {
		low, high = min(low, r.Severity), max(high, r.Severity)
	}
	return len(ratings) == 2 && high-low >= 2
}

// matrix is the tier by harm (rows) and spread (columns), in steps of 25. The
// last row is P1 throughout.
var matrix = [4][4]hearback.Tier{
	{hearback.Watch, hearback.Watch, hearback.P4, hearback.P4},
	{hearback.Watch, hearback.P4, hearback.P3, hearback.P3},
	{hearback.P4, hearback.P3, hearback.P2, hearback.P2},
	{hearback.P1, hearback.P1, hearback.P1, hearback.P1},
}

func tier(harm, spread float64, ratings []hearback.HarmRating) hearback.Tier {
	for _, r := range ratings {
		if r.Severity == 4 && r.Immediate >= 3 {
			return hearback.P1
		}
	}
	row, col := min(int(harm/25), 3), min(int(spread/25), 3)
	if row == 3 && len(ratings) == 0 {
		row = 2 // a guess alone is no emergency
	}
	return matrix[row][col]
}

// Raise returns the tier of a case after its concern was scored again: the
// machine may raise it, lowering it takes a person.
func Raise(now, scored hearback.Tier) hearback.Tier {
	if scored.Rank() < now.Rank() {
		return scored
	}
	return now
}

// grade says how far the numbers can be trusted.
func grade(effective, sources, purity float64, outage bool) string {
	missing := 0
	for _, ok := range []bool{effective >= 100, sources >= 3, purity == 0 || purity >= 0.35, !outage} {
		if !ok {
			missing++
		}
	}
	switch {
	case effective < 15 || missing > 2:
		return "D"
	case missing == 0:
		return "A"
	case missing == 1:
		return "B"
	}
	return "C"
}

// flags are properties of the concern, never of anybody who spoke.
func flags(in Input, sources float64) []string {
	var list []string
	voices := 0.0
	for _, s := range in.Sources {
		for _, p := range s.Voices {
			voices += p.Voices
		}
	}
	if in.Messages >= 20 && voices > 0 && float64(in.Messages)/voices >= 3 {
		list = append(list, "loud_few")
	}
	if in.Messages >= 20 && float64(in.Copies) >= 0.4*float64(in.Messages) {
		list = append(list, "copied")
	}
	if sources > 0 && sources < 1.2 && voices >= 20 {
		list = append(list, "one_source")
	}
	return list
}

// why says in a sentence what makes the concern worth a look now.
func why(in Input) (en, zh string) {
	day := int(math.Round(in.Day))
	en, zh = plural(day, "voice", "voices")+" in the last 24 hours", "过去24小时"+strconv.Itoa(day)+"个声音"
	age := in.At.Sub(in.First)
	switch {
	case age < 24*time.Hour:
		en += ", first heard today"
		zh += "，今天首次出现"
	case in.Usual >= 1 && in.Day >= 1.5*in.Usual:
		times := strconv.FormatFloat(math.Round(in.Day/in.Usual*2)/2, 'f', -1, 64)
		en += ", about " + times + " times the usual"
		zh += "，约为平时的" + times + "倍"
	case in.Usual >= 1 && in.Day <= in.Usual/2:
		en += ", less than half the usual"
		zh += "，不到平时的一半"
	}
	if in.Messages > 0 && float64(in.Questions) >= 0.4*float64(in.Messages) {
		share := int(math.Round(100 * float64(in.Questions) / float64(in.Messages)))
		en += fmt.Sprintf("; %d%% are questions", share)
		zh += fmt.Sprintf("；%d%%是提问", share)
	}
	if !in.Answered {
		en += "; no answer yet"
		zh += "；尚无答复"
	}
	return en + ".", zh + "。"
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
