package web

import (
	"encoding/xml"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
)

// harbour is a town of three areas, one with a hole and one of two islands.
const harbour = `{"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"name":"Old Town"},"geometry":{"type":"Polygon","coordinates":[[[10,50],[10.1,50],[10.1,50.1],[10,50.1],[10,50]],[[10.04,50.04],[10.06,50.04],[10.06,50.06],[10.04,50.06],[10.04,50.04]]]}},
{"type":"Feature","properties":{"name":"Harbour"},"geometry":{"type":"MultiPolygon","coordinates":[[[[10.1,50],[10.2,50],[10.2,50.1],[10.1,50.1],[10.1,50]]],[[[10.21,50.02],[10.22,50.02],[10.22,50.03],[10.21,50.03],[10.21,50.02]]]]}},
{"type":"Feature","properties":{"name":"河东"},"geometry":{"type":"Polygon","coordinates":[[[10,49.9],[10.2,49.9],[10.2,50],[10,50],[10,49.9]]]}}]}`

func TestLayer(t *testing.T) {
	layer, err := ParseLayer([]byte(harbour))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range layer.drawings(nil) {
		if d.width <= 0 || d.height <= 0 || d.height > 420 || len(d.areas) != 3 {
			t.Fatalf("%s: %v × %v, %d areas", d.class, d.width, d.height, len(d.areas))
		}
		// What lies within an area counts for it, the rest for none.
		list, rest := d.onLayer(map[string]int64{"": 50, "Old Town": 12, "Old Town/Market": 30, "Old Townships": 3, "Harbour": 9})
		if want := []layerCount{{Area: "Old Town", N: 42}, {Area: "Harbour", N: 9}, {Area: "河东"}}; !slices.Equal(list, want) || rest != 3 {
			t.Errorf("counts are %v and %d elsewhere, want %v and 3", list, rest, want)
		}
	}
	l := testLocale(t, "en")
	list := []layerCount{{Area: "Old Town", N: 42}, {Area: "Harbour", N: 9}, {Area: "河东"}}
	svg := string(l.areaMap(layer.drawings(nil), list, shades(42), "m"))
	for _, want := range []string{">Old Town<", ">42<", ">under 10<", `class="land q5"`, `fill="url(#hatch-m-w)"`, `fill="url(#hatch-m-n)"`} {
		if !strings.Contains(svg, want) {
			t.Errorf("the map does not hold %s", want)
		}
	}
	if strings.Contains(svg, ">9<") || strings.Contains(svg, "style=") {
		t.Error("the map says a number under ten, or has a style")
	}
	for name, bad := range map[string]string{
		"no JSON":       "not json",
		"empty":         `{"type":"FeatureCollection","features":[]}`,
		"a point":       `{"type":"FeatureCollection","features":[{"properties":{"name":"x"},"geometry":{"type":"Point","coordinates":[1,2]}}]}`,
		"no name":       strings.Replace(harbour, `"name":"Harbour"`, `"title":"Harbour"`, 1),
		"no geometry":   `{"type":"FeatureCollection","features":[{"properties":{"name":"x"},"geometry":null}]}`,
		"beyond":        strings.Replace(harbour, "[10,50]", "[1000,50]", 1),
		"a short ring":  `{"type":"FeatureCollection","features":[{"properties":{"name":"x"},"geometry":{"type":"Polygon","coordinates":[[[1,2],[2,2],[1,2]]]}}]}`,
		"half a point":  strings.Replace(harbour, "[10,50]", "[10]", 1),
		"too many":      `{"type":"FeatureCollection","features":[` + strings.Repeat(`{},`, maxAreas) + `{}]}`,
		"too large":     strings.Repeat(" ", maxLayer+1),
		"points enough": `{"type":"FeatureCollection","features":[{"properties":{"name":"x"},"geometry":{"type":"Polygon","coordinates":[[` + strings.Repeat("[1,2],", maxLayerPoint+1) + `[1,2]]]}}]}`,
	} {
		if _, err := ParseLayer([]byte(bad)); err == nil {
			t.Errorf("%s is drawn", name)
		}
	}
}

func TestShades(t *testing.T) {
	for _, top := range []int64{10, 11, 14, 49, 50, 51, 99, 610, 1320, 98765} {
		from := shades(top)
		if shade(9, from) != 0 || shade(10, from) != 1 || shade(top, from) < 1 {
			t.Errorf("%d: %v", top, from)
		}
		for i := 1; i < 5; i++ {
			if from[i] <= from[i-1] {
				t.Errorf("%d: the steps %v do not rise", top, from)
			}
		}
		if top >= 60 && shade(top, from) < 4 {
			t.Errorf("%d: the largest is drawn as %d of 5 by %v", top, shade(top, from), from)
		}
	}
}

func testLocale(t *testing.T, lang string) *writer {
	t.Helper()
	s, err := newServer(Options{}, true)
	if err != nil {
		t.Fatal(err)
	}
	return s.locales[lang]
}

// FuzzLayer holds the reader of maps to two things: it never panics, and what
// it takes can be drawn as SVG that is well formed and finite.
func FuzzLayer(f *testing.F) {
	f.Add([]byte(harbour))
	f.Add([]byte(`{"type":"FeatureCollection","features":[{"properties":{"name":"<x>&\""},"geometry":{"type":"Polygon","coordinates":[[[0,0],[0,0],[0,0],[0,0]]]}}]}`))
	f.Add([]byte(`{"type":"FeatureCollection","features":[{"properties":{"name":"x"},"geometry":{"type":"Polygon","coordinates":[[[-180,-88],[180,88],[1e-300,0],[-180,-88]]]}}]}`))
	s, err := newServer(Options{}, true)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		layer, err := ParseLayer(data)
		if err != nil {
			return
		}
		drawings := layer.drawings(nil)
		for _, d := range drawings {
			if math.IsNaN(d.height) || math.IsInf(d.height, 0) || d.height > 500 {
				t.Fatalf("height %v", d.height)
			}
		}
		var list []layerCount
		for _, a := range layer.areas {
			list = append(list, layerCount{Area: a.name, N: 100})
		}
		svg := string(s.locales["en"].areaMap(drawings, list, shades(100), "m"))
		if strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") {
			t.Fatal("not finite")
		}
		for d := xml.NewDecoder(strings.NewReader("<p>" + svg + "</p>")); ; {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("not well formed: %v", err)
			}
		}
	})
}
