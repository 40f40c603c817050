package score_test

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"example.org/hearback"
	"example.org/hearback/internal/score"
)

func TestSketch(t *testing.T) {
	for _, n := range []int64{1, 10, 150, 192, 193, 1000, 20_000, 500_000} {
		var worst, bias float64
		const runs = 6
		for run := range runs {
			r := rand.New(rand.NewPCG(uint64(n), uint64(run)))
			var s score.Sketch
			sum := int64(0)
			for range n {
				h := r.Uint64()
				sum += s.Add(h)
				if s.Add(h) != 0 {
					t.Fatalf("%d voices: a voice heard twice counted twice", n)
				}
			}
			if sum != s.Count() {
				t.Fatalf("%d voices: the increases add up to %d, the count is %d", n, sum, s.Count())
			}
			e := float64(s.Count())/float64(n) - 1
			worst, bias = max(worst, math.Abs(e)), bias+e/runs
		}
		if n <= 192 && worst > 0 {
			t.Errorf("%d voices are not counted exactly", n)
		}
		if worst > 0.08 || math.Abs(bias) > 0.03 {
			t.Errorf("%d voices: off by up to %.1f%%, bias %.1f%%", n, 100*worst, 100*bias)
		}
	}
}

// TestSketchState stores and restores in the middle, and counts on as before.
func TestSketchState(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		var a, b score.Sketch
		for range rapid.IntRange(0, 600).Draw(t, "before") {
			a.Add(r.Uint64N(500))
		}
		state, err := a.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if err := b.UnmarshalBinary(state); err != nil {
			t.Fatal(err)
		}
		for range 300 {
			h := r.Uint64N(1000)
			if x, y := a.Add(h), b.Add(h); x != y || x < 0 || a.Count() != b.Count() {
				t.Fatalf("Add = %d and %d, Count = %d and %d", x, y, a.Count(), b.Count())
			}
		}
	})
}

func TestSketchMerge(t *testing.T) {
	for _, tt := range []struct{ a, b, both int }{{10, 20, 5}, {150, 150, 0}, {1000, 10, 10}, {10, 1000, 5}, {3000, 4000, 1500}} {
		var a, b score.Sketch
		r := rand.New(rand.NewPCG(5, uint64(tt.a)))
		for i := range tt.a + tt.b - tt.both {
			h := r.Uint64()
			if i < tt.a {
				a.Add(h)
			}
			if i >= tt.a-tt.both {
				b.Add(h)
			}
		}
		before := a.Count()
		grew := a.Merge(&b)
		if want := float64(tt.a + tt.b - tt.both); math.Abs(float64(a.Count())-want) > 0.08*want || a.Count()-before != grew || grew < 0 {
			t.Errorf("%d and %d voices with %d in both: %d, grew by %d; want about %.0f", tt.a, tt.b, tt.both, a.Count(), grew, want)
		}
	}
}

func FuzzSketch(f *testing.F) {
	for _, n := range []uint64{0, 3, 500} {
		var s score.Sketch
		for h := range n {
			s.Add(h)
		}
		b, _ := s.MarshalBinary()
		f.Add(b)
	}
	f.Add([]byte("voices"))
	f.Add([]byte("声音"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var s score.Sketch
		if err := s.UnmarshalBinary(b); err != nil {
			if !errors.Is(err, hearback.ErrInvalid) || s.Count() != 0 {
				t.Fatalf("%v, count %d", err, s.Count())
			}
			return
		}
		again, err := s.MarshalBinary()
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("a sketch of %d bytes came back as %d bytes, %v", len(b), len(again), err)
		}
		if n := s.Count(); n < 0 || s.Add(42) < 0 || s.Count() < n {
			t.Fatalf("count %d, then %d", n, s.Count())
		}
	})
}

func BenchmarkAdd(b *testing.B) {
	for _, bb := range []struct {
		name string
		n    uint64
	}{{"few", 100}, {"many", 1 << 40}} {
		b.Run(bb.name, func(b *testing.B) {
			var s score.Sketch
			r := rand.New(rand.NewPCG(1, 2))
			for b.Loop() {
				s.Add(r.Uint64N(bb.n))
			}
		})
	}
}

// TestEcho: of n voices that repeat one text about 1 + log2(n) count, whatever
// else the sketch holds, and none twice.
func TestEcho(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, others := range []int{0, 250} {
		for _, n := range []int{1, 10, 100, 3000} {
			var sum float64
			const rounds = 200
			for text := range uint64(rounds) {
				var s score.Sketch
				for range others {
					s.Add(rng.Uint64())
				}
				for range n {
					h := rng.Uint64()
					if s.Add(h) > 0 {
						sum += float64(s.Echo(text+1, h))
					}
				}
			}
			want := 1 + math.Log2(float64(n))
			if got := sum / rounds; math.Abs(got-want) > 0.2*want+0.5 {
				t.Errorf("%d voices of one text beside %d others count as %.1f, want about %.1f", n, others, got, want)
			}
		}
	}
}
