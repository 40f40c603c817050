package text

import "math/bits"

// hashTerm returns the hash of a term. It is stored with messages and in
// models, so it must never change: TestHash holds its values.
//
// It multiplies and folds eight bytes at a time, after the public-domain
// wyhash; with 64 bits, a million terms collide with a chance of 3 in 10⁸.
func hashTerm(kind TermKind, s string) uint64 {
	const (
		k0 = 0xa0761d6478bd642f
		k1 = 0xe7037ed1a0b428db
		k2 = 0x8ebc6af09c88c6e3
	)
	h := k0 ^ uint64(kind)*k2
	n, i := len(s), 0
	for ; i+8 <= n; i += 8 {
		h = fold(h^load(s[i:]), k1)
	}
	if i < n {
		var rest uint64 // bytes, as if zeroes followed them
		if n >= 8 {
			rest = load(s[n-8:]) >> (8 * (i + 8 - n))
		} else {
			for k := n - 1; k >= 0; k-- {
				rest = rest<<8 | uint64(s[k])
			}
		}
		h = fold(h^rest, k1)
	}
	return fold(h^uint64(n), k2)
}

func load(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// Hash returns the hash that a term of this kind and text has, so that others
// can look terms up.
func Hash(kind TermKind, text string) uint64 { return hashTerm(kind, text) }
