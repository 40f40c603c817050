package alert

import (
	"encoding/binary"
	"fmt"
	"math"

	"example.org/hearback"
)

// stateForm is the first byte of a stored detector.
const stateForm = 1

// stored are the fields of a detector as they are kept.
type stored struct {
	Last, First, Since int64
	Ring               [guardHours]struct {
		Voices      uint16
		Seen, Share uint8
	}
	Now, Part, Calm  float32
	SumX, SumE       float64
	DispN, DispW     float32
	Smooth           float32
	SpreadN, SpreadW float32
	Slow             float32
	Hour             int32
	Rows             uint32
	Rose             int64
	Alerted          [2]int64
	Top              [2]float32
	Fired            [2]bool
}

// MarshalBinary implements encoding.BinaryMarshaler.
func (d *Detector) MarshalBinary() ([]byte, error) {
	s := stored{
		Last: d.last, First: d.first, Since: d.since, Now: d.now, Part: d.part, Calm: d.calm, SumX: d.sumX, SumE: d.sumE,
		DispN: d.dispN, DispW: d.dispW, Smooth: d.smooth, SpreadN: d.spreadN, SpreadW: d.spreadW, Slow: d.slow,
		Hour: d.hour, Rows: d.rows, Rose: d.rose, Alerted: d.alerted, Top: d.top, Fired: d.fired,
	}
	for i, p := range d.ring {
		s.Ring[i].Voices, s.Ring[i].Seen, s.Ring[i].Share = p.voices, p.seen, p.share
	}
	b := make([]byte, 1, 1+binary.Size(s))
	b[0] = stateForm
	return binary.Append(b, binary.LittleEndian, s)
}

// UnmarshalBinary implements encoding.BinaryUnmarshaler. It returns
// [hearback.ErrInvalid] for bytes that are no detector, and leaves d as it was.
func (d *Detector) UnmarshalBinary(b []byte) error {
	var s stored
	if len(b) != 1+binary.Size(s) || b[0] != stateForm {
		return fmt.Errorf("%w: %d bytes are no state of a detector; it starts anew from the counts", hearback.ErrInvalid, len(b))
	}
	if _, err := binary.Decode(b[1:], binary.LittleEndian, &s); err != nil {
		return fmt.Errorf("%w: state of a detector: %v", hearback.ErrInvalid, err)
	}
	for _, x := range []float64{
		float64(s.Now), float64(s.Part), float64(s.Calm), s.SumX, s.SumE, float64(s.DispW), float64(s.SpreadN), float64(s.SpreadW), float64(s.Slow),
	} {
		if !(x >= 0 && x < 1e30) {
			return fmt.Errorf("%w: impossible sums in the state of a detector; it starts anew from the counts", hearback.ErrInvalid)
		}
	}
	for _, x := range []float32{s.DispN, s.Smooth, s.Top[0], s.Top[1]} {
		if y := float64(x); math.IsNaN(y) || math.Abs(y) > 1e30 {
			return fmt.Errorf("%w: impossible statistics in the state of a detector; it starts anew from the counts", hearback.ErrInvalid)
		}
	}
	got := Detector{
		last: s.Last, first: s.First, since: s.Since, now: s.Now, part: s.Part, calm: s.Calm, sumX: s.SumX, sumE: s.SumE,
		dispN: s.DispN, dispW: s.DispW, smooth: s.Smooth, spreadN: s.SpreadN, spreadW: s.SpreadW, slow: s.Slow,
		hour: s.Hour, rows: s.Rows, rose: s.Rose, alerted: s.Alerted, top: s.Top, fired: s.Fired,
	}
	for i, p := range s.Ring {
		got.ring[i] = past{p.Voices, p.Seen, p.Share}
		if c := got.ring[i].count(); !(c >= 0 && c < 1e30) {
			return fmt.Errorf("%w: impossible counts in the state of a detector; it starts anew from the counts", hearback.ErrInvalid)
		}
	}
	if got.last < got.first {
		return fmt.Errorf("%w: the state of a detector runs backwards; it starts anew from the counts", hearback.ErrInvalid)
	}
	*d = got
	return nil
}
