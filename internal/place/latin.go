package place

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// latinWords are what the words around a name can be.
type latinWords struct{ contexts, streets, storms, kinds, persons, afterTag, arab map[string]bool }

func newLatinWords() *latinWords {
	set := func(s string) map[string]bool {
		m := map[string]bool{}
		for _, w := range strings.Fields(s) {
			m[foldName(w)] = true
		}
		return m
	}
	return &latinWords{
		contexts: set(`in at near from across around outside throughout towards toward via en desde hasta cerca à dans
			في مدينة مدينه محافظة ولاية منطقة دولة بمدينة بمحافظة بمنطقة`),
		streets: set(`street st road rd avenue ave boulevard blvd drive dr lane ln highway hwy court plaza square terrace parkway
			pkwy route alley crescent calle avenida rue شارع طريق ميدان حي`),
		storms: set(`hurricane typhoon cyclone storm huracan huracán ouragan tifon tifón`),
		kinds: set(`county district province state parish region city prefecture governorate municipality town village island
			islands borough republic`),
		// Names of persons, and of storms, which are called after persons,
		// that are cities too. A short list of the commonest, from memory.
		persons: set(`aaron abraham adam adelaide adrian albany albert alberta alexander alexandria alfred allen alma alvin amanda andrea angela
			anthony antonio arlington arnold arthur ashley aurora austin barbara barry belinda benjamin benton bernard bradford brandon brooklyn
			bruce bryan burton byron calvin cameron carlos carlton carol carolina carson cecil chad charleston charlotte chelsea chester christian
			clara clarence clark claude clayton clifton clinton clyde colin cooper craig curtis dakota dale dallas daniel david dayton dean delia
			denis dennis diego dixon dolores donald dorian dorothy douglas duncan dylan earl edgar edison edith edmund eduardo edward elena eli
			elizabeth ellis elmira emma eric ernest ethel eugene eva evans fay felix fernando fletcher florence ford forest francis francisco frank
			franklin fred frederick gabriel garcia garland gary george gerald gilbert glen glenn gloria gonzalez gordon grace graham grant gregory
			guadalupe gustavo hamilton harding harold harper harris harrison harry harvey hassan hayden helena henderson henry herbert herman
			holland hope houston howard hudson hugo ida ingram irene irma irving irwin isaac isabela isabella isaias israel ivan jackson jacob jaime
			james jasper jefferson jerome jerry jesse jesup joan johnson jordan jorge jose joseph joyce juan juana julian kate keith kelly kelso
			kendall kenneth kent kerry kevin kim kingston kirk kyle lafayette lamar lane laura lauren laurel lawrence lee leo leon leslie lewis
			lincoln lloyd logan lopez lorenzo lourdes lucas lucia luis lynn madison manuel marco margarita maria marie mario marion mark marshall
			martin martinez mary mason matthew maxwell melissa melo mercedes michael michel miguel miles milton mitchell monica monroe montana
			morgan morris morrison mustafa nathan nelson newman newton nicholas nicole norman norton oliver omar orlando oscar owen paris parker
			patricia patrick paul paula paulo pedro perry peter philip pierce preston quentin quincy raleigh ralph ramona raul raymond regina ricardo
			richard richmond rita robert roberta robinson rodriguez roger roma roman ronald rosa rosario ross roy ruby russell ruth ryan salem
			salvador samuel sandra sandy santiago santos sara sarah savannah scott sebastian shelby sheridan sherman sidney simon sofia sophia spencer
			stanley stephen stewart stuart sydney taylor teresa terry thomas thompson todd toledo tony tracy travis trenton troy tyler valentina
			valeria vera vernon victor victoria vincent virginia walker wallace walter warren washington wayne webster wellington wesley wilbur
			william wilma wilson winston wright wyatt xavier york zachary zoe`),
		arab: map[string]bool{"DZ": true, "BH": true, "TD": true, "KM": true, "DJ": true, "EG": true, "IQ": true, "JO": true, "KW": true,
			"LB": true, "LY": true, "MR": true, "MA": true, "OM": true, "PS": true, "QA": true, "SA": true, "SO": true, "SD": true, "SY": true,
			"TN": true, "AE": true, "YE": true},
		afterTag: set(`flood floods flooding earthquake quake fire fires wildfire wildfires storm strong relief rains attack attacks
			cyclone hurricane bombing explosion blast covid lockdown`),
	}
}

// scanWords finds names in scripts with spaces, in the text as written.
func (g *Gazetteer) scanWords(hits []hit, raw string, sc *scratch) []hit {
	s := clip(raw, maxText)
	var lower bool
	sc.words, lower = words(sc.words, s)
	list := sc.words
	capitals := 0
	for i := range list {
		if list[i].capital {
			capitals++
		}
	}
	// In a headline every word has a capital, which then says nothing.
	shouted := !lower || len(list) > 4 && capitals*10 > len(list)*8
	from := len(hits)
	for i := 0; i < len(list) && len(hits) < maxHits; i++ {
		h, n := g.wordsAt(list, i, s, lower, sc)
		if n == 0 {
			continue
		}
		if h.own < 0 {
			g.lookAround(list, i, n, s, shouted, sc, &h)
		}
		if k := len(hits) - 1; k >= from && h.areas != nil {
			gap := s[hits[k].end:h.start]
			h.glued = gap == " " || gap == ", " || gap == "," || gap == ""
			// Two letters stand for a state only behind a name: Houston, TX.
			if len(h.key) == 2 && h.own < 0 && g.kind[h.areas[0]] == province && !h.glued && !h.context {
				h.areas = nil
			}
		} else if len(h.key) == 2 && h.own < 0 && h.areas != nil && g.kind[h.areas[0]] == province && !h.context {
			h.areas = nil
		}
		if h.areas != nil {
			hits = append(hits, h)
		}
		i += n - 1
	}
	return hits
}

// wordsAt returns the longest name that begins at word i, and of how many
// words it is.
func (g *Gazetteer) wordsAt(list []word, i int, s string, lower bool, sc *scratch) (hit, int) {
	w := &list[i]
	sc.key = appendFold(sc.key[:0], s[w.start:w.end])
	reach := 0
	if w.capital || w.arabic || w.tag {
		reach = g.begins(string(sc.key))
	} else {
		reach = g.beginsSmall(string(sc.key))
	}
	stripped := false
	if w.arabic {
		if reach == 0 || !g.has(sc.key) {
			if k := arabicPrefix(sc.key); k > 0 {
				rest := sc.key[k:]
				if strings.HasPrefix(string(sc.key), "لل") {
					rest = append([]byte("ال"), rest...)
				}
				if r := g.begins(string(rest)); r > 0 && g.has(rest) {
					sc.key = append(sc.key[:0], rest...)
					reach, stripped = r, true
				}
			}
		}
	}
	if k := len(sc.key) - 1; reach == 0 && k >= 5 && sc.key[k] == 's' && w.capital && g.begins(string(sc.key[:k])) > 0 {
		// "Ecuadors", where somebody left the apostrophe out.
		if areas := keep(g.lookup(nil, string(sc.key[:k])), func(i int32) bool { return i < ownLine && g.kind[i] <= province }); len(areas) > 0 {
			return hit{key: string(sc.key[:k]), start: w.start, end: w.end - 1, areas: areas, own: -1}, 1
		}
	}
	if reach == 0 {
		if w.tag && i == 0 || w.tag && w.sep == '#' {
			return g.tagAt(w, s, sc)
		}
		return hit{}, 0
	}
	var best hit
	n := 0
	for k := 1; k <= reach && i+k <= len(list); k++ {
		last := &list[i+k-1]
		if k > 1 {
			if last.sep != ' ' && last.sep != '-' && !(last.tag && last.sep == '#' && last.start == list[i+k-2].end) {
				break
			}
			sc.key = append(sc.key, ' ')
			sc.key = appendFold(sc.key, s[last.start:last.end])
		}
		from := len(sc.areas)
		sc.areas = g.lookup(sc.areas, string(sc.key))
		areas := sc.areas[from:len(sc.areas):len(sc.areas)]
		if len(areas) == 0 {
			continue
		}
		own := g.ownOf(areas)
		if own < 0 {
			if areas = g.written(areas, list[i:i+k], s, lower, sc.key); len(areas) == 0 {
				continue
			}
			if best.own >= 0 && n > 0 {
				continue // an area of the operator wins over a longer name
			}
		}
		best = hit{key: string(sc.key), start: w.start, end: last.end, areas: areas, own: own, arabic: w.arabic,
			lower: !w.capital && !w.arabic, context: stripped && strings.HasPrefix(foldName(s[w.start:w.end]), "ب")}
		n = k
	}
	if n == 0 && w.tag && w.sep == '#' {
		return g.tagAt(w, s, sc)
	}
	if n > 0 && best.own < 0 && directions[best.key] {
		return hit{}, 0
	}
	return best, n
}

// directions are no names by themselves, though divisions are called so.
var directions = map[string]bool{
	"north": true, "south": true, "east": true, "west": true, "northern": true, "southern": true, "eastern": true, "western": true,
	"central": true, "upper": true, "lower": true, "northeast": true, "northwest": true, "southeast": true, "southwest": true,
	"north east": true, "north west": true, "south east": true, "south west": true, "centre": true, "center": true, "coast": true,
}

// has reports whether key is a name, or begins one of several words.
func (g *Gazetteer) has(key []byte) bool {
	return g.begins(string(key)) > 1 || len(g.lookup(nil, string(key))) > 0
}

// arabicPrefix returns the length of the particles that Arabic writes together
// with the word that follows: and, in, to. Those for "like" and "so" begin too
// many words.
func arabicPrefix(key []byte) int {
	s := string(key)
	if utf8.RuneCountInString(s) < 5 {
		return 0
	}
	for _, p := range []string{"لل", "و", "ب", "ل"} {
		if strings.HasPrefix(s, p) {
			return len(p)
		}
	}
	return 0
}

// written leaves in areas those whose name may be written like this: names take
// a capital, and abbreviations only capitals.
func (g *Gazetteer) written(areas []int32, list []word, s string, lower bool, key []byte) []int32 {
	first, last := &list[0], &list[len(list)-1]
	if first.arabic {
		return areas
	}
	letters := len(key)
	if !(first.capital && (last.capital || len(list) > 2)) {
		// In small letters, as people type, or in a hashtag: only what most
		// people would think of, by its own name.
		top := slices.MaxFunc(areas, func(a, b int32) int { return cmp.Compare(g.weight(a), g.weight(b)) })
		en, _ := g.names(top)
		if letters < minSmall || !g.known(top) || g.kind[top] > country && !foldsTo(en, key) || g.ordinary[string(key)] || g.latin.persons[string(key)] {
			return nil
		}
		return areas
	}
	out := areas[:0]
	for _, i := range areas {
		ok := true
		switch {
		case letters <= 2:
			ok = first.upper && lower && (g.kind[i] == country || g.kind[i] == province)
		case first.upper && lower && letters <= 4 && len(list) == 1:
			ok = g.kind[i] == country
		}
		if ok {
			out = append(out, i)
		}
	}
	return out
}

// tagAt finds a name at the beginning of a hashtag in small letters, such as
// #keralafloods.
func (g *Gazetteer) tagAt(w *word, s string, sc *scratch) (hit, int) {
	tag := foldName(s[w.start:w.end])
	if w.arabic || len(tag) < 7 || len(tag) > 60 {
		return hit{}, 0
	}
	for cut := len(tag) - 3; cut >= 4; cut-- {
		if !g.latin.afterTag[tag[cut:]] {
			continue
		}
		var areas []int32
		for _, i := range g.lookup(nil, tag[:cut]) {
			if i >= ownLine || g.kind[i] <= province || g.people[i] >= 300000 {
				areas = append(areas, i)
			}
		}
		if len(areas) > 0 {
			return hit{key: tag[:cut], start: w.start, end: w.start + cut, areas: areas, own: g.ownOf(areas), lower: true}, 1
		}
	}
	return hit{}, 0
}

// lookAround sets what the words around a hit say.
func (g *Gazetteer) lookAround(list []word, i, n int, s string, shouted bool, sc *scratch, h *hit) {
	fold := func(k int) string {
		if k < 0 || k >= len(list) {
			return ""
		}
		sc.fold = appendFold(sc.fold[:0], s[list[k].start:list[k].end])
		return string(sc.fold)
	}
	beside := func(k int) bool {
		return k < len(list) && k > 0 && (list[k].sep == ' ' || list[k].sep == '#' && list[k].start == list[k-1].end)
	}
	if beside(i + n) {
		after := fold(i + n)
		switch {
		case g.latin.streets[after] && !h.arabic:
			h.areas = nil
			return
		case g.latin.kinds[after] && !h.arabic:
			h.suffix = list[i+n].capital || list[i+n].start == list[i+n-1].end
		case list[i+n].capital && !shouted:
			h.neighbour = true
		}
	}
	if beside(i) {
		before := fold(i - 1)
		switch {
		case g.latin.storms[before]:
			h.storm = true
		case h.arabic && g.latin.streets[before]:
			h.areas = nil
			return
		case g.latin.contexts[before]:
			h.context = true
		case list[i-1].capital && !shouted && !g.latin.kinds[before] && len(before) > 1:
			h.neighbour = true
		}
		if !h.context && (before == "the" || before == "of") {
			two := fold(i - 2)
			if g.latin.kinds[two] {
				h.suffix = true // the city of Houston
			}
		}
	}
}
