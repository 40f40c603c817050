package web

import (
	"cmp"
	"encoding/json"
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"
)

// Limits of a boundary layer. A city has some dozens of districts; what is
// larger is a mistake, or would not be read on a page.
const (
	maxLayer      = 8 << 20
	maxAreas      = 400
	maxLayerPoint = 500_000
	drawnPoints   = 5000 // of a whole map as it is drawn
)

// A Layer is a set of areas with their boundaries, on which maps are drawn.
// [ParseLayer] makes one.
type Layer struct{ areas []layerArea }

type layerArea struct {
	name  string
	rings [][]point // the outlines and their holes, in degrees
}

type point struct{ x, y float64 }

// ParseLayer reads a GeoJSON FeatureCollection whose features are Polygons or
// MultiPolygons with a property "name" that is an area as the office names it.
// What cannot be drawn it refuses with a sentence for the operator.
func ParseLayer(data []byte) (*Layer, error) {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("the map cannot be drawn: %s", fmt.Sprintf(format, args...))
	}
	if len(data) > maxLayer {
		return nil, bad("the file is larger than %d MB; simplify it", maxLayer>>20)
	}
	var file struct {
		Type     string
		Features []struct {
			Properties map[string]any
			Geometry   *struct {
				Type        string
				Coordinates json.RawMessage
			}
		}
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, bad("it is no GeoJSON (%v)", err)
	}
	if file.Type != "FeatureCollection" || len(file.Features) == 0 {
		return nil, bad("it is no FeatureCollection with areas in it")
	}
	if len(file.Features) > maxAreas {
		return nil, bad("it has %d areas, and at most %d can be read on a page", len(file.Features), maxAreas)
	}
	l := &Layer{}
	points := 0
	for i, f := range file.Features {
		name, _ := f.Properties["name"].(string)
		if name = strings.TrimSpace(name); name == "" || f.Geometry == nil {
			return nil, bad("area %d has no property \"name\", or no geometry", i+1)
		}
		var polygons [][][][]float64
		var err error
		switch f.Geometry.Type {
		case "MultiPolygon":
			err = json.Unmarshal(f.Geometry.Coordinates, &polygons)
		case "Polygon":
			var one [][][]float64
			err = json.Unmarshal(f.Geometry.Coordinates, &one)
			polygons = [][][][]float64{one}
		default:
			return nil, bad("%.60s is a %.20s, and only Polygon and MultiPolygon can be drawn", name, f.Geometry.Type)
		}
		if err != nil {
			return nil, bad("the coordinates of %.60s cannot be read", name)
		}
		a := layerArea{name: name}
		for _, polygon := range polygons {
			for _, ring := range polygon {
				if points += len(ring); points > maxLayerPoint {
					return nil, bad("it has more than %d points; simplify it", maxLayerPoint)
				}
				var line []point
				for _, p := range ring {
					if len(p) < 2 || !(math.Abs(p[0]) <= 180) || !(math.Abs(p[1]) < 89) {
						return nil, bad("%.60s has a point that is no longitude and latitude", name)
					}
					line = append(line, point{p[0], p[1]})
				}
				if len(line) >= 4 {
					a.rings = append(a.rings, line)
				}
			}
		}
		if len(a.rings) == 0 {
			return nil, bad("%.60s has no outline of four points or more", name)
		}
		l.areas = append(l.areas, a)
	}
	return l, nil
}

// A mapDrawing is a layer ready to be drawn at one width.
type mapDrawing struct {
	class         string
	width, height float64
	areas         []mapArea
}

type mapArea struct {
	area  string // as concerns name it
	path  string
	label point   // where its name stands
	room  float64 // how wide a name may be there
	low   point   // the corners of the box around it
	high  point
	rings [][]point // as they are drawn
}

// free reports whether a label beside an area, so wide and at that height, lies
// in no other area and in the picture.
func (d *mapDrawing) free(of mapArea, x, y, wide float64) bool {
	if len(of.rings) == 0 || x < 0 || x+wide > d.width || y < 14 || y > d.height-16 {
		return false
	}
	for _, a := range d.areas {
		for dx := 0.0; dx <= wide; dx += 8 {
			if holds(a.rings, point{x + dx, y - 8}) || holds(a.rings, point{x + dx, y + 10}) {
				return false
			}
		}
	}
	return true
}

// holds reports whether a point lies within rings, and in none of their holes.
func holds(rings [][]point, p point) (in bool) {
	for _, ring := range rings {
		for i := 1; i < len(ring); i++ {
			a, b := ring[i-1], ring[i]
			if a.y > p.y != (b.y > p.y) && p.x < a.x+(p.y-a.y)/(b.y-a.y)*(b.x-a.x) {
				in = !in
			}
		}
	}
	return in
}

// drawings projects and simplifies a layer for a wide column and for a phone.
func (l *Layer) drawings(find func(string) string) []mapDrawing {
	low, high := point{math.Inf(1), math.Inf(1)}, point{math.Inf(-1), math.Inf(-1)}
	for _, a := range l.areas {
		for _, ring := range a.rings {
			for _, p := range ring {
				low, high = point{min(low.x, p.x), min(low.y, p.y)}, point{max(high.x, p.x), max(high.y, p.y)}
			}
		}
	}
	// Equirectangular, true along the middle: what a city needs.
	squeeze := math.Cos((low.y + high.y) / 2 * math.Pi / 180)
	w, h := max((high.x-low.x)*squeeze, 1e-9), max(high.y-low.y, 1e-9)
	var out []mapDrawing
	for _, v := range []struct {
		class      string
		wide, tall float64
	}{{"wide", 420, 420}, {"narrow", 330, 400}} {
		scale := min((v.wide-4)/w, (v.tall-4)/h)
		d := mapDrawing{class: v.class, width: v.wide, height: math.Ceil(h*scale) + 4}
		left := (v.wide - w*scale) / 2
		for tolerance := .5; ; tolerance *= 1.6 {
			d.areas = d.areas[:0]
			n := 0
			for _, a := range l.areas {
				m := mapArea{area: a.name}
				if find != nil {
					m.area = find(a.name)
				}
				var path strings.Builder
				var drawn [][]point
				for _, ring := range a.rings {
					line := make([]point, len(ring))
					for i, p := range ring {
						line[i] = point{left + (p.x-low.x)*squeeze*scale, 2 + (high.y-p.y)*scale}
					}
					if line = simplify(line, tolerance); len(line) < 4 {
						continue // smaller than a dot
					}
					n += len(line)
					drawn = append(drawn, line)
					for i, p := range line[:len(line)-1] {
						path.WriteString(pen(i == 0) + coord(p.x) + " " + coord(p.y))
					}
					path.WriteString("z")
				}
				m.path = path.String()
				m.label, m.room = inside(drawn)
				m.low, m.high, m.rings = point{math.Inf(1), math.Inf(1)}, point{math.Inf(-1), math.Inf(-1)}, drawn
				for _, line := range drawn {
					for _, p := range line {
						m.low, m.high = point{min(m.low.x, p.x), min(m.low.y, p.y)}, point{max(m.high.x, p.x), max(m.high.y, p.y)}
					}
				}
				d.areas = append(d.areas, m)
			}
			if n <= drawnPoints {
				break
			}
		}
		out = append(out, d)
	}
	return out
}

// simplify leaves out the points of a line that lie nearer than a tolerance to
// what is drawn without them (Douglas and Peucker).
func simplify(line []point, tolerance float64) []point {
	keep := make([]bool, len(line))
	keep[0], keep[len(line)-1] = true, true
	type span struct{ a, b int }
	for todo := []span{{0, len(line) - 1}}; len(todo) > 0; {
		s := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		far, at := tolerance, -1
		for i := s.a + 1; i < s.b; i++ {
			if d := distance(line[i], line[s.a], line[s.b]); d > far {
				far, at = d, i
			}
		}
		if at >= 0 {
			keep[at] = true
			todo = append(todo, span{s.a, at}, span{at, s.b})
		}
	}
	out := make([]point, 0, len(line))
	for i, p := range line {
		if keep[i] {
			out = append(out, p)
		}
	}
	return out
}

// distance is how far p lies from the line between a and b, or from a if they
// are the same.
func distance(p, a, b point) float64 {
	dx, dy := b.x-a.x, b.y-a.y
	length := math.Hypot(dx, dy)
	if length == 0 {
		return math.Hypot(p.x-a.x, p.y-a.y)
	}
	return math.Abs(dx*(a.y-p.y)-dy*(a.x-p.x)) / length
}

// inside returns the middle of the widest stretch within an area, near the
// height of its middle, and how wide that is.
func inside(rings [][]point) (at point, room float64) {
	if len(rings) == 0 {
		return point{}, 0
	}
	big := slices.MaxFunc(rings, func(a, b []point) int { return cmp.Compare(math.Abs(area(a)), math.Abs(area(b))) })
	top, bottom := math.Inf(1), math.Inf(-1)
	for _, p := range big {
		top, bottom = min(top, p.y), max(bottom, p.y)
	}
	for _, f := range []float64{.5, .42, .58, .34, .66} {
		y := top + (bottom-top)*f
		var cuts []float64
		for _, ring := range rings {
			for i := 1; i < len(ring); i++ {
				a, b := ring[i-1], ring[i]
				if a.y > y != (b.y > y) {
					cuts = append(cuts, a.x+(y-a.y)/(b.y-a.y)*(b.x-a.x))
				}
			}
		}
		slices.Sort(cuts)
		for i := 0; i+1 < len(cuts); i += 2 {
			if wide := cuts[i+1] - cuts[i]; wide > room*1.15 {
				at, room = point{(cuts[i] + cuts[i+1]) / 2, y}, wide
			}
		}
	}
	return at, room
}

func area(ring []point) (sum float64) {
	for i := 1; i < len(ring); i++ {
		sum += ring[i-1].x*ring[i].y - ring[i].x*ring[i-1].y
	}
	return sum / 2
}

// fewMessages is the count below which a map and a matrix say no number.
const fewMessages = 10

// shades cuts the counts from fewMessages to the largest into five steps of a
// round size and returns their lower ends.
func shades(top int64) [5]int64 { return shadesFrom(fewMessages, top) }

// shadesFrom does the same for counts from least on.
func shadesFrom(least, top int64) [5]int64 {
	if near := (top - least + 5) / 5; top >= least && near <= 2*least { // close to the least: count from there
		return [5]int64{least, least + near, least + 2*near, least + 3*near, least + 4*near}
	}
	step := int64(math.Ceil(float64(max(top, 5)) / 5))
	if step > 10 {
		unit := int64(math.Pow(10, math.Floor(math.Log10(float64(step))))) / 2
		step = (step + max(unit, 1) - 1) / max(unit, 1) * max(unit, 1)
	}
	var from [5]int64
	for i := range from {
		from[i] = max(int64(i)*step, least)
		if i > 0 {
			from[i] = max(from[i], from[i-1]+1)
		}
	}
	return from
}

// shade is the step of a count, 1 to 5, or 0 for too few.
func shade(n int64, from [5]int64) int {
	k := 0
	for i, f := range from {
		if n >= f {
			k = i + 1
		}
	}
	return k
}

// A shadeRow is one step of a legend.
type shadeRow struct {
	Class string
	Label string
}

// shadeLegend names the limits of the steps that occur.
func (l *writer) shadeLegend(from [5]int64, top int64) (rows []shadeRow) {
	for i, f := range from {
		if f > top {
			break
		}
		label := l.T("shade.from", f)
		switch {
		case i < 4 && from[i+1] == f+1 && f+1 <= top:
			label = l.Num(f)
		case i < 4 && from[i+1] <= top:
			label = l.T("shade.between", f, from[i+1]-1)
		}
		rows = append(rows, shadeRow{fmt.Sprintf("q%d", i+1), label})
	}
	return rows
}

// A layerCount is an area of the layer with what was counted in it.
type layerCount struct {
	Area   string
	N      int64
	Silent bool // no source brings anything from there
}

// onLayer adds counts by area up to the areas of a layer: one within another
// counts for it. rest is what lies in none of them.
func (d *mapDrawing) onLayer(counts map[string]int64) (list []layerCount, rest int64) {
	of := map[string]int64{}
	for name, n := range counts {
		if name == "" {
			continue
		}
		best := ""
		for _, a := range d.areas {
			if (name == a.area || strings.HasPrefix(name, a.area+"/")) && len(a.area) > len(best) {
				best = a.area
			}
		}
		if best == "" {
			rest += n
		} else {
			of[best] += n
		}
	}
	for _, a := range d.areas {
		list = append(list, layerCount{Area: a.area, N: of[a.area]})
	}
	slices.SortFunc(list, func(a, b layerCount) int {
		return cmp.Or(cmp.Compare(b.N, a.N), strings.Compare(a.Area, b.Area))
	})
	return list, rest
}

// areaMap draws counts on a layer. id names the sentence that says the same.
func (l *writer) areaMap(drawings []mapDrawing, list []layerCount, from [5]int64, id string) template.HTML {
	of, silent := map[string]int64{}, map[string]bool{}
	for _, c := range list {
		of[c.Area], silent[c.Area] = c.N, c.Silent
	}
	var d drawing
	for _, m := range drawings {
		hatch := "hatch-" + id + "-" + m.class[:1]
		d.add(`<svg class="chart map %v" viewBox="0 0 %v %v" role="img" aria-labelledby="%v"><defs><pattern id="%v" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="hl" d="M0 0V6"/></pattern></defs>`,
			m.class, m.width, m.height, id, hatch)
		for _, a := range m.areas {
			switch k := shade(of[a.area], from); {
			case k > 0:
				d.add(`<path class="land q%v" fill-rule="evenodd" d="%v"/>`, k, a.path)
			case silent[a.area]:
				d.add(`<path class="land unheard" fill-rule="evenodd" d="%v"/>`, a.path)
			case of[a.area] == 0:
				d.add(`<path class="land bare" fill-rule="evenodd" d="%v"/>`, a.path)
			default:
				d.add(`<path class="land few" fill="url(#%v)" fill-rule="evenodd" d="%v"/>`, hatch, a.path)
			}
		}
		for _, a := range m.areas {
			n := of[a.area]
			class, number := "on2", l.Num(n)
			switch k := shade(n, from); {
			case silent[a.area]:
				class, number = "halo", l.T("map.silent")
			case n == 0:
				class, number = "halo", l.T("map.zero")
			case k == 0:
				class, number = "on2 halo", l.T("shade.few_short")
			case k >= 4:
				class = "on4"
			}
			name := l.Place(a.area)
			if i := strings.LastIndexByte(name, '/'); i >= 0 {
				name = strings.TrimSpace(name[i+1:])
			}
			wide := max(labelWidth(name), labelWidth(number)) + 4
			switch {
			case wide <= a.room:
				d.add(`<text class="%v" x="%v" y="%v" text-anchor="middle">%v</text><text class="%v" x="%v" y="%v" text-anchor="middle">%v</text>`,
					class, a.label.x, a.label.y-2, name, class, a.label.x, a.label.y+13, number)
			case m.free(a, a.high.x+6, a.label.y, wide):
				d.add(`<text class="em halo" x="%v" y="%v">%v</text><text class="halo" x="%v" y="%v">%v</text>`, a.high.x+6, a.label.y-2, name, a.high.x+6, a.label.y+13, number)
			case m.free(a, a.low.x-6-wide, a.label.y, wide):
				d.add(`<text class="em halo" x="%v" y="%v" text-anchor="end">%v</text><text class="halo" x="%v" y="%v" text-anchor="end">%v</text>`, a.low.x-6, a.label.y-2, name, a.low.x-6, a.label.y+13, number)
			case n >= fewMessages && labelWidth(number) <= a.room-2:
				d.add(`<text class="%v" x="%v" y="%v" text-anchor="middle">%v</text>`, class, a.label.x, a.label.y+4, number)
			}
		}
		d.add(`</svg>`)
	}
	return d.html()
}
