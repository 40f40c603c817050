package web

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/web/locale"
	"example.org/hearback/internal/web/office"
)

// noon is a moment at which an hour has gone on for a while, in a zone that is
// not the one of the machine.
var noon = time.Date(2026, 3, 2, 12, 20, 0, 0, time.FixedZone("there", 8*3600))

// drawn makes a server whose clock stands at noon.
func drawn(t *testing.T) *server {
	t.Helper()
	s, err := newServer(Options{Options: office.Options{Zone: noon.Location(), Now: func() time.Time { return noon }}}, true)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// hours are points that end with the hour of noon; -1 is one without data.
func hours(voices ...float64) (list []hearback.Point) {
	for i, v := range voices {
		p := hearback.Point{At: noon.Truncate(time.Hour).Add(time.Duration(i-len(voices)+1) * time.Hour), Voices: v}
		if v < 0 {
			p.Voices, p.Missing = 0, true
		}
		list = append(list, p)
	}
	return list
}

// An hour that is not over is never joined to the line, in words or picture.
func TestSoFar(t *testing.T) {
	s := drawn(t)
	tl := timeline{points: hours(4, 8, -1, 6, 9, 1), running: true, now: noon}
	obs := regexp.MustCompile(`class="obs" d="([^"]+)"`)
	for _, lang := range locale.Langs {
		l := s.locales[lang]
		svg := string(l.timeline(tl, "x"))
		for _, m := range obs.FindAllStringSubmatch(svg, -1) {
			if n := len(regexp.MustCompile(`[ML]`).FindAllString(m[1], -1)); n != 4 || strings.Count(m[1], "M") != 2 {
				t.Errorf("%s: the line is %q, want four points in two pieces", lang, m[1])
			}
		}
		if n := strings.Count(svg, `class="sfd"`); n != 2 {
			t.Errorf("%s: %d hollow dots, want one in each drawing", lang, n)
		}
		tl := tl
		tl.running = false
		if strings.Contains(string(l.timeline(tl, "x")), `class="sfd"`) {
			t.Errorf("%s: an hour that is over is drawn as one that is not", lang)
		}
	}
	q := &request{server: s, l: s.locales["en"]}
	say, soFar := q.finding(tl)
	if want := "9 voices in the last hour heard in full, from 11:00; none had more."; say != want {
		t.Errorf("finding is %q, want %q", say, want)
	}
	if want := "The hour from 12:00 is not over: 1 so far."; soFar != want {
		t.Errorf("so far is %q, want %q", soFar, want)
	}
	q.l = s.locales["zh"]
	if _, soFar := q.finding(tl); soFar != "从12:00起的一小时尚未结束，目前1个。" {
		t.Errorf("so far is %q", soFar)
	}
	// The small line of a list does the same.
	spark := string(s.locales["en"].spark(tl.points, nil, nil))
	if !strings.Contains(spark, `class="sf"`) || strings.Contains(spark, `class="e" cx="112"`) {
		t.Errorf("the small line joins the hour that is not over: %s", spark)
	}
}

// What chart.js draws from is what the server drew.
func TestPlotHoldsThePicture(t *testing.T) {
	s := drawn(t)
	tl := timeline{
		points: hours(4, 8, -1, 6, 9, 1), running: true, now: noon, expected: []float64{1, 2, 3, 4, 5, 6},
		marks: []mark{{noon.Add(-2 * time.Hour), "answer"}, {noon.Add(-3 * time.Hour), "alert"}, {noon.Add(-90 * time.Hour), "alert"}},
		band:  []foreseen{{noon.Truncate(time.Hour), noon.Truncate(time.Hour).Add(6 * time.Hour), 2, 5.5, 9}},
	}
	for _, lang := range locale.Langs {
		p := s.locales[lang].plot(tl)
		if len(p.T) != 12 || len(p.At) != 12 || len(p.Rank) != 12 || len(p.Foot) != 12 || len(p.V) != 6 {
			t.Fatalf("%s: %d times, %d names, %d ranks, %d feet, %d values; want 12 and 6", lang, len(p.T), len(p.At), len(p.Rank), len(p.Foot), len(p.V))
		}
		if p.V[2] != nil || *p.V[4] != 9 || !p.SoFar {
			t.Errorf("%s: the values are not those of the points", lang)
		}
		if p.At[5] != "12:00" || p.Rank[5] != 12 || p.T[0] != tl.points[0].At.Unix() || p.T[5] != 3600 {
			t.Errorf("%s: the last hour is called %s, rank %d", lang, p.At[5], p.Rank[5])
		}
		if len(p.Marks) != 2 || p.Marks[0].Kind != "alert" || p.Marks[1].Clock != "10:20" {
			t.Errorf("%s: the marks are %v", lang, p.Marks)
		}
		for key, say := range p.Words {
			if say == "plot."+key {
				t.Errorf("%s: no words for %s", lang, key)
			}
		}
		if b, err := json.Marshal(p); err != nil || !strings.Contains(string(b), `"v":[4,8,null,6,9,1]`) {
			t.Errorf("%s: %s, %v", lang, b, err)
		}
	}
}

// The foot names as many hours as there is room for, the round ones first,
// across a change of the clock as well.
func TestTicks(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("no zones on this machine")
	}
	s, err := newServer(Options{Options: office.Options{Zone: berlin, Now: func() time.Time { return noon }}}, true)
	if err != nil {
		t.Fatal(err)
	}
	first := time.Date(2026, 3, 28, 6, 0, 0, 0, berlin) // the day after is an hour short
	for _, tt := range []struct {
		hours int
		room  float64
		want  []string
	}{
		{12, 64, []string{"06:00", "09:00", "12:00", "15:00", "18:00"}},
		{48, 64, []string{"06:00", "12:00", "18:00", "Sun 29", "06:00", "12:00", "18:00", "Mon 30", "06:00"}},
		{48, 200, []string{"Sun 29", "Mon 30"}},
		{24 * 12, 64, []string{"Sun 29", "Tue 31", "Thu 2", "Sat 4", "Mon 6", "Wed 8"}},
	} {
		last := first.Add(time.Duration(tt.hours) * time.Hour)
		x := func(at time.Time) float64 { return 640 * float64(at.Sub(first)) / float64(last.Sub(first)) }
		var got []string
		for _, k := range fitting(s.locales["en"].ticks(first, last, false), x, tt.room) {
			got = append(got, k.label)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%d hours with room of %v: %v, want %v", tt.hours, tt.room, got, tt.want)
		}
	}
}

// A picture that leaves the page needs nothing from it.
func TestPaintedPictureStandsAlone(t *testing.T) {
	s := drawn(t)
	l := s.locales["zh"]
	tl := timeline{points: hours(4, 8, -1, 6, 9, 1), running: true, now: noon, expected: []float64{1, 2, 3, 4, 5, 6},
		marks: []mark{{noon, "alert"}, {noon, "answer"}, {noon, "correction"}}, band: []foreseen{{noon, noon.Add(6 * time.Hour), 2, 5, 9}}}
	layer, err := ParseLayer([]byte(harbour))
	if err != nil {
		t.Fatal(err)
	}
	row := heatRow{Label: `<b>&"`, Lang: "en", Cells: []int64{0, 3, 30, 70, 100, 2}}
	var times []heatHour
	for i, p := range tl.points {
		times = append(times, heatHour{p.At, i == 2})
	}
	for name, picture := range map[string]string{
		"timeline": string(l.timelineAt(tl, "t", "wide", 690, 270)),
		"map":      string(l.areaMap(layer.drawings(nil)[:1], []layerCount{{Area: "Old Town", N: 42}, {Area: "Harbour", N: 90}, {Area: "河东", N: 3}}, shades(90), "m")),
		"matrix":   string(l.matrixWide(times, []heatRow{row, row}, shadesFrom(1, 100), "m")),
	} {
		file := string(s.palette.svg(poster{title: `<&"> 自来水还能喝吗`, lines: []string{strings.Repeat("水厂正在检修。", 40)}, picture: picture, foot: "foot",
			legend: []legendItem{{"voices", "声音"}, {"q3", "3"}, {"few", "few"}, {"running", "so far"}}}, l.HTML))
		for _, bad := range []string{"class=", "var(", "style", "href", "aria-", "NaN", "<script"} {
			if strings.Contains(file, bad) {
				t.Errorf("%s: the file holds %s", name, bad)
			}
		}
		if !strings.Contains(file, `xmlns="http://www.w3.org/2000/svg"`) || !strings.Contains(file, s.palette.colours["line-strong"]) {
			t.Errorf("%s: the file has no name space or no colours", name)
		}
		for d := xml.NewDecoder(strings.NewReader(file)); ; {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%s: not well formed: %v", name, err)
			}
		}
		// Every class of the drawing has a look, or would be drawn in black.
		for _, m := range regexp.MustCompile(`<(?:path|rect|circle)[^>]* class="([^"]+)"`).FindAllStringSubmatch(picture, -1) {
			if m[1] != "gap" && !slices.ContainsFunc(s.palette.rules, func(r paletteRule) bool { return slices.Contains(r.classes, strings.Fields(m[1])[0]) }) {
				t.Errorf("%s: base.css does not say how %q looks", name, m[1])
			}
		}
	}
}

// What others made is served as they released it.
func TestVendoredFilesAreUnchanged(t *testing.T) {
	const dir = "static/vendor/uplot"
	sums, err := fs.ReadFile(staticFiles, dir+"/SHA256SUMS")
	if err != nil {
		t.Fatal(err)
	}
	a, err := loadAssets()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(sums)) {
		want, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		b, err := fs.ReadFile(staticFiles, dir+"/"+name)
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != want {
			t.Errorf("%s is not what SHA256SUMS says; run make vendor", name)
		}
		if path.Ext(name) == ".js" && string(a.files[name].body) != string(b) {
			t.Errorf("%s is not served as it is", name)
		}
		n++
	}
	if n != 3 {
		t.Errorf("%d files have a sum, want 3", n)
	}
}

// Comments of our own scripts are left out, and nothing else.
func TestUnindent(t *testing.T) {
	if got, want := string(unindent([]byte("// a\nlet x = 1; // b\n\n  if (x) {\n\t\ty(`//${x}`);\n  }\n"))), "let x = 1; // b\nif (x) {\ny(`//${x}`);\n}\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	entries, err := fs.ReadDir(staticFiles, "static")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if path.Ext(e.Name()) != ".js" {
			continue
		}
		b, err := fs.ReadFile(staticFiles, "static/"+e.Name())
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(b), "\n") {
			if strings.Count(line, "`")%2 != 0 {
				t.Errorf("%s:%d begins a text of several lines, which unindent would change", e.Name(), i+1)
			}
		}
	}
}

// Words are set in their language where it is known, and apart where not.
func TestSaid(t *testing.T) {
	l := testLocale(t, "en")
	for _, tt := range []struct{ s, lang, want string }{
		{"Is the water safe?", "en", "Is the water safe?"},
		{"水还能喝吗", "", `<bdi lang="zh" dir="auto">水还能喝吗</bdi>`},
		{"14路 bus 改道吗", "und", `<bdi lang="zh" dir="auto">14路 bus 改道吗</bdi>`},
		{"هل المياه صالحة", "", `<bdi lang="ar" dir="rtl">هل المياه صالحة</bdi>`},
		{"この水は安全", "", `<bdi lang="ja" dir="auto">この水は安全</bdi>`},
		{"<b> & 42", "", `<bdi>&lt;b&gt; &amp; 42</bdi>`},
	} {
		if got := string(l.said(tt.s, tt.lang)); got != tt.want {
			t.Errorf("said(%q, %q) = %s, want %s", tt.s, tt.lang, got, tt.want)
		}
	}
}
