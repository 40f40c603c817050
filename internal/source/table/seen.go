package table

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strconv"
)

// Sizes of what tells rows apart that have no id. They are fixed: a file of
// two gigabytes takes no more memory than a small one.
const (
	filterBits = 1 << 28 // 32 MiB; at ten million rows one in 2,500 is taken for a repetition
	maxCounted = 1 << 18 // rows that really come more than once
)

// A counter gives rows without an id a name that depends on what they say, and
// on how often the same was said before, but not on the file. Importing a file
// again, or a longer version of it, gives the same names.
type counter struct {
	filter []uint64 // a Bloom filter of rows seen
	again  map[[16]byte]uint32
}

// name returns the name of a row with these cells.
func (c *counter) name(cells ...string) string {
	h := sha256.New()
	var n [8]byte
	for _, s := range cells {
		binary.LittleEndian.PutUint64(n[:], uint64(len(s)))
		h.Write(n[:])
		h.Write([]byte(s))
	}
	var sum [32]byte
	h.Sum(sum[:0])
	var key [16]byte
	copy(key[:], sum[:])
	id := "row:" + base64.RawURLEncoding.EncodeToString(key[:])
	if k := c.count(key, binary.LittleEndian.Uint64(sum[16:]), binary.LittleEndian.Uint64(sum[24:])); k > 0 {
		id += "#" + strconv.FormatUint(uint64(k), 10)
	}
	return id
}

// count returns how often a row has come before. Rows seen once only mark the
// filter; those the filter knows are counted exactly. Beyond maxCounted
// different ones, further repetitions all get the same number, and so are
// taken once.
func (c *counter) count(key [16]byte, a, b uint64) uint32 {
	if c.filter == nil {
		c.filter, c.again = make([]uint64, filterBits/64), map[[16]byte]uint32{}
	}
	seen := true
	for i := range uint64(4) {
		bit := (a + i*b) % filterBits
		if c.filter[bit/64]&(1<<(bit%64)) == 0 {
			seen = false
			c.filter[bit/64] |= 1 << (bit % 64)
		}
	}
	if !seen {
		return 0
	}
	if n, ok := c.again[key]; ok || len(c.again) < maxCounted {
		c.again[key] = n + 1
		return n + 1
	}
	return 1
}
