// Package stream makes messages up for the benchmarks: a bilingual stream whose
// every property that costs time is set to what public messages have. Equal
// seeds make equal streams.
package stream

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
	"strconv"
	"strings"
	"time"

	"example.org/hearback/data"
)

// The stream is made up, and made like what it stands for: lengths, the share
// of small words, of copies, of what has to be masked and of messages that are
// like no other were set so that each step costs what it costs on public posts
// and letters to city hotlines (50 to 140 bytes; 15 to 40 terms).
const (
	zipfExponent = 1.02   // of how often: about 1,500 messages in 100,000 are of the commonest
	chatter      = 0.03   // messages that belong to no concern
	copyShare    = 0.15   // messages that repeat one of the last copyReach, word for word or nearly
	copyReach    = 20000  //
	privateShare = 0.10   // messages that hold something to mask
	linkShare    = 0.15   // messages with a link
	accounts     = 200000 //
)

// A Generator makes messages: 45 % Chinese, of real words as often as they
// occur, and 55 % in Latin letters, with the real small words of English (one
// in ten of Spanish) between invented ones.
type Generator struct {
	rng      *rand.Rand
	instance uint64
	n        int
	concerns int       // that people have, unequally often
	begin    time.Time // when the first message was said
	step     time.Duration

	latin  []string
	han    []string
	hanSum []int // counts of the words of han, added up

	concern *rand.Zipf
	about   map[int]*about
	recent  []Message
}

// about is what a concern is about.
type about struct {
	lang  string
	words []string
}

// A Message is one of a stream.
type Message struct{ Lang, Text string }

var (
	englishSmall = strings.Fields(`the to and of a in is it you that for on was with this are be have not they at but we my all so
		from your he can or as when what just if about no there will out up people how do been me get now one like more would who has an by
		still our any had after why were think them because only know us than did over need some been where here again could today
		their really then back even does into very off want down too its water help time right work go make every other said next`)
	spanishSmall = strings.Fields(`de la que el en y a los se del las un por con no una su para es al lo como más pero sus le ya o este
		sí porque esta entre cuando muy sin sobre también me hasta hay donde quien desde todo nos durante todos uno les ni contra otros`)
	hanSmall  = strings.Fields("的 了 是 我 我们 在 不 有 都 这 就 也 还 没有 现在 什么 时候 怎么 为什么 请问 一个 大家 可以 不能 已经 因为 所以 但是 今天 昨天 请 去 要 会 说 被 把 对 和 吗 呢 吧 小区 问题 希望 解决 尽快 有关部门")
	districts = strings.Fields("河东 河西 城北 老城 滨江 Riverside Northgate Harbour Oldtown Westfield")
)

// New returns a generator of messages about a number of concerns, the first said
// at begin and each a step after the one before.
func New(seed uint64, concerns int, begin time.Time, step time.Duration) *Generator {
	g := &Generator{concerns: concerns, rng: rand.New(rand.NewPCG(seed, 1)), instance: seed, begin: begin, step: step, about: map[int]*about{}}
	r := rand.New(rand.NewPCG(7, 7)) // the language is the same for every seed
	heads := strings.Fields("ba con der est fil gra hom in jo ker lan mo nit or pel qua rin sto tur val wen char bri sne clo")
	tails := strings.Fields("ing ed s er ly tion al ment ty ous ship le en ic ance")
	for range 30000 {
		w := heads[r.IntN(len(heads))]
		for range 1 + r.IntN(2) {
			w += heads[r.IntN(len(heads))]
		}
		g.latin = append(g.latin, w+tails[r.IntN(len(tails))])
	}
	sum := 0
	for line := range strings.Lines(data.HanWords()) {
		w, count, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if n, err := strconv.Atoi(count); err == nil && len(w) >= 6 {
			sum += n
			g.han, g.hanSum = append(g.han, w), append(g.hanSum, sum)
		}
	}
	g.concern = rand.NewZipf(g.rng, zipfExponent, 20, uint64(concerns-1))
	return g
}

// word draws a content word: Chinese by how often it occurs, Latin with each
// octave of ranks equally likely, which is Zipf's law.
func (g *Generator) word(r *rand.Rand, zh bool) string {
	if zh {
		at := r.IntN(g.hanSum[len(g.hanSum)-1])
		return g.han[sort.SearchInts(g.hanSum, at+1)]
	}
	return g.latin[int(math.Pow(float64(len(g.latin)), r.Float64()))-1]
}

// concernAt returns what concern c is about: words that occur often and words
// that do not.
func (g *Generator) concernAt(c int) *about {
	if a := g.about[c]; a != nil {
		return a
	}
	r := rand.New(rand.NewPCG(uint64(c), 11))
	a := &about{lang: "en"}
	zh := r.IntN(100) < 45
	switch {
	case zh:
		a.lang = "zh"
	case r.IntN(10) == 0:
		a.lang = "es"
	}
	for i := range 9 {
		w := g.word(r, zh)
		if i%3 == 2 { // as rare as the names of places and things
			if list := g.latin; !zh {
				w = list[r.IntN(len(list))]
			} else {
				w = g.han[r.IntN(len(g.han))]
			}
		}
		a.words = append(a.words, w)
	}
	g.about[c] = a
	return a
}

// Next makes one message.
func (g *Generator) Next() Message {
	if len(g.recent) > 100 && g.rng.Float64() < copyShare {
		s := g.recent[g.rng.IntN(len(g.recent))]
		switch g.rng.IntN(3) {
		case 0:
			s.Text = "RT @friend: " + s.Text
		case 1:
			s.Text += " https://t.example/" + strconv.FormatUint(g.rng.Uint64N(1<<40), 36)
		}
		return s
	}
	var a *about
	if g.rng.Float64() < chatter {
		a = g.concernAt(g.concerns + g.n)
		delete(g.about, g.concerns+g.n)
	} else {
		a = g.concernAt(int(g.concern.Uint64()))
	}
	small, sep, zh := englishSmall, " ", false
	switch a.lang {
	case "zh":
		small, sep, zh = hanSmall, "", true
	case "es":
		small = spanishSmall
	}
	n := 8 + g.rng.IntN(16)
	var b strings.Builder
	for i := range n {
		switch {
		case i > 0 && i%8 == 0 && zh:
			b.WriteString("，")
		case i > 0:
			b.WriteString(sep)
		}
		switch x := g.rng.IntN(100); {
		case x < 45:
			b.WriteString(small[g.rng.IntN(1+g.rng.IntN(len(small)))])
		case x < 87: // the first words of a concern more often than the last
			b.WriteString(a.words[g.rng.IntN(1+g.rng.IntN(len(a.words)))])
		case x < 98:
			b.WriteString(g.word(g.rng, zh))
		default:
			b.WriteString(strconv.Itoa(1 + g.rng.IntN(100)))
		}
	}
	ends := [...]string{".", "?", "!", "", " #" + a.words[0]}
	if zh {
		ends = [...]string{"。", "？", "！", "", "#" + a.words[0] + "#"}
	}
	b.WriteString(ends[g.rng.IntN(len(ends))])
	if g.rng.Float64() < privateShare {
		b.WriteString(g.private(zh))
	}
	if g.rng.Float64() < linkShare {
		b.WriteString(" https://news.example/" + strconv.FormatUint(g.rng.Uint64N(1<<40), 36))
	}
	s := Message{a.lang, b.String()}
	if len(g.recent) < copyReach {
		g.recent = append(g.recent, s)
	} else {
		g.recent[g.rng.IntN(copyReach)] = s
	}
	return s
}

// private is something that points at a person.
func (g *Generator) private(zh bool) string {
	n := g.rng.IntN(1e8)
	if zh {
		return [...]string{
			fmt.Sprintf("我的电话是138%08d", n), fmt.Sprintf("，微信wx_%08d", n), fmt.Sprintf("，住在幸福路%d号3栋502室", n%500+1), "，我叫李小明", fmt.Sprintf(" @用户%d ", n),
		}[g.rng.IntN(5)]
	}
	return [...]string{
		fmt.Sprintf(" call me on 0%d", 7700000000+n), fmt.Sprintf(" mail me at ann.%d@mail.example", n), fmt.Sprintf(" @somebody%d", n), " my name is Ann Brown", fmt.Sprintf(" I live at %d Mill Lane", n%200+1),
	}[g.rng.IntN(5)]
}

// Body returns k messages as JSON lines.
func (g *Generator) Body(k int) []byte {
	var b bytes.Buffer
	for range k {
		g.n++
		s := g.Next()
		fmt.Fprintf(&b, `{"id":"%d-%d","time":%q,"text":%q`, g.instance, g.n, g.begin.Add(time.Duration(g.n)*g.step).Format(time.RFC3339), s.Text)
		if g.rng.IntN(10) > 0 {
			fmt.Fprintf(&b, `,"account":"u%d"`, g.rng.IntN(accounts))
		}
		if g.rng.IntN(2) > 0 {
			fmt.Fprintf(&b, `,"lang":%q`, s.Lang)
		}
		if g.rng.IntN(10) < 3 {
			fmt.Fprintf(&b, `,"area":%q`, districts[g.rng.IntN(len(districts))])
		}
		b.WriteString("}\n")
	}
	return b.Bytes()
}
