package forecast

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"time"

	"example.org/hearback"
)

// bands are the sizes of counts whose errors are learned apart: up to 3, 15,
// 63, 255 voices, and more.
const bands = 5

func bandOf(log float64) int {
	return min(max(int(log/math.Log(4)), 0), bands-1)
}

// A band tracks the quantiles of errors, in units of the expected error. Each
// outcome moves each quantile a little to where it would have been right:
// adaptive conformal inference (Gibbs and Candès, 2021), which keeps its
// coverage when the world changes.
type band struct {
	q [7]float64
	n float64
}

// Quantiles of the standard normal curve at Levels.
var normals = [7]float64{-1.96, -1.2816, -0.6745, 0, 0.6745, 1.2816, 1.96}

// Expected errors grow with the horizon.
var grow = [targets]float64{1.1, 1.2, 1.4, 1.8}

func (b *band) start(t Target, by float64) {
	for i, z := range normals {
		b.q[i] = z * grow[t] * by
	}
}

func (b *band) learn(e float64) {
	e = min(max(e, -20), 20)
	b.n++
	step := math.Max(stepTop/math.Sqrt(b.n), stepFloor)
	for i, alpha := range Levels {
		if e < b.q[i] {
			b.q[i] -= step * (1 - alpha)
		} else {
			b.q[i] += step * alpha
		}
	}
	slices.Sort(b.q[:]) // quantiles never cross
}

// Steps shrink as outcomes come in. They are small from the start, because
// outcomes that overlap repeat each other, and never end, because the world
// changes.
const (
	stepTop   = 0.2
	stepFloor = 0.005
)

func (b *band) quantiles(middle, scale float64) (q [7]float64) {
	for i := range q {
		q[i] = math.Max(0, math.Expm1(math.Min(middle+scale*b.q[i], 30)))
	}
	return q
}

// WIS is the weighted interval score of quantiles at [Levels] when y came
// (Bracher and others, 2021): smaller is better, and it is in voices.
func WIS(q [7]float64, y float64) float64 {
	score := 0.5 * math.Abs(y-q[3])
	for k := range 3 {
		alpha := 2 * Levels[k]
		low, high := q[k], q[6-k]
		score += alpha / 2 * (high - low)
		score += math.Max(0, low-y) + math.Max(0, y-high)
	}
	return score / 3.5
}

// Sums add up scores of forecasts of one target.
type Sums struct {
	Count            float64
	Own, Naive       float64 // weighted interval scores
	In50, In80, In95 float64 // outcomes within the intervals
	Down             float64 // not scored, because a source was silent
}

// Plus returns s and t together.
func (s Sums) Plus(t Sums) Sums {
	return Sums{s.Count + t.Count, s.Own + t.Own, s.Naive + t.Naive, s.In50 + t.In50, s.In80 + t.In80, s.In95 + t.In95, s.Down + t.Down}
}

// Score returns the sums of one forecast whose outcome is known.
func (f *Forecast) Score() Sums {
	if f.Down {
		return Sums{Down: 1}
	}
	within := func(low, high int) float64 {
		if f.Came >= f.Q[low]-0.5 && f.Came <= f.Q[high]+0.5 {
			return 1
		}
		return 0
	}
	return Sums{Count: 1, Own: WIS(f.Q, f.Came), Naive: WIS(f.Naive, f.Came), In50: within(2, 4), In80: within(1, 5), In95: within(0, 6)}
}

// skillHalf is after how many forecasts the Forecaster forgets half of how
// good it was.
const skillHalf = 2000.0

func (s *Sums) learn(t Sums) {
	keep := math.Exp2(-1 / skillHalf)
	*s = Sums{s.Count * keep, s.Own * keep, s.Naive * keep, s.In50 * keep, s.In80 * keep, s.In95 * keep, s.Down * keep}.Plus(t)
}

// A Skill is how good the forecasts of a target were.
type Skill struct {
	Relative         float64 // WIS against "as in the last 24 hours"; below 1 is better
	Cover50, Cover80 float64 // share of outcomes within the intervals
	Cover95          float64
	Count            float64 // forecasts that it rests on
	Down             float64 // forecasts that could not be scored
	Show             bool    // there are enough, and they are better than "as in the last 24 hours"
}

// Enough is how many forecasts must have been scored before any is shown as
// good.
const Enough = 30

// Lately is the time over which forecasts must have been better than "as in
// the last 24 hours" to be shown.
const Lately = 30 * 24 * time.Hour

// Skill returns how good the forecasts were that were summed.
func (s Sums) Skill() Skill {
	if s.Count == 0 || s.Naive == 0 {
		return Skill{Count: s.Count, Down: s.Down}
	}
	r := Skill{Relative: s.Own / s.Naive, Cover50: s.In50 / s.Count, Cover80: s.In80 / s.Count, Cover95: s.In95 / s.Count, Count: s.Count, Down: s.Down}
	r.Show = r.Count >= Enough && r.Relative < 1
	return r
}

// Skill returns how good the forecasts of a target were lately, newer ones
// weighing more.
func (f *Forecaster) Skill(t Target) Skill { return f.skill[t].Skill() }

// stateForm is the first byte of a stored Forecaster.
const stateForm = 1

// fields are all that a Forecaster has learned, in the order in which they are
// stored.
func (f *Forecaster) fields(each func(*float64)) {
	for t := range targets {
		for _, set := range []*[bands]band{&f.own[t], &f.naive[t]} {
			for b := range set {
				for i := range set[b].q {
					each(&set[b].q[i])
				}
				each(&set[b].n)
			}
		}
		s := &f.skill[t]
		for _, x := range []*float64{&s.Own, &s.Naive, &s.In50, &s.In80, &s.In95, &s.Count, &f.n[t]} {
			each(x)
		}
		for i := range f.past[t] {
			c := &f.past[t][i]
			for _, x := range []*float64{&c.shape.Level, &c.shape.Slope, &c.shape.Jump, &c.shape.Age, &c.shape.Noise, &c.ratio} {
				each(x)
			}
		}
	}
	each(&f.half.sum)
	each(&f.half.weight)
}

// MarshalBinary implements encoding.BinaryMarshaler.
func (f *Forecaster) MarshalBinary() ([]byte, error) {
	b := []byte{stateForm}
	f.fields(func(x *float64) { b = binary.LittleEndian.AppendUint64(b, math.Float64bits(*x)) })
	return b, nil
}

// UnmarshalBinary implements encoding.BinaryUnmarshaler. It returns
// [hearback.ErrInvalid] for bytes that are no Forecaster, and leaves f as it
// was.
func (f *Forecaster) UnmarshalBinary(b []byte) error {
	got := New()
	n := 0
	got.fields(func(*float64) { n++ })
	if len(b) != 1+8*n || b[0] != stateForm {
		return fmt.Errorf("%w: %d bytes are no state of forecasts; they learn anew", hearback.ErrInvalid, len(b))
	}
	b = b[1:]
	ok := true
	got.fields(func(x *float64) {
		*x = math.Float64frombits(binary.LittleEndian.Uint64(b))
		b = b[8:]
		ok = ok && math.Abs(*x) < 1e15 // and so a number
	})
	for t := range targets {
		ok = ok && got.n[t] >= 0 && got.skill[t].Count >= 0
		for i := range bands {
			ok = ok && slices.IsSorted(got.own[t][i].q[:]) && slices.IsSorted(got.naive[t][i].q[:]) && got.own[t][i].n >= 0 && got.naive[t][i].n >= 0
		}
	}
	if !ok || got.half.weight < 0 {
		return fmt.Errorf("%w: impossible values in the state of forecasts; they learn anew", hearback.ErrInvalid)
	}
	*f = *got
	return nil
}
