package lexvec

import (
	"encoding/binary"
	"hash/crc32"
	"testing"

	"example.org/hearback/internal/text"
)

// small is a valid pack of two words in two dimensions, 停水 glossed by water.
func small() []byte {
	b := []byte(magic)
	for _, n := range []uint32{2, 2, 1, 1} {
		b = binary.LittleEndian.AppendUint32(b, n)
	}
	b = append(b, 'x')
	b = append(b, make([]byte, 16)...)
	first, second := text.Hash(text.Word, "water"), text.Hash(text.Han, "停水")
	counts, gloss := []byte{0, 1}, []byte{0, 0, 0}
	if first > second {
		first, second = second, first
		counts, gloss = []byte{1, 0}, []byte{1, 0, 0}
	}
	b = binary.LittleEndian.AppendUint64(b, first)
	b = binary.LittleEndian.AppendUint64(b, second)
	for range 4 {
		b = binary.LittleEndian.AppendUint16(b, 60000)
	}
	b = append(b, counts...)
	b = append(b, gloss...)
	b = append(b, 100, 20, 90, 30)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
}

func FuzzLoad(f *testing.F) {
	a, err := text.New()
	if err != nil {
		f.Fatal(err)
	}
	good := small()
	if _, err := Load(good); err != nil {
		f.Fatal(err)
	}
	f.Add(good[:len(good)-4], "停水了吗 water") // the checksum is put on below
	f.Add([]byte(magic+"no pack at all, no pack at all"), "is there water")
	f.Fuzz(func(t *testing.T, b []byte, s string) {
		for _, p := range [][]byte{b, append([]byte(magic), b...)} {
			// The checksum would keep the fuzzer out of everything behind it.
			p = binary.LittleEndian.AppendUint32(p[:len(p):len(p)], crc32.Checksum(p, crc32.MakeTable(crc32.Castagnoli)))
			v, err := Load(p)
			if err != nil {
				continue
			}
			d := a.Analyze(s, "")
			v.Sketch(&d)
			v.Met(&d, &d, 5)
			for _, x := range d.Terms {
				for range v.Glosses(v.Row(x.Hash)) {
				}
			}
		}
	})
}
