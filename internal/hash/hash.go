// Package hash spreads the bits of a number, so that numbers which differ a
// little fall far apart: for tables, filters and sketches in memory, and for
// features whose weights are stored. It keeps no secret from anybody.
package hash

// Mix is the finaliser of SplitMix64 (Steele, Lea and Flood, 2014). It takes
// each number to another one, and 0 to 0.
func Mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Step is one step of SplitMix64 from the state x: what Mix is for numbers that
// may be 0.
func Step(x uint64) uint64 { return Mix(x + 0x9e3779b97f4a7c15) }
