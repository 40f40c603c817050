package forecast

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

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

// skill sums scores of the past, half of which is forgotten after so many.
type skill struct {
	own, naive              float64
	in50, in80, in95, count float64
}

const skillHalf = 2000.0

func (s *skill) add(f *Forecast, came, own, naive float64) {
	keep := math.Exp2(-1 / skillHalf)
	within := func(low, high int) float64 {
		if came >= f.Q[low]-0.5 && came <= f.Q[high]+0.5 {
			return 1
		}
		return 0
	}
	s.own, s.naive = s.own*keep+own, s.naive*keep+naive
	s.in50, s.in80, s.in95 = s.in50*keep+within(2, 4), s.in80*keep+within(1, 5), s.in95*keep+within(0, 6)
	s.count = s.count*keep + 1
}

// A Skill is how good the forecasts of a target were lately.
type Skill struct {
	Relative         float64 // WIS against "as in the last 24 hours"; below 1 is better
	Cover50, Cover80 float64 // share of outcomes within the intervals
	Cover95          float64
	Count            float64 // forecasts that it rests on
	Show             bool    // there are enough, and they are better than "as in the last 24 hours"
}

// enough is how many forecasts must have been scored before any is shown as
// good.
const enough = 30

// Skill returns how good the forecasts of a target were lately.
func (f *Forecaster) Skill(t Target) Skill {
	s := f.skill[t]
	if s.count == 0 || s.naive == 0 {
		return Skill{Count: s.count}
	}
	r := Skill{Relative: s.own / s.naive, Cover50: s.in50 / s.count, Cover80: s.in80 / s.count, Cover95: s.in95 / s.count, Count: s.count}
	r.Show = r.Count >= enough && r.Relative < 1
	return r
}

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
		for _, x := range []*float64{&s.own, &s.naive, &s.in50, &s.in80, &s.in95, &s.count, &f.n[t]} {
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
		ok = ok && got.n[t] >= 0 && got.skill[t].count >= 0
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
