package score

import (
	"math"
	"slices"
	"time"

	"example.org/hearback"
)

// Rules names this version of the formulae and constants. Every score carries
// it, so that an old one can be read by the rules it was made with.
const Rules = "score/3"

// The constants of the formulae. They are proposals to be tuned with
// experience, and public: a score can be computed again by hand.
const (
	halfLife   = 12.0 // hours after which a voice warms half as much
	sourceCap  = 0.5  // no source may make up more of the warmth than so much …
	sourceFree = 15.0 // … beyond so many warm voices, which alone make an ordinary heat
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
	viewShare    = 0.02 // share of a source's audience that sees one post, unless its operator says

	weightHeat, weightReach, weightPersistence = 0.5, 0.2, 0.3

	anchors     = 4.0  // the highest of a rating
	harmBase    = 0.4  // of a severity whose other ratings are all 0
	harmMods    = 0.6  // what those add at most
	secondHarm  = 50   // from which harm on a second person must rate
	secondApart = 2    // anchors that two may not differ by
	unratedHarm = 40.0 // while too few have been rated for a better guess
	guessFrom   = 8    // ratings of a category, for its 75th percentile to be a guess

	gradeVoices  = 100.0 // effective voices for grade A
	gradeFew     = 15.0  // below, grade D
	gradeSources = 2.999 // effective sources: three that are equal

	loudMessages  = 3.0 // messages for each voice: few are loud
	copiedShare   = 0.4 // of the messages
	flagMessages  = 20  // before shares are flagged
	oneSourceHill = 1.2 // effective sources below which it is one
	voidVoices    = 15  // as in the alert
	voidShare     = 0.4
	usualTimes    = 1.5 // times the usual that are worth saying
)

// An Input is what a score is made of.
type Input struct {
	Concern hearback.ID // seeds the draws of the interval
	At      time.Time
	Sources []SourceVoices
	Sigma   *float64         // smoothed residual of the detector, in standard deviations; nil if not known
	Areas   map[string]int64 // messages by area; "" names none
	Persist *float64         // chance that it is alive on the third day from now; nil if not known
	// The 80 % interval of Persist, and what it rests on; zero if not known.
	PersistLow, PersistHigh float64
	HalfLife                time.Duration
	Reignitions             int
	Ratings                 []hearback.HarmRating
	HarmGuess               float64        // of its category while nobody has rated it ([Guess]); 0 for the default
	Stood                   hearback.Score // the score before, whose tier only a person lowers; zero if there is none
	Listening               int            // sources that the office listens to; 0 if not known
	Mixed                   bool           // its messages fall into two: a split of it is proposed
	Outage                  bool           // a source that it came from is down
	// For the sentence:
	Day       float64 // voices in the last 24 h
	Usual     float64 // voices in an ordinary 24 h; 0 if not known
	Questions int64
	Messages  int64
	Copies    int64
	Answered  bool
	First     time.Time
	Rising    time.Duration    // for how long it has been rising; 0 if it is not
	Unreached []hearback.Place // areas and languages that the sources do not reach
	Langs     int              // languages it is heard in
}

// SourceVoices is what one source brought.
type SourceVoices struct {
	Name     string
	Weight   float64 // of one voice; 0 is 1
	Audience int64   // people it reaches; 0 if not known
	Views    float64 // median views of one post; 0 for a share of the audience
	Voices   []hearback.Point
	Echoes   float64 // voices besides, that only repeated others: they reach people, and warm nothing
}

// Of returns the score of a concern.
func Of(in Input) hearback.Score {
	s := hearback.Score{At: in.At, Rules: Rules}
	in.Day, in.Usual = count(in.Day), count(in.Usual)
	w := warmth(in)
	s.Heat = heat(w.warm, in.Sigma)
	s.Reach = reach(in, &w)
	s.Persistence = persistence(in)
	s.Harm = Harm(in.Ratings)
	if len(in.Ratings) == 0 && in.HarmGuess > 0 {
		guess := min(in.HarmGuess, 100)
		s.Harm = hearback.Part{Value: guess, Terms: []hearback.Term{{Name: "harm_unrated", Value: guess}}}
	}
	s.Spread = spread(s.Heat, s.Reach, s.Persistence)
	s.Priority = math.Sqrt(s.Harm.Value * s.Spread)
	_, _, s.Low, s.High = interval(in, &w, &s)

	s.Grade = grade(w.effective, w.sources, in.Mixed, in.Outage)
	s.Matrix = Tier(s.Harm.Value, s.Spread, in.Ratings)
	s.Tier = Hold(in.Stood.Tier, in.Stood.Matrix, s.Matrix)
	if s.Since = in.Stood.Since; s.Tier != in.Stood.Tier || s.Since.IsZero() {
		s.Since = in.At
	}
	s.Flags, s.Unreached = flags(in, &w), in.Unreached
	s.Why, s.WhyZH = why(in)
	return s
}

// count is x as a number of voices: 0 if it is none.
func count(x float64) float64 {
	if !(x > 0) {
		return 0
	}
	return min(x, 1e12)
}

// A warm is the voices of a concern, decayed.
type warm struct {
	warm      float64
	parts     []float64 // what each bucket of each source brings to it
	counts    []float64 // voices by source
	voices    float64
	effective float64 // voices
	sources   float64 // effective number
}

// warmth is A = Σ w 2^(−age/12 h) over voices. A source that outweighs all
// others together counts for no more than them, or for sourceFree if that is
// more; so a first voice elsewhere never cools a concern. An office that
// listens to one source has nothing to compare it with.
func warmth(in Input) warm {
	w := warm{counts: make([]float64, len(in.Sources))}
	by := make([]float64, len(in.Sources))
	from := make([]int, len(in.Sources)+1)
	var squares, total float64
	for i, src := range in.Sources {
		weight := src.Weight
		if !(weight > 0 && weight < 1e6) {
			weight = 1
		}
		for _, p := range src.Voices {
			if p.Missing || !(p.Voices > 0 && p.Voices < 1e15) {
				continue
			}
			d := weight * math.Exp2(-max(in.At.Sub(p.At).Hours(), 0)/halfLife)
			by[i] += d * p.Voices
			w.counts[i] += p.Voices
			w.parts = append(w.parts, d*p.Voices)
			squares += d * d * p.Voices
		}
		from[i+1] = len(w.parts)
		w.counts[i] += count(src.Echoes)
		w.voices += w.counts[i]
		total += by[i]
	}
	for i, a := range by {
		most := max((total-a)*sourceCap/(1-sourceCap), sourceFree)
		if alone := len(by) == 1 && in.Listening <= 1; alone || a <= most {
			w.warm += a
			continue
		}
		w.warm += most
		for j := from[i]; j < from[i+1]; j++ {
			w.parts[j] *= most / a
		}
	}
	if squares > 0 {
		w.effective = total * total / squares
	}
	w.sources = hill(w.counts)
	return w
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
	if sigma != nil && !math.IsNaN(*sigma) {
		e := min(max(*sigma, sigmaLow), sigmaHigh)
		u += heatSigma * (e - sigmaBase)
		p.Terms = append(p.Terms, hearback.Term{Name: "residual", Value: e, Unit: "sigma"})
	}
	p.Value = 100 * logistic(u)
	return p
}

// reach is 100 s(0.7 (log10(1+people) − 4) + 0.6 (sources − 3) + 0.4 (areas − 2)),
// people being Σ audience (1 − e^(−posts × views / audience)). What nobody
// declared or named is left out.
func reach(in Input, w *warm) hearback.Part {
	if w.voices == 0 {
		return hearback.Part{}
	}
	people, known := 0.0, false
	for i, src := range in.Sources {
		if src.Audience <= 0 {
			continue
		}
		known = true
		audience := float64(src.Audience)
		views := src.Views
		if !(views > 0 && views < 1e15) {
			views = viewShare * audience
		}
		people += audience * -math.Expm1(-w.counts[i]*views/audience)
	}
	u := reachSources * (w.sources - sourcesBase)
	p := hearback.Part{Known: true}
	if known {
		u += reachPeople * (math.Log10(1+people) - reachBase)
		p.Terms = append(p.Terms, hearback.Term{Name: "people", Value: people, Unit: "people"})
	}
	p.Terms = append(p.Terms, hearback.Term{Name: "sources_effective", Value: w.sources, Unit: "sources"})
	var areas []float64
	for _, name := range slices.Sorted(keys(in.Areas)) {
		if name != "" && in.Areas[name] > 0 {
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

// persistence is 100 times the chance that on the third day from now at least
// half of the voices of the last 24 h come, and five at least.
func persistence(in Input) hearback.Part {
	if in.Persist == nil || math.IsNaN(*in.Persist) {
		return hearback.Part{}
	}
	chance := min(max(*in.Persist, 0), 1)
	p := hearback.Part{Value: 100 * chance, Known: true, Terms: []hearback.Term{{Name: "persist_probability", Value: chance, Unit: "probability"}}}
	if in.HalfLife > 0 {
		p.Terms = append(p.Terms, hearback.Term{Name: "half_life", Value: in.HalfLife.Hours(), Unit: "h"})
	}
	if !in.First.IsZero() && in.At.After(in.First) {
		p.Terms = append(p.Terms, hearback.Term{Name: "age", Value: in.At.Sub(in.First).Hours() / 24, Unit: "days"})
	}
	if in.Reignitions > 0 {
		p.Terms = append(p.Terms, hearback.Term{Name: "reignitions", Value: float64(in.Reignitions)})
	}
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
		p.Value += 100 * float64(r.Severity) / anchors * (harmBase + harmMods*m/anchors)
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
		return Harm(ratings).Value >= secondHarm
	}
	low, high := 4, 0
	for _, r := range ratings {
		low, high = min(low, r.Severity), max(high, r.Severity)
	}
	return len(ratings) == 2 && high-low >= secondApart
}

// matrix is the tier by harm (rows) and spread (columns), in steps of 25. The
// last row is P1 throughout.
var matrix = [4][4]hearback.Tier{
	{hearback.Watch, hearback.Watch, hearback.P4, hearback.P4},
	{hearback.Watch, hearback.P4, hearback.P3, hearback.P3},
	{hearback.P4, hearback.P3, hearback.P2, hearback.P2},
	{hearback.P1, hearback.P1, hearback.P1, hearback.P1},
}

// Tier reads the matrix. An emergency is also what one rater found to be a
// matter of life that is imminent, at any volume.
func Tier(harm, spread float64, ratings []hearback.HarmRating) hearback.Tier {
	for _, r := range ratings {
		if r.Severity == 4 && r.Immediate >= 3 {
			return hearback.P1
		}
	}
	row, col := min(max(int(harm/25), 0), 3), min(max(int(spread/25), 0), 3)
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

// Hold returns the tier of a concern that is scored again: it stood at a tier,
// the matrix said before, and says now. The tier rises when the matrix does, so
// that one a person lowered stays until something happens; it never falls by
// itself.
func Hold(stood, before, now hearback.Tier) hearback.Tier {
	switch {
	case stood == "":
		return now
	case before == "" || now.Rank() < before.Rank():
		return Raise(stood, now)
	}
	return stood
}

// Guess is the harm that stands for a concern nobody has rated: the 75th
// percentile of the harm of rated ones of its category, or a default while
// there are too few.
func Guess(harms []float64) float64 {
	if len(harms) < guessFrom {
		return unratedHarm
	}
	sorted := slices.Sorted(slices.Values(harms))
	at := 0.75 * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[i]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

// grade says how far the numbers can be trusted.
func grade(effective, sources float64, mixed, outage bool) string {
	missing := 0
	for _, ok := range []bool{effective >= gradeVoices, sources >= gradeSources, !mixed, !outage} {
		if !ok {
			missing++
		}
	}
	switch {
	case effective < gradeFew || missing > 2:
		return "D"
	case missing == 0:
		return "A"
	case missing == 1:
		return "B"
	}
	return "C"
}

// flags are properties of the concern, told from sums alone: never of anybody
// who spoke.
func flags(in Input, w *warm) []string {
	var list []string
	n := float64(in.Messages)
	if in.Messages >= flagMessages && w.voices > 0 && n >= loudMessages*w.voices && in.At.Sub(in.First) < 72*time.Hour {
		list = append(list, "loud_few")
	}
	if in.Messages >= flagMessages && float64(in.Copies) >= copiedShare*n {
		list = append(list, "copied")
	}
	if in.Listening != 1 && w.voices >= flagMessages && w.sources < oneSourceHill {
		list = append(list, "one_source")
	}
	if len(in.Unreached) > 0 {
		list = append(list, "coverage")
	}
	if in.Mixed {
		list = append(list, "mixed")
	}
	if in.Outage {
		list = append(list, "outage")
	}
	if !in.Answered && w.voices >= voidVoices && float64(in.Questions) >= voidShare*n && n > 0 {
		list = append(list, "void")
	}
	if len(in.Ratings) == 0 {
		list = append(list, "unrated")
	}
	if SecondRater(in.Ratings) {
		list = append(list, "second_rater")
	}
	return list
}
