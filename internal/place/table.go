package place

import (
	"bytes"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The kinds of area.
const (
	country = iota
	province
	county // second divisions; cities in China
	town   // cities; counties and districts in China
)

// A table is the gazetteer with an index over its names: one open-addressing
// hash table that points back into the text it was read from. That loads in
// the time of one pass; and most scripts must be matched by whole words, which
// an automaton over characters cannot do.
type table struct {
	lines    string
	start    []uint32 // of each line
	parent   []int32
	people   []uint32
	kind     []uint8
	paths    []string
	chinese  []bool // it lies in China, where names end in what the area is
	slots    []slot
	used     int     // of slots
	reach    []uint8 // by hash of how names begin, how long they may be
	small    []uint8 // the same for names that may be written in small letters
	ordinary map[string]bool
	ownKeys  []string // names of the operator's areas
	ownIndex []int32
}

// A slot is a name: hash, and the line it stands on, counted from 1. Lines from ownLine on are
// names of the operator.
type slot struct{ hash, line uint32 }

const ownLine = 1 << 30

// maxOwn is how many names an operator may add.
const maxOwn = 20000

func load(lines, ordinary string) (*table, error) {
	n := strings.Count(lines, "\n")
	t := &table{
		lines: lines, start: make([]uint32, 0, n), parent: make([]int32, 0, n), people: make([]uint32, 0, n),
		kind: make([]uint8, 0, n), chinese: make([]bool, 0, n), paths: make([]string, 0, n), ordinary: map[string]bool{},
	}
	// Two names an area, half of the room free, and room for the operator's.
	t.slots = make([]slot, 1<<bits.Len(uint(5*n+2*maxOwn)))
	t.reach, t.small = make([]uint8, 1<<17), make([]uint8, 1<<17)
	for word := range strings.Lines(ordinary) {
		t.ordinary[foldName(strings.TrimSpace(word))] = true
	}
	at := 0
	var key []byte
	for line := range strings.Lines(lines) {
		if strings.Count(line, "\t") != 7 {
			return nil, fmt.Errorf("line %d: it has not eight columns", len(t.start))
		}
		f := t.fields(at)
		kind, err1 := strconv.Atoi(f.kind)
		people, err2 := strconv.ParseUint(f.people, 10, 32)
		parent := -1
		var err3 error
		if f.parent != "" {
			parent, err3 = strconv.Atoi(f.parent)
		}
		i := len(t.start)
		if err1 != nil || err2 != nil || err3 != nil || parent >= i || kind < country || kind > town {
			return nil, fmt.Errorf("line %d: %.60q is no area", i, line)
		}
		t.start = append(t.start, uint32(at))
		t.parent = append(t.parent, int32(parent))
		t.people = append(t.people, uint32(people))
		t.kind = append(t.kind, uint8(kind))
		chinese := parent >= 0 && (t.chinese[parent] || f.parentIsChina(t, parent))
		t.chinese = append(t.chinese, chinese)
		t.paths = append(t.paths, t.pathOf(&f, parent, chinese))
		joined := kind <= province || people >= 100000
		for name := range f.all {
			key = appendFold(key[:0], name)
			t.add(key, uint32(i), t.known(int32(i)) && len(key) >= minSmall)
			if joined && slices.Contains(key, ' ') { // #puertorico
				t.add(slices.DeleteFunc(key, func(b byte) bool { return b == ' ' }), uint32(i), true)
			}
		}
		at += len(line)
		if t.used+maxOwn > len(t.slots)/4*3 {
			return nil, fmt.Errorf("line %d: there are more names than room for them", i)
		}
	}
	return t, nil
}

// fields are the columns of a line.
type fields struct{ kind, parent, id, people, where, en, zh, more string }

// fields returns the columns of the line that begins at a byte.
func (t *table) fields(at int) fields {
	s := t.lines[at:]
	s = s[:strings.IndexByte(s, '\n')]
	var f fields
	for _, col := range []*string{&f.kind, &f.parent, &f.id, &f.people, &f.where, &f.en, &f.zh} {
		*col, s, _ = strings.Cut(s, "\t")
	}
	f.more = s
	return f
}

func (f *fields) parentIsChina(t *table, parent int) bool {
	switch t.fields(int(t.start[parent])).id {
	case "CN", "TW", "HK", "MO":
		return true
	}
	return false
}

// all calls yield with every name.
func (f *fields) all(yield func(string) bool) {
	if f.en != "" && !yield(f.en) || f.zh != "" && !yield(f.zh) {
		return
	}
	for rest := f.more; rest != ""; {
		var name string
		name, rest, _ = strings.Cut(rest, "|")
		if !yield(name) {
			return
		}
	}
}

// own adds a name of the operator's area i.
func (t *table) own(key string, i int) {
	t.add([]byte(key), ownLine+uint32(len(t.ownKeys)), true)
	t.ownKeys = append(t.ownKeys, key)
	t.ownIndex = append(t.ownIndex, int32(i))
}

// add adds a name of a line; small says whether it may be written without
// capitals.
func (t *table) add(key []byte, line uint32, small bool) {
	if len(key) == 0 {
		return
	}
	h := hash(key)
	mask := uint64(len(t.slots) - 1)
	i := h & mask
	for ; t.slots[i].line != 0; i = (i + 1) & mask {
		if t.slots[i] == (slot{uint32(h >> 32), line + 1}) {
			return
		}
	}
	t.slots[i] = slot{uint32(h >> 32), line + 1}
	t.used++
	n, units := headLen(key)
	head := hash(key[:n]) % uint64(len(t.reach))
	t.reach[head] = max(t.reach[head], uint8(min(units, 255)))
	if small {
		t.small[head] = max(t.small[head], uint8(min(units, 255)))
	}
}

// begins returns how long a name may be that begins with head (a word, or two
// Han characters), in words or in characters; 0 if there is none.
func (t *table) begins(head string) int {
	return int(t.reach[hash(head)%uint64(len(t.reach))])
}

// beginsSmall is begins for names that may be written in small letters.
func (t *table) beginsSmall(head string) int {
	return int(t.small[hash(head)%uint64(len(t.small))])
}

// minSmall is how long a name in small letters must be.
const minSmall = 5

// known reports whether people know an area so well that its name in small
// letters is no word.
func (t *table) known(i int32) bool {
	if t.chinese[i] {
		return t.kind[i] <= county
	}
	return t.kind[i] <= province || t.kind[i] == town && t.people[i] >= 1000000
}

// headLen returns how much of a name stands for its beginning, its first two
// characters in Han and its first word otherwise, and how long the name is in
// characters or words.
func headLen(key []byte) (n, units int) {
	if r, n := utf8.DecodeRune(key); isHan(r) {
		_, k := utf8.DecodeRune(key[n:])
		return n + k, utf8.RuneCount(key)
	}
	if i := slices.Index(key, ' '); i > 0 {
		return i, 1 + bytes.Count(key, []byte{' '})
	}
	return len(key), 1
}

// lookup appends the lines of the areas that have a name.
func (t *table) lookup(dst []int32, key string) []int32 {
	return t.lookupHash(dst, key, hash(key))
}

func (t *table) lookupHash(dst []int32, key string, h uint64) []int32 {
	mask := uint64(len(t.slots) - 1)
	for i := h & mask; t.slots[i].line != 0; i = (i + 1) & mask {
		if s := t.slots[i]; s.hash == uint32(h>>32) && t.bears(s.line-1, key) {
			dst = append(dst, int32(s.line-1))
		}
	}
	return dst
}

// find is lookup without the operator's areas.
func (t *table) find(dst []int32, key string) []int32 {
	return slices.DeleteFunc(t.lookup(dst, key), func(i int32) bool { return i >= ownLine })
}

// bears reports whether an area really has the name: a hash is no proof.
func (t *table) bears(line uint32, key string) bool {
	if line >= ownLine {
		return t.ownKeys[line-ownLine] == key
	}
	f := t.fields(int(t.start[line]))
	for name := range f.all {
		if foldsTo(name, key) {
			return true
		}
	}
	return false
}

// names returns the English and the Chinese name of an area.
func (t *table) names(i int32) (en, zh string) {
	f := t.fields(int(t.start[i]))
	return f.en, f.zh
}

// path returns the canonical name of an area.
func (t *table) path(i int32) string { return t.paths[i] }

func (t *table) pathOf(f *fields, parent int, chinese bool) string {
	if parent < 0 {
		return strings.ToLower(f.id)
	}
	name := f.en
	if chinese {
		name = f.zh
	}
	return t.paths[parent] + "/" + strings.ReplaceAll(name, "/", "-")
}

// byPath returns the area of a path.
func (t *table) byPath(path string) (int32, bool) {
	name := path[strings.LastIndexByte(path, '/')+1:]
	if name == path {
		for i := 0; i < len(t.start) && t.kind[i] == country; i++ {
			if t.path(int32(i)) == path {
				return int32(i), true
			}
		}
		return 0, false
	}
	for _, i := range t.find(nil, foldName(name)) {
		if t.path(i) == path {
			return i, true
		}
	}
	return 0, false
}

// inside reports whether area a lies in area b.
func (t *table) inside(a, b int32) bool {
	for a = t.parent[a]; a >= 0; a = t.parent[a] {
		if a == b {
			return true
		}
	}
	return false
}

func hash[K string | []byte](key K) uint64 { return mix(hashOn(hashSeed, key)) }

const hashSeed = 0x9E3779B97F4A7C15

// hashOn goes on with a hash, so that all beginnings of a text cost one pass.
func hashOn[K string | []byte](h uint64, key K) uint64 {
	for i := range len(key) {
		h = (h ^ uint64(key[i])) * 0x100000001b3
	}
	return h
}

func mix(h uint64) uint64 {
	h ^= h >> 32
	h *= 0xff51afd7ed558ccd
	return h ^ h>>29
}
