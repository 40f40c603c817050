package place

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"example.org/hearback/internal/text"
)

// minNamed is how likely a stretch of text must be the name of a place to be
// one of the results.
const minNamed = 0.5

// Confidence is put together from these. They were set by hand for what they
// mean and then moved until precision on two public sets of messages (Chinese
// and English and Arabic, see docs/architecture.md) passed .85.
const (
	sureParent     = 0.93 // the text names an area that it lies in
	sureHome       = 0.85 // it lies in the region served
	plusContext    = 0.20 // "in Reading"
	plusSuffix     = 0.15
	timesPlain     = 0.45 // the name is an ordinary word
	timesPerson    = 0.55 // or borne by persons
	timesBeside    = 0.60 // and a capitalised word stands next to it
	timesElsewhere = 0.65 // the text names another country
	knownPeople    = 1500000
	knownPersons   = 800000 // the same for cities that persons are called like
	dominance      = 0.70   // share of the people of all areas of the name
	mostSmall      = 0.65   // small towns: others of the name are too small for the gazetteer
	candidateMax   = 5
)

// scratch is what one Match needs and the next can use again.
type scratch struct {
	words     []word
	hits      []hit
	areas     []int32
	key, fold []byte
}

// Match finds the places that a text names. raw is the text as written (after
// masking), since names in Latin letters are told by their capitals; d is the
// same text, analysed.
func (g *Gazetteer) Match(raw string, d *text.Doc) []Place {
	sc := g.pool.Get().(*scratch)
	defer g.pool.Put(sc)
	sc.areas = sc.areas[:0]
	hits := g.scanHan(sc.hits[:0], d, sc)
	hits = g.scanWords(hits, raw, sc)
	sc.hits = hits
	if len(hits) == 0 {
		return nil
	}
	g.dropStorms(hits)
	var places []Place
	for i := range hits {
		if p, ok := g.resolve(hits, i); ok {
			places = append(places, p)
		}
	}
	clear(hits) // do not hold on to the text
	return places
}

// dropStorms takes out names that the text uses for a storm.
func (g *Gazetteer) dropStorms(hits []hit) {
	for i := range hits {
		if !hits[i].storm {
			continue
		}
		for j := range hits {
			if hits[j].key == hits[i].key && (j == i || !hits[j].context) {
				hits[j].areas = nil
			}
		}
	}
}

// resolve decides which area a hit means.
func (g *Gazetteer) resolve(hits []hit, k int) (Place, bool) {
	h := &hits[k]
	if len(h.areas) == 0 {
		return Place{}, false
	}
	if h.own >= 0 {
		a := g.areas[h.own]
		return Place{Text: h.key, Area: a.Name, EN: g.Name(a.Name, "en"), ZH: g.Name(a.Name, "zh"), Confidence: 1, Why: []Reason{Operator}}, true
	}
	areas := g.outermost(g.primary(h))
	var why []Reason
	add := func(r Reason) { why = append(why, r) }
	sure := 0.0
	// What the text says of the area around it, and then the region served,
	// choose among areas of one name.
	if inner := keep(areas, func(i int32) bool { return g.supported(hits, k, i) }); len(inner) > 0 && (!g.weak(h) || g.adjoined(hits, k, inner)) {
		if len(inner) == 1 || len(inner) < len(areas) {
			areas, sure = inner, sureParent
			add(Parent)
		}
	}
	if inner := keep(areas, g.isHome); sure == 0 && len(inner) > 0 {
		areas = inner
		if !g.weak(h) {
			sure = sureHome
		}
		add(Home)
	}
	slices.SortStableFunc(areas, func(a, b int32) int { return cmp.Compare(g.weight(b), g.weight(a)) })
	best := areas[0]
	total := 0.0
	for _, i := range areas {
		total += g.weight(i)
	}
	share := g.weight(best) / total
	named, reasons := g.named(h, best)
	why = append(why, reasons...)
	if sure == sureHome && named < minNamed {
		named = minNamed
	}
	if sure == 0 && int(g.people[best]) < knownPeople && g.elsewhere(hits, k, best) {
		named *= timesElsewhere
		add(Elsewhere)
	}
	if g.small(best) && !slices.Contains(why, Suffix) {
		named = min(named, mostSmall)
	}
	named = max(named, sure)
	if named < minNamed {
		return Place{}, false
	}
	p := Place{Text: h.key, Confidence: named}
	switch {
	case len(areas) == 1:
		if !slices.Contains(why, Parent) && !slices.Contains(why, Home) {
			add(Only)
		}
	case share >= dominance && !(g.chinese[best] && g.kind[best] == town):
		add(Larger)
		p.Confidence *= share
	default:
		p.Ambiguous = true
		p.Confidence *= share
		why = append([]Reason{Shared}, why...)
		for _, i := range areas[:min(len(areas), candidateMax)] {
			p.Candidates = append(p.Candidates, g.path(i))
		}
	}
	p.Why = why
	if p.Ambiguous {
		return p, true
	}
	f := g.fields(int(g.start[best]))
	p.Area, p.ID, p.EN, p.ZH = g.path(best), f.id, f.en, f.zh
	lat, lon, _ := strings.Cut(f.where, ",")
	p.Lat, _ = strconv.ParseFloat(lat, 64)
	p.Lon, _ = strconv.ParseFloat(lon, 64)
	return p, true
}

// outermost leaves out areas that lie in another one of the same name: who
// says 吉林 or New York means the larger as likely, and it holds both.
func (g *Gazetteer) outermost(areas []int32) []int32 {
	if len(areas) == 1 {
		return areas
	}
	return keep(areas, func(i int32) bool {
		return !slices.ContainsFunc(areas, func(o int32) bool { return g.inside(i, o) })
	})
}

// primary leaves out areas that have the name of a hit as one of many other
// names, if it is the first name of another area.
func (g *Gazetteer) primary(h *hit) []int32 {
	if h.arabic {
		return h.areas // the gazetteer has no first name in Arabic
	}
	if len(h.areas) == 1 {
		return h.areas
	}
	first := keep(h.areas, func(i int32) bool {
		en, zh := g.names(i)
		return h.han && zh == h.key || foldsTo(en, h.key) || g.chinese[i] || g.kind[i] == country
	})
	if len(first) == 0 {
		return h.areas
	}
	return first
}

func keep(areas []int32, f func(int32) bool) []int32 {
	var out []int32
	for _, i := range areas {
		if f(i) {
			out = append(out, i)
		}
	}
	return out
}

// supported reports whether the text names an area that i lies in.
func (g *Gazetteer) supported(hits []hit, k int, i int32) bool {
	for j := range hits {
		if j == k || hits[j].own >= 0 {
			continue
		}
		for _, a := range hits[j].areas {
			if g.kind[a] < g.kind[i] && g.inside(i, a) && (!g.weak(&hits[j]) || g.kind[a] <= province) {
				return true
			}
		}
	}
	return false
}

// elsewhere reports whether the text names countries, and i lies in none of
// them.
func (g *Gazetteer) elsewhere(hits []hit, k int, i int32) bool {
	for g.parent[i] >= 0 {
		i = g.parent[i]
	}
	other := false
	for j := range hits {
		if j == k || hits[j].own >= 0 {
			continue
		}
		for _, a := range hits[j].areas {
			if g.kind[a] == country {
				if a == i {
					return false
				}
				other = true
			}
		}
	}
	return other
}

// adjoined reports whether a name that may be a mere word stands beside the
// area that one of these lies in: "Reading, England".
func (g *Gazetteer) adjoined(hits []hit, k int, areas []int32) bool {
	for _, j := range []int{k - 1, k + 1} {
		if j < 0 || j >= len(hits) || hits[j].own >= 0 || !hits[max(j, k)].glued {
			continue
		}
		for _, a := range hits[j].areas {
			for _, i := range areas {
				if g.inside(i, a) {
					return true
				}
			}
		}
	}
	return hits[k].context
}

// weak reports whether the words of a hit are often no name of a place.
func (g *Gazetteer) weak(h *hit) bool {
	return g.ordinary[h.key] || !h.han && g.latin.persons[h.key] || h.han && utf8.RuneCountInString(h.key) == 2 && strings.HasSuffix(h.key, "区")
}

func (g *Gazetteer) isHome(i int32) bool {
	if len(g.home) == 0 {
		return false
	}
	path := g.path(i)
	for _, home := range g.home {
		if path == home || within(path, home) {
			return true
		}
	}
	return false
}

// weight is how many people an area has, or may have.
func (g *Gazetteer) weight(i int32) float64 {
	n := float64(g.people[i]) + 1000
	if g.chinese[i] {
		n = max(n, []float64{0, 3e7, 3e6, 3e5}[g.kind[i]])
	} else if g.kind[i] == country {
		n = max(2*n, 1e7)
	}
	return n
}

// small reports whether an area outside China has so few people that there are
// likely others of its name.
func (g *Gazetteer) small(i int32) bool {
	return !g.chinese[i] && (g.kind[i] == town && g.people[i] < 100000 || g.kind[i] == county && g.people[i] < 2000000)
}

// arab reports whether Arabic is written where i lies.
func (g *Gazetteer) arab(i int32) bool {
	for g.parent[i] >= 0 {
		i = g.parent[i]
	}
	return g.latin.arab[g.fields(int(g.start[i])).id]
}

// named returns how likely the words of a hit name a place of a kind like i
// at all, and why.
func (g *Gazetteer) named(h *hit, i int32) (float64, []Reason) {
	var why []Reason
	n := int(g.people[i])
	full := false
	p := 0.0
	runes := utf8.RuneCountInString(h.key)
	switch kind := g.kind[i]; {
	case kind == country:
		p = 0.92
	case g.chinese[i] && h.han:
		full = g.isFull(h)
		p = []float64{0, 0.92, 0.82, 0.46}[kind]
		if full {
			p = 0.95
			why = append(why, Suffix)
		}
	case g.chinese[i]:
		p = []float64{0, 0.88, 0.85, 0.46}[kind]
	case kind == province:
		p = 0.86
	case h.han && runes == 2:
		p = 0.42
		if n >= 1000000 {
			p = 0.8
		}
	case kind == county:
		p = 0.42
		if n >= 500000 {
			p = 0.6
		}
		if n >= 2000000 {
			p = 0.75
		}
		if i := strings.LastIndexByte(h.key, ' '); i > 0 && g.latin.kinds[h.key[i+1:]] {
			p, full = 0.88, true
			why = append(why, Suffix)
		}
	case n >= 1000000:
		p = 0.88
	case n >= 300000:
		p = 0.82
	case n >= 100000:
		p = 0.72
	case n >= 50000:
		p = 0.6
	default:
		p = 0.5
	}
	if g.small(i) {
		why = append(why, Small)
	}
	if h.arabic && runes < 4 && g.kind[i] != country {
		p *= 0.5
	}
	if h.lower && g.kind[i] != country {
		p *= 0.85
	}
	if h.arabic && !h.context && g.kind[i] != country && n < 1000000 && !g.arab(i) {
		p *= 0.5 // كورونا is a city in California, and much else
	}
	known := g.kind[i] == country || !h.han && !h.arabic && n >= knownPeople
	if g.ordinary[h.key] && !full && !known {
		p *= timesPlain
		why = append(why, Ordinary)
	}
	if h.part && h.han && g.ordinary[h.key] && !full {
		p *= timesPlain
	}
	if !h.han && !h.arabic && !full {
		person := g.latin.persons[h.key]
		if person && !(n >= knownPersons && g.kind[i] != country) {
			why = append(why, PersonName)
			if g.kind[i] > province {
				p *= timesPerson
			}
		}
		if h.neighbour && (person || g.kind[i] > province && n < knownPersons) {
			p *= timesBeside
		}
	}
	if h.suffix && !full {
		p = min(p+plusSuffix, 0.95)
		why = append(why, Suffix)
	}
	if h.context && !(h.arabic && g.ordinary[h.key]) {
		p = min(p+plusContext, 0.97)
		why = append(why, Context)
	}
	return p, why
}
