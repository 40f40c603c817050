// Package place finds the places that a text names: which area, how sure that
// is, and why. It knows the countries, their divisions, the cities of the
// world from a size on, and the provinces, cities, counties and districts of
// China; an operator's own service areas win over all of them.
//
// It is for the coarse area that a message is about, nothing finer: it does
// not know streets, buildings or small villages, and drops a name that is part
// of the name of a street. Most names are shared ("朝阳区" is a district of
// several cities, Paris lies in Texas too), so that "ambiguous" is a normal
// result. It keeps nothing and never says where somebody is, only which place
// the words name.
package place

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"

	"example.org/hearback"
	"example.org/hearback/data"
	"example.org/hearback/internal/text"
)

// AreaConfidence is how sure a place must be for a message to count for its
// area. Of the places above it, TestQuality finds .91 (Chinese), .86 (English)
// and .76 (Arabic) among the names that people marked in public messages, and
// most of the rest are places that they did not mark. Below it come bare names
// of small towns and words that are rarely meant as names.
const AreaConfidence = 0.7

// A ServiceArea is an area as the operator names it.
type ServiceArea struct {
	Name    string   // as it is stored and shown
	Aliases []string // other names, in any language
	Parent  string   // the area it lies in, by path or name; may be ""
}

// Options are what an operator can set.
type Options struct {
	Home  string // the region served, by path or name; may be ""
	Areas []ServiceArea
}

// A Place is one place that a text names.
type Place struct {
	Text       string   // the name as compared
	Area       string   // path such as "cn/河南省/郑州市", or the name of a service area; "" if ambiguous
	ID         string   // identifier of the area in its source, or ""
	EN, ZH     string   // names of the area, or "" if not known
	Confidence float64  // how sure it is that this area is meant, 0 to 1
	Ambiguous  bool     // several areas could be meant
	Candidates []string // their paths, the likeliest first, at most five
	Why        []Reason // what spoke for and against, strongest first
	Lat, Lon   float64  // about where; 0, 0 if not known
}

// A Reason says why a place is believed or not.
type Reason string

// The reasons.
const (
	Operator   Reason = "operator"    // it is a service area
	Parent     Reason = "parent"      // the text names an area that it lies in
	Suffix     Reason = "suffix"      // the name says what it is: 区, 县, 市, County
	Home       Reason = "home"        // it lies in the region served
	Only       Reason = "only"        // no area outside it has the name
	Larger     Reason = "larger"      // it has far more people than others of the name
	Context    Reason = "context"     // a word before it leads to a place: "in", 在
	Shared     Reason = "shared"      // several areas have the name
	Ordinary   Reason = "ordinary"    // the name is an ordinary word too
	PersonName Reason = "person name" // the name is borne by persons, or by storms
	Elsewhere  Reason = "elsewhere"   // the text names another country
	Small      Reason = "small"       // few people live there
)

// A Gazetteer finds places. It is safe for many goroutines.
type Gazetteer struct {
	table
	text  *text.Analyzer
	latin *latinWords
	pool  sync.Pool // of *scratch
	areas []ServiceArea
	home  []string // paths of the region served
}

// New loads the gazetteer and the operator's areas.
func New(a *text.Analyzer, o Options) (*Gazetteer, error) {
	t, err := load(data.Places(), data.PlaceWords())
	if err != nil {
		return nil, fmt.Errorf("read the embedded gazetteer: %w", err)
	}
	g := &Gazetteer{table: *t, text: a, latin: newLatinWords(), areas: o.Areas}
	g.pool.New = func() any { return new(scratch) }
	for i, s := range o.Areas {
		if strings.TrimSpace(s.Name) == "" {
			return nil, fmt.Errorf("%w: a service area has no name", hearback.ErrInvalid)
		}
		for _, name := range append([]string{s.Name}, s.Aliases...) {
			key := g.fold(name)
			if len([]rune(key)) < 2 {
				return nil, fmt.Errorf("%w: %q, a name of the service area %q, is too short: it would be found everywhere", hearback.ErrInvalid, name, s.Name)
			}
			if len(g.ownKeys) == maxOwn {
				return nil, fmt.Errorf("%w: the service areas have more than %d names together", hearback.ErrInvalid, maxOwn)
			}
			g.own(key, i)
		}
	}
	homes := []string{o.Home}
	if o.Home == "" {
		homes = homes[:0]
		for _, s := range o.Areas {
			homes = append(homes, s.Parent)
		}
	}
	for _, name := range homes {
		if name == "" || g.serves(name) {
			continue
		}
		path, err := g.Find(name)
		if err != nil {
			return nil, err
		}
		g.home = append(g.home, path)
	}
	return g, nil
}

// serves reports whether name is one of the operator's areas.
func (g *Gazetteer) serves(name string) bool {
	for _, s := range g.areas {
		if s.Name == name {
			return true
		}
	}
	return false
}

// fold returns a name as it is compared.
func (g *Gazetteer) fold(name string) string {
	if hasHan(name) {
		d := g.text.Analyze(name, "zh")
		name = d.Norm
	}
	return foldName(name)
}

// Find returns the path of the area that an operator names by its path or its
// name. A name that several areas share is an error that lists them.
func (g *Gazetteer) Find(name string) (string, error) {
	if i, ok := g.byPath(name); ok {
		return g.path(i), nil
	}
	list := g.find(nil, g.fold(name))
	switch len(list) {
	case 0:
		return "", fmt.Errorf("%w: the gazetteer has no area %q; write a path such as cn/河南省/郑州市 or us/Texas/Houston", hearback.ErrNotFound, name)
	case 1:
		return g.path(list[0]), nil
	}
	var paths []string
	for _, i := range list[:min(len(list), 5)] {
		paths = append(paths, g.path(i))
	}
	return "", fmt.Errorf("%w: several areas are called %q: write which, such as %s", hearback.ErrInvalid, name, strings.Join(paths, " or "))
}

// Canonical returns the path or the service area that somebody means by a
// name, or the name as it is if it means none or several.
func (g *Gazetteer) Canonical(name string) string {
	key := g.fold(name)
	for i, own := range g.ownKeys {
		if own == key {
			return g.areas[g.ownIndex[i]].Name
		}
	}
	if path, err := g.Find(name); err == nil {
		return path
	}
	return name
}

// Name returns the name of an area for a reader of a language ("en" or "zh").
// What is no area of the gazetteer or the operator comes back as it is.
func (g *Gazetteer) Name(area, lang string) string {
	for _, s := range g.areas {
		if s.Name != area {
			continue
		}
		for _, n := range append([]string{s.Name}, s.Aliases...) {
			if hasHan(n) == (lang == "zh") && isWord(n) {
				return n
			}
		}
		return s.Name
	}
	i, ok := g.byPath(area)
	if !ok {
		return area
	}
	en, zh := g.names(i)
	if lang == "zh" && zh != "" || en == "" {
		return zh
	}
	return en
}

// Area returns the area that a text with these places is about: the one they
// name, or the smallest that holds all of them. It is "" if they are not sure
// enough, or have no more than a country in common.
func Area(places []Place) string {
	var paths []string
	own := false
	for _, p := range places {
		if p.Ambiguous || p.Confidence < AreaConfidence {
			continue
		}
		is := p.Why[0] == Operator
		if is && !own {
			paths, own = paths[:0], true // the operator's areas win
		}
		if is == own {
			paths = append(paths, p.Area)
		}
	}
	// What another one lies in says no more than that one.
	area := ""
	for i, p := range paths {
		if slices.ContainsFunc(paths, func(o string) bool { return within(o, p) }) || slices.Contains(paths[:i], p) {
			continue
		}
		switch {
		case area == "":
			area = p
		case own:
			return "" // two areas of the operator
		default:
			if area = common(area, p); area == "" {
				return ""
			}
		}
	}
	if !own && !strings.Contains(area, "/") {
		return ""
	}
	return area
}

// within reports whether area a lies in area b.
func within(a, b string) bool {
	return len(a) > len(b) && a[len(b)] == '/' && strings.HasPrefix(a, b)
}

// common returns the smallest area that holds both.
func common(a, b string) string {
	for a != b && !within(b, a) {
		i := strings.LastIndexByte(a, '/')
		if i < 0 {
			return ""
		}
		a = a[:i]
	}
	return a
}

// Paths calls yield with the path of every area of the gazetteer.
func (g *Gazetteer) Paths() iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range g.start {
			if !yield(g.path(int32(i))) {
				return
			}
		}
	}
}
