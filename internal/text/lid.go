package text

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync/atomic"
	"unicode/utf8"
)

// A langModel is a fastText supervised model with quantised input and a
// hierarchical softmax, as lid.176.ftz is: a word and its character n-grams
// have a row each, a text is their mean, and a walk down a Huffman tree of
// labels gives the probability of each. See Joulin et al. 2016.
type langModel struct {
	dim        int
	minN, maxN int
	bucket     uint32
	nwords     int
	words      map[string]int32
	rows       []float32 // dequantised, dim each: the words, then the kept n-grams
	ngrams     pruned
	labels     []string
	tree       []treeNode
	out        []float32 // dim for each inner node
	seen       [1 << 14]atomic.Pointer[wordSum]
}

// langDim is the only width of a model that is read. A constant lets the
// compiler lay sums out in registers.
const langDim = 16

// A wordSum is what a word adds to its text. People use few words often, so
// the sums of words that came lately are kept: each word has one place in
// langModel.seen, and a word that comes later takes it.
type wordSum struct {
	key uint64 // hash of the word
	langSum
}

type treeNode struct {
	left, right int32 // 0 for a leaf: the first leaf is no child of itself
	count       int64
}

const (
	fastTextMagic   = 793712314
	fastTextVersion = 12
	maxModel        = 64 << 20
)

// parseLangModel reads a model in fastText's .ftz format. Everything it
// allocates is bounded by the length of data.
func parseLangModel(data string) (*langModel, error) {
	if len(data) > maxModel {
		return nil, errors.New("the model is larger than 64 MB")
	}
	r := &reader{s: data}
	if r.int32() != fastTextMagic || r.int32() != fastTextVersion {
		return nil, errors.New("not a fastText model of version 12")
	}
	m := &langModel{}
	m.dim = int(r.int32())
	r.skip(4 * 4) // window, epochs, least count, negatives
	wordNgrams, loss, kind := r.int32(), r.int32(), r.int32()
	m.bucket = uint32(r.int32())
	m.minN, m.maxN = int(r.int32()), int(r.int32())
	r.skip(4 + 8)
	if wordNgrams != 1 || loss != 1 || kind != 3 {
		return nil, errors.New("the model is not supervised with hierarchical softmax over single words")
	}
	if m.dim != langDim || m.bucket < 1 || m.minN < 1 || m.maxN < m.minN || m.maxN > 8 {
		return nil, errors.New("the model's sizes make no sense")
	}
	size, nwords, nlabels := int(r.int32()), int(r.int32()), int(r.int32())
	r.skip(8)
	kept := int(r.int64())
	if r.bad || size != nwords+nlabels || nwords < 0 || nlabels < 2 || size > len(data)/10 || kept < 0 || kept > len(data)/8 {
		return nil, errors.New("the model's dictionary is cut short")
	}
	m.nwords = nwords
	m.words = make(map[string]int32, nwords)
	var counts []int64
	for i := range size {
		word := r.cstring()
		count := r.int64()
		if label := r.byte(); label == 1 {
			m.labels = append(m.labels, strings.TrimPrefix(word, "__label__"))
			counts = append(counts, count)
		} else {
			m.words[word] = int32(i)
		}
	}
	if r.bad || len(counts) != nlabels {
		return nil, errors.New("the model's dictionary is cut short")
	}
	m.ngrams = newPruned(kept)
	for range kept {
		at, row := r.int32(), r.int32()
		m.ngrams.put(uint32(at), row)
	}
	if r.byte() != 1 {
		return nil, errors.New("the model's input is not quantised")
	}
	var err error
	if m.rows, err = r.quantised(m.dim, nwords+kept); err != nil {
		return nil, fmt.Errorf("read the model's input: %w", err)
	}
	if r.byte() == 1 {
		m.out, err = r.quantised(m.dim, nlabels)
	} else {
		m.out, err = r.matrix(m.dim, nlabels)
	}
	if err != nil {
		return nil, fmt.Errorf("read the model's output: %w", err)
	}
	return m, m.buildTree(counts)
}

// buildTree rebuilds the Huffman tree exactly as fastText does.
func (m *langModel) buildTree(counts []int64) error {
	n := len(counts)
	m.tree = make([]treeNode, 2*n-1)
	for i := range m.tree {
		m.tree[i].count = 1e15
		if i < n {
			m.tree[i].count = counts[i]
		}
	}
	leaf, node := n-1, n
	for i := n; i < 2*n-1; i++ {
		var mini [2]int
		for j := range mini {
			if leaf >= 0 && m.tree[leaf].count < m.tree[node].count {
				mini[j] = leaf
				leaf--
			} else {
				mini[j] = node
				node++
			}
			if mini[j] >= i {
				return errors.New("the model's labels are not sorted by count")
			}
		}
		m.tree[i] = treeNode{int32(mini[0]), int32(mini[1]), m.tree[mini[0]].count + m.tree[mini[1]].count}
	}
	return nil
}

// pruned maps the kept n-gram buckets to rows: open addressing, key+1 in the
// high half so that zero is empty.
type pruned struct {
	slots []uint64
	mask  uint32
}

func newPruned(n int) pruned {
	size := 16
	for size < 2*n {
		size *= 2
	}
	return pruned{make([]uint64, size), uint32(size - 1)}
}

func (p pruned) put(key uint32, row int32) {
	i := key * 0x9E3779B1 >> 7 & p.mask
	for p.slots[i] != 0 {
		i = (i + 1) & p.mask
	}
	p.slots[i] = uint64(key+1)<<32 | uint64(uint32(row))
}

func (p pruned) get(key uint32) (int32, bool) {
	for i := key * 0x9E3779B1 >> 7 & p.mask; ; i = (i + 1) & p.mask {
		e := p.slots[i]
		if e == 0 {
			return 0, false
		}
		if uint32(e>>32) == key+1 {
			return int32(uint32(e)), true
		}
	}
}

// A langSum is the sum of the rows of a text, and how many they are.
type langSum struct {
	v [langDim]float32
	n int
}

// addWord adds a word and its n-grams.
func (m *langModel) addWord(h *langSum, buf []byte, word string) {
	key := hashTerm(Word, word)
	at := &m.seen[(key>>7)%uint64(len(m.seen))]
	w := at.Load()
	if w == nil || w.key != key {
		w = &wordSum{key: key}
		m.sumWord(&w.langSum, buf, word)
		at.Store(w)
	}
	for i, x := range w.v {
		h.v[i] += x
	}
	h.n += w.n
}

func (m *langModel) sumWord(h *langSum, buf []byte, word string) {
	if id, known := m.words[word]; known {
		m.addRow(h, id)
	}
	if word == "</s>" {
		return
	}
	buf = append(buf[:0], '<')
	buf = append(buf, word...)
	buf = append(buf, '>')
	for i := range buf {
		if buf[i]&0xC0 == 0x80 {
			continue
		}
		hash := uint32(2166136261)
		for j, n := i, 1; j < len(buf) && n <= m.maxN; n++ {
			for {
				hash = (hash ^ uint32(int8(buf[j]))) * 16777619
				if j++; j == len(buf) || buf[j]&0xC0 != 0x80 {
					break
				}
			}
			if n >= m.minN && !(n == 1 && (i == 0 || j == len(buf))) {
				if row, ok := m.ngrams.get(hash % m.bucket); ok {
					m.addRow(h, int32(m.nwords)+row)
				}
			}
		}
	}
}

func (m *langModel) addRow(h *langSum, row int32) {
	at := int(row) * langDim
	if at < 0 || at+langDim > len(m.rows) {
		return
	}
	h.n++
	for i, x := range (*[langDim]float32)(m.rows[at : at+langDim]) {
		h.v[i] += x
	}
}

// hardly is the probability below which a branch of the tree is left alone.
const hardly = 2e-5

// above marks the nodes of the tree that have a marked label under them.
func (m *langModel) above(marked []bool) {
	for node := len(m.labels); node < len(m.tree); node++ {
		marked[node] = marked[m.tree[node].left] || marked[m.tree[node].right]
	}
}

// probabilities returns the probability of each label, in room. The walk goes
// from the root, the last node, down; children stand before their parents.
// Labels that are hardly possible have zero, and so may those that are not
// wanted; nil wants all.
func (m *langModel) probabilities(h *langSum, room []float32, wanted []bool) []float32 {
	n := len(m.labels)
	q := append(room[:0], make([]float32, 2*n-1)...)
	if h.n == 0 {
		return q[:n]
	}
	inv := 1 / float32(h.n)
	v := h.v
	for i := range v {
		v[i] *= inv
	}
	q[2*n-2] = 1
	for node := 2*n - 2; node >= n; node-- {
		p := q[node]
		if p < hardly || wanted != nil && !wanted[node] {
			continue
		}
		var dot float32
		for i, x := range (*[langDim]float32)(m.out[(node-n)*langDim:]) {
			dot += x * v[i]
		}
		f := float32(1 / (1 + math.Exp(-float64(dot))))
		q[m.tree[node].left], q[m.tree[node].right] = p*(1-f), p*f
	}
	return q[:n]
}

// reader reads little-endian values; after the end it returns zeroes and is
// bad.
type reader struct {
	s   string
	bad bool
}

func (r *reader) take(n int) string {
	if n < 0 || n > len(r.s) {
		r.s, r.bad = "", true
		return ""
	}
	b := r.s[:n]
	r.s = r.s[n:]
	return b
}

func (r *reader) skip(n int) { r.take(n) }

func (r *reader) byte() byte {
	if b := r.take(1); b != "" {
		return b[0]
	}
	return 0
}

func (r *reader) int32() int32 {
	b := r.take(4)
	if b == "" {
		return 0
	}
	return int32(binary.LittleEndian.Uint32([]byte(b)))
}

func (r *reader) int64() int64 {
	b := r.take(8)
	if b == "" {
		return 0
	}
	return int64(binary.LittleEndian.Uint64([]byte(b)))
}

func (r *reader) float32() float32 { return math.Float32frombits(uint32(r.int32())) }

func (r *reader) cstring() string {
	i := strings.IndexByte(r.s, 0)
	if i < 0 {
		r.s, r.bad = "", true
		return ""
	}
	s := r.take(i)
	r.skip(1)
	return s
}

// matrix reads a plain matrix of dim columns and at least rows rows.
func (r *reader) matrix(dim, rows int) ([]float32, error) {
	m, n := r.int64(), r.int64()
	if n != int64(dim) || m < int64(rows) || m > int64(len(r.s))/4/int64(dim) {
		return nil, errors.New("its size does not fit the dictionary")
	}
	v := make([]float32, int(m)*dim)
	for i := range v {
		v[i] = r.float32()
	}
	if r.bad {
		return nil, errors.New("it is cut short")
	}
	return v, nil
}

// quantised reads a product-quantised matrix and returns it in full.
func (r *reader) quantised(dim, rows int) ([]float32, error) {
	qnorm := r.byte() == 1
	m, n := int(r.int64()), int(r.int64())
	codes := r.take(int(r.int32()))
	cents, sub, dsub, err := r.quantiser(n)
	if err != nil {
		return nil, err
	}
	if n != dim || m < rows || m > len(codes) || len(codes) != m*sub {
		return nil, errors.New("its size does not fit the dictionary")
	}
	var norms string
	var normCents []float32
	if qnorm {
		norms = r.take(m)
		if normCents, _, _, err = r.quantiser(1); err != nil {
			return nil, err
		}
		if len(norms) != m {
			return nil, errors.New("it is cut short")
		}
	}
	v := make([]float32, m*dim)
	for i := range m {
		scale := float32(1)
		if qnorm {
			scale = normCents[norms[i]]
		}
		for j := range sub {
			width := min(dsub, dim-j*dsub)
			from := j*256*dsub + int(codes[i*sub+j])*width
			for k := range width {
				v[i*dim+j*dsub+k] = scale * cents[from+k]
			}
		}
	}
	return v, nil
}

// quantiser reads the centroids of a product quantiser for rows of dim.
func (r *reader) quantiser(dim int) (cents []float32, sub, dsub int, err error) {
	d := int(r.int32())
	sub, dsub = int(r.int32()), int(r.int32())
	r.skip(4)
	if r.bad || d != dim || d < 1 || d > 512 || dsub < 1 || dsub > d || sub != (d+dsub-1)/dsub {
		return nil, 0, 0, errors.New("its quantiser makes no sense")
	}
	cents = make([]float32, 256*d)
	for i := range cents {
		cents[i] = r.float32()
	}
	if r.bad {
		return nil, 0, 0, errors.New("it is cut short")
	}
	return cents, sub, dsub, nil
}

// sumOf adds up the words of s.
func (m *langModel) sumOf(h *langSum, s string) {
	var room [256]byte
	for i := 0; i < len(s); {
		for i < len(s) && s[i] <= ' ' {
			i++
		}
		j := i
		for j < len(s) && s[j] > ' ' {
			j++
		}
		if j > i && j-i < 200 && utf8.ValidString(s[i:j]) {
			m.addWord(h, room[:0], s[i:j])
		}
		i = j
	}
	m.addWord(h, room[:0], "</s>")
}
