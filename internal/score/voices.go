package score

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"example.org/hearback"
)

const (
	sketchBits  = 11              // 2048 registers: a standard error of about 1.9 %
	sketchSize  = 1 << sketchBits // registers of the dense form, one byte each
	sketchExact = 192             // up to here every voice is told apart exactly
	sketchDeep  = 64 - sketchBits + 1
)

// A Sketch counts distinct voices from their keyed hashes. A few are counted
// exactly; from then on it holds only the registers of a HyperLogLog, from
// which no hash can be read back. The count grows as registers change, by the
// inverse of the chance that a new voice changes one (the "historic inverse
// probability" estimator of Cohen 2014 and Ting 2014), so it never falls. The
// zero value is an empty sketch. A Sketch is not safe for many goroutines.
type Sketch struct {
	few   []uint64 // open addressing, 0 is free; nil once dense
	n     int      // hashes in few
	regs  []uint8  // nil while few serves
	count float64  // estimate of the dense form
	open  float64  // sum of 2^-register over the registers
}

// Add counts the voice with hash h and returns by how much the count grew: 0
// if the voice was heard before, usually 1 if it was not, and now and then a
// few at once when there are many.
func (s *Sketch) Add(h uint64) int64 {
	h = mix(h)
	if s.regs == nil {
		if !s.addFew(h) {
			return 0
		}
		if s.n > sketchExact {
			s.thicken()
		}
		return 1
	}
	before := int64(s.count)
	s.addReg(h)
	return int64(s.count) - before
}

// Echo takes in a voice that only repeats a text, once Add has said that it is
// new, and returns by how much it counts all the same: the more have repeated
// that text, the less. How many zeros a hash ends with goes up by one with each
// doubling of the voices, so the distinct numbers of zeros are about 1 + log2 of
// them; nothing has to be remembered of the text but these.
func (s *Sketch) Echo(text, h uint64) int64 {
	return s.Add(mix(text) + uint64(bits.TrailingZeros64(mix(h)|1<<63)))
}

// Count returns how many distinct voices were added, about.
func (s *Sketch) Count() int64 {
	if s.regs == nil {
		return int64(s.n)
	}
	return int64(s.count)
}

// Merge adds the voices of o and returns by how much the count grew.
func (s *Sketch) Merge(o *Sketch) int64 {
	before := s.Count()
	if o.regs == nil {
		for _, h := range o.few {
			if h == 0 {
				continue
			}
			if s.regs != nil {
				s.addReg(h)
			} else if s.addFew(h) && s.n > sketchExact {
				s.thicken()
			}
		}
		return s.Count() - before
	}
	if s.regs == nil {
		s.thicken()
	}
	for i, r := range o.regs {
		s.regs[i] = max(s.regs[i], r)
	}
	// How the registers came about is lost for the union, so it is estimated
	// from the registers alone; it holds at least the larger side.
	s.open = s.sumOpen()
	s.count = max(s.count, o.count, s.estimate())
	return s.Count() - before
}

// addFew adds a mixed hash to the exact set and reports whether it was new.
func (s *Sketch) addFew(h uint64) bool {
	if len(s.few) == 0 {
		s.few = make([]uint64, 4)
	}
	mask := uint64(len(s.few) - 1)
	i := h & mask
	for ; s.few[i] != 0; i = (i + 1) & mask {
		if s.few[i] == h {
			return false
		}
	}
	s.few[i] = h
	s.n++
	if 4*s.n > 3*len(s.few) {
		old := s.few
		s.few = make([]uint64, 2*len(old))
		mask = uint64(len(s.few) - 1)
		for _, h := range old {
			if h == 0 {
				continue
			}
			i := h & mask
			for s.few[i] != 0 {
				i = (i + 1) & mask
			}
			s.few[i] = h
		}
	}
	return true
}

// thicken turns the exact set into registers.
func (s *Sketch) thicken() {
	n, few := s.n, s.few
	s.regs, s.few, s.n = make([]uint8, sketchSize), nil, 0
	s.open = sketchSize
	for _, h := range few {
		if h != 0 {
			s.addReg(h)
		}
	}
	s.count = float64(n) // known exactly so far
}

func (s *Sketch) addReg(h uint64) {
	i := h >> (64 - sketchBits)
	r := uint8(min(bits.LeadingZeros64(h<<sketchBits)+1, sketchDeep))
	old := s.regs[i]
	if r <= old {
		return
	}
	s.count += sketchSize / s.open
	s.open += math.Ldexp(1, -int(r)) - math.Ldexp(1, -int(old))
	s.regs[i] = r
}

func (s *Sketch) sumOpen() float64 {
	var sum float64
	for _, r := range s.regs {
		sum += math.Ldexp(1, -int(r))
	}
	return sum
}

// estimate is the classic estimator of Flajolet and others (2007), with linear
// counting where many registers are empty.
func (s *Sketch) estimate() float64 {
	zeros := 0
	for _, r := range s.regs {
		if r == 0 {
			zeros++
		}
	}
	const m = float64(sketchSize)
	raw := 0.7213 / (1 + 1.079/m) * m * m / s.open
	if raw <= 2.5*m && zeros > 0 {
		return m * math.Log(m/float64(zeros))
	}
	return raw
}

// mix spreads the bits of h and never returns 0 (the finaliser of Murmur3).
func mix(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	h ^= h >> 33
	if h == 0 {
		return 1
	}
	return h
}

// Forms of a stored sketch.
const (
	sketchFew   = 1
	sketchDense = 2
)

// MarshalBinary implements encoding.BinaryMarshaler. Equal sets of voices have
// one form while they are few.
func (s *Sketch) MarshalBinary() ([]byte, error) {
	if s.regs == nil {
		list := make([]uint64, 0, s.n)
		for _, h := range s.few {
			if h != 0 {
				list = append(list, h)
			}
		}
		slices.Sort(list)
		b := make([]byte, 1, 1+8*len(list))
		b[0] = sketchFew
		for _, h := range list {
			b = binary.LittleEndian.AppendUint64(b, h)
		}
		return b, nil
	}
	b := make([]byte, 1, 9+sketchSize)
	b[0] = sketchDense
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(s.count))
	return append(b, s.regs...), nil
}

// UnmarshalBinary implements encoding.BinaryUnmarshaler. It returns
// [hearback.ErrInvalid] for bytes that are no sketch, and leaves s as it was.
func (s *Sketch) UnmarshalBinary(b []byte) error {
	if len(b) == 0 {
		return fmt.Errorf("%w: an empty voice sketch", hearback.ErrInvalid)
	}
	var got Sketch
	form, b := b[0], b[1:]
	switch form {
	case sketchFew:
		if len(b)%8 != 0 || len(b)/8 > sketchExact {
			return fmt.Errorf("%w: a voice sketch of %d bytes; restore the store from a backup", hearback.ErrInvalid, len(b))
		}
		last := uint64(0)
		for ; len(b) > 0; b = b[8:] {
			h := binary.LittleEndian.Uint64(b)
			if h <= last {
				return fmt.Errorf("%w: a voice sketch out of order; restore the store from a backup", hearback.ErrInvalid)
			}
			last = h
			got.addFew(h)
		}
	case sketchDense:
		if len(b) != 8+sketchSize {
			return fmt.Errorf("%w: a voice sketch of %d bytes; restore the store from a backup", hearback.ErrInvalid, len(b))
		}
		got.count = math.Float64frombits(binary.LittleEndian.Uint64(b))
		got.regs = slices.Clone(b[8:])
		if !(got.count >= sketchExact && got.count < 1<<53) || slices.Max(got.regs) > sketchDeep {
			return fmt.Errorf("%w: a voice sketch with impossible counts; restore the store from a backup", hearback.ErrInvalid)
		}
		got.open = got.sumOpen()
	default:
		return fmt.Errorf("%w: a voice sketch of unknown form %d; start the newer hearback that wrote it", hearback.ErrInvalid, form)
	}
	*s = got
	return nil
}
