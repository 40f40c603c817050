package app

// A seen set answers "surely not" or "perhaps" for 64-bit keys: a Bloom filter
// with ten bits a key and seven probes, about 1 % false alarms at its size
// (Bloom, 1970). It spares the store a question for every new post.
type seen struct {
	bits []uint64
	n    int
}

// newSeen makes a set for at least n keys.
func newSeen(n int) *seen {
	size := 1 << 16
	for size*64 < 10*n {
		size *= 2
	}
	return &seen{bits: make([]uint64, size)}
}

// full reports whether the set holds as many keys as it was made for.
func (s *seen) full() bool { return s.n*10 > len(s.bits)*64 }

func (s *seen) add(key uint64) {
	s.n++
	for range 7 {
		key = mix(key)
		s.bits[(key>>6)&uint64(len(s.bits)-1)] |= 1 << (key & 63)
	}
}

func (s *seen) perhaps(key uint64) bool {
	for range 7 {
		key = mix(key)
		if s.bits[(key>>6)&uint64(len(s.bits)-1)]&(1<<(key&63)) == 0 {
			return false
		}
	}
	return true
}

// mix is the finaliser of SplitMix64 (Steele, Lea, Flood, 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
