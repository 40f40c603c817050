package web

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"html/template"
	"io/fs"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/publish"
	"example.org/hearback/internal/web/office"
)

// A palette says how the classes of a drawing look, so that a picture can
// leave the page: a file has no style sheet, and the content policy would keep
// one within it from working. It is read from the style sheets of the pages.
type palette struct {
	rules   []paletteRule     // in the order of the sheet
	colours map[string]string // by the name of the token: the light ones
}

type paletteRule struct {
	element string   // "text", or "" for any
	classes []string // all of which an element must have
	look    []string // attribute, value, …
}

var (
	paletteToken = regexp.MustCompile(`--([a-z0-9-]+): (#[0-9a-f]{6});`)
	paletteLine  = regexp.MustCompile(`(:lang\(zh\) )?\.chart (text)?((?:\.[a-z0-9]+)*) \{([^}]*)\}`)
	paletteVar   = regexp.MustCompile(`var\(--([a-z0-9-]+)\)`)
	paletteTag   = regexp.MustCompile(`<([a-z]+)((?: [a-zA-Z-]+="[^"]*")*)(/?)>`)
	paletteClass = regexp.MustCompile(` class="([^"]*)"`)
	paletteIDs   = regexp.MustCompile(` (?:role|aria-[a-z]+|lang)="[^"]*"`)
)

func loadPalette() (*palette, error) {
	p := &palette{colours: map[string]string{}}
	tokens, err := fs.ReadFile(staticFiles, "static/tokens.css")
	if err != nil {
		return nil, err
	}
	for _, m := range paletteToken.FindAllStringSubmatch(string(tokens), -1) {
		if p.colours[m[1]] == "" {
			p.colours[m[1]] = m[2]
		}
	}
	sheet, err := fs.ReadFile(staticFiles, "static/base.css")
	if err != nil {
		return nil, err
	}
	for _, m := range paletteLine.FindAllStringSubmatch(string(sheet), -1) {
		if m[1] != "" {
			continue // Chinese is set a little larger; files are set alike
		}
		r := paletteRule{element: m[2], classes: strings.FieldsFunc(m[3], func(c rune) bool { return c == '.' })}
		for one := range strings.SplitSeq(m[4], ";") {
			name, value, found := strings.Cut(one, ":")
			if !found {
				continue
			}
			name, value = strings.TrimSpace(name), strings.TrimSpace(value)
			value = paletteVar.ReplaceAllStringFunc(value, func(v string) string { return p.colours[paletteVar.FindStringSubmatch(v)[1]] })
			if value == "" {
				return nil, fmt.Errorf("base.css: .chart %s: %s has no colour in tokens.css", m[3], name)
			}
			r.look = append(r.look, name, value)
		}
		p.rules = append(p.rules, r)
	}
	return p, nil
}

// paint sets attributes in place of the classes of a drawing.
func (p *palette) paint(drawing string) string {
	return paletteTag.ReplaceAllStringFunc(drawing, func(tag string) string {
		m := paletteTag.FindStringSubmatch(tag)
		attrs := paletteIDs.ReplaceAllString(m[2], "")
		var classes []string
		if c := paletteClass.FindStringSubmatch(attrs); c != nil {
			classes = strings.Fields(c[1])
			attrs = paletteClass.ReplaceAllString(attrs, "")
		}
		var names []string
		look := map[string]string{}
		for _, r := range p.rules {
			if r.element != "" && r.element != m[1] || slices.ContainsFunc(r.classes, func(c string) bool { return !slices.Contains(classes, c) }) {
				continue
			}
			for i := 0; i < len(r.look); i += 2 {
				if name := r.look[i]; look[name] == "" {
					names = append(names, name)
				}
				look[r.look[i]] = r.look[i+1]
			}
		}
		for _, name := range names {
			// What the drawing itself says, such as a pattern to fill with, stands.
			if name != "font-variant-numeric" && name != "width" && name != "height" && name != "overflow" && !strings.Contains(attrs, " "+name+`="`) {
				attrs += " " + name + `="` + look[name] + `"`
			}
		}
		return "<" + m[1] + attrs + m[3] + ">"
	})
}

// A poster is a picture that stands for itself: what it shows in words above it,
// its legend and where it is from below.
type poster struct {
	title   string
	lines   []string // under the title
	picture string   // one drawing
	legend  []legendItem
	foot    string
}

type legendItem struct{ glyph, label string }

var sheetBox = regexp.MustCompile(`viewBox="0 0 ([0-9.]+) ([0-9.]+)"`)

// svg writes a poster as a file that needs nothing besides it.
func (p *palette) svg(s poster, lang string) []byte {
	box := sheetBox.FindStringSubmatch(s.picture)
	if box == nil {
		return nil
	}
	inner, _ := strconv.ParseFloat(box[1], 64)
	tall, _ := strconv.ParseFloat(box[2], 64)
	const edge = 24.0
	wide := max(inner, 560)
	var d drawing
	y := edge + 8
	for _, line := range wrap(s.title, wide*12/16) {
		y += 8
		d.add(`<text x="%v" y="%v" font-size="16px" font-weight="600" fill="%v">%v</text>`, edge, y, p.colours["ink"], line)
		y += 14
	}
	y += 6
	for _, text := range s.lines {
		for _, line := range wrap(text, wide) {
			d.add(`<text x="%v" y="%v" fill="%v">%v</text>`, edge, y+2, p.colours["ink-2"], line)
			y += 18
		}
	}
	y += 10
	d.WriteString(strings.Replace(p.paint(s.picture), "<svg", fmt.Sprintf(`<svg x="%s" y="%s" width="%s" height="%s" overflow="visible"`, coord(edge), coord(y), box[1], box[2]), 1))
	y += tall + 26
	x := edge
	for _, item := range s.legend {
		if room := labelWidth(item.label) + 44; x+room > edge+wide && x > edge {
			x, y = edge, y+20
		}
		d.WriteString(strings.Replace(p.paint(string(glyph(item.glyph))), "<svg", fmt.Sprintf(`<svg x="%s" y="%s" height="10" width="18" preserveAspectRatio="xMidYMid" overflow="visible"`, coord(x), coord(y-9)), 1))
		d.add(`<text x="%v" y="%v" fill="%v">%v</text>`, x+24, y, p.colours["ink-2"], item.label)
		x += labelWidth(item.label) + 44
	}
	y += 26
	for _, line := range wrap(s.foot, wide) {
		d.add(`<text x="%v" y="%v" fill="%v">%v</text>`, edge, y, p.colours["ink-3"], line)
		y += 18
	}
	high := y + edge/2
	var out drawing
	out.add(`<?xml version="1.0" encoding="UTF-8"?>`+"\n"+`<svg xmlns="http://www.w3.org/2000/svg" width="%v" height="%v" viewBox="0 0 %v %v" xml:lang="%v" role="img" font-family="system-ui, Inter, 'Noto Sans', 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif" font-size="12px">`,
		wide+2*edge, high, wide+2*edge, high, lang)
	out.add(`<title>%v</title><desc>%v</desc><rect width="100%%" height="100%%" fill="%v"/>`, s.title, strings.Join(s.lines, " "), p.colours["surface"])
	out.WriteString(d.String())
	out.WriteString("</svg>\n")
	return []byte(out.String())
}

// wrap breaks a text of 12 px into lines of a width, at spaces or, where it has
// none, between Chinese characters.
func wrap(s string, width float64) (lines []string) {
	line := ""
	for s != "" {
		cut := strings.IndexByte(s, ' ') + 1
		if cut == 0 {
			cut = len(s)
		}
		for i, r := range s[:cut] {
			if r >= 0x2e80 {
				cut = i + len(string(r))
				break
			}
		}
		// What ends a sentence does not begin a line.
		for cut < len(s) && strings.ContainsRune("，。；、：）”！？", []rune(s[cut:])[0]) {
			cut += len(string([]rune(s[cut:])[0]))
		}
		word := s[:cut]
		if s = s[cut:]; line != "" && labelWidth(strings.TrimRight(line+word, " ")) > width {
			lines, line = append(lines, strings.TrimRight(line, " ")), ""
		}
		line += word
	}
	if line = strings.TrimRight(line, " "); line != "" {
		lines = append(lines, line)
	}
	return lines
}

// sendPicture answers with a picture, or with its figures, as a file.
func (q *request) sendPicture(name string, s poster, rows [][]string) error {
	kind, ext := "image/svg+xml", ".svg"
	var b bytes.Buffer
	if strings.HasSuffix(q.r.URL.Path, ".csv") {
		kind, ext = "text/csv; charset=utf-8; header=present", ".csv"
		w := csv.NewWriter(&b)
		for _, row := range rows {
			for i := range row {
				row[i] = publish.SafeCell(row[i])
			}
		}
		if err := w.WriteAll(rows); err != nil {
			return err
		}
	} else {
		b.Write(q.palette.svg(s, q.l.HTML))
	}
	h := q.w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name+"-"+q.o.Now().In(q.l.Zone).Format("2006-01-02-1504")+ext))
	_, err := q.w.Write(b.Bytes())
	return err
}

// A take is where a picture can be had as a file: path, with .svg or .csv, and
// query.
type take struct{ Path, Query string }

// asked is the concern that the address names.
func (q *request) asked() (*hearback.Concern, error) {
	id, err := q.id()
	if err != nil {
		return nil, err
	}
	return q.o.Store.Concern(q.ctx(), id)
}

// mapFile answers with the map of a concern as a picture or as figures.
func (q *request) mapFile() error {
	c, err := q.asked()
	if err != nil {
		return err
	}
	named := map[string]int64{}
	for a, n := range c.Areas {
		if a != "" {
			named[a] = n
		}
	}
	p := &concernPage{C: c}
	if q.concernMap(p, named); p.Map == "" {
		return fmt.Errorf("%w: there is nothing to draw", hearback.ErrNotFound)
	}
	s := poster{title: q.ConcernTitle(c), lines: []string{p.MapFinding, q.t("map.what")}, foot: q.foot(), legend: shadeItems(p.Shades)}
	s.picture = string(q.l.areaMap(q.maps[:1], p.layer, shades(p.layer[0].N), "m"))
	for _, x := range []struct {
		shown        bool
		glyph, label string
	}{{p.MapFew, "few", "shade.few"}, {p.MapNone, "zero", "map.zero"}, {p.MapSilent, "unheard", "map.silent_legend"}} {
		if x.shown {
			s.legend = append(s.legend, legendItem{x.glyph, q.t(x.label)})
		}
	}
	rows := [][]string{{"area", "what", "messages"}}
	for _, r := range p.MapRows {
		what := "counted"
		if r.Silent {
			what = "no source"
		}
		rows = append(rows, []string{r.Label, what, strconv.FormatInt(r.N, 10)})
	}
	return q.sendPicture("concern-"+c.ID.String()+"-map", s, rows)
}

// glyph is the sign of something in the legend of a page or of a file.
func glyph(of string) template.HTML {
	const line, square = `<svg viewBox="0 0 18 10" class="chart">`, `<svg viewBox="0 0 10 10" class="chart sq">`
	switch of {
	case "voices":
		return line + `<path class="obs" d="M0 5H18"/></svg>`
	case "so_far":
		return line + `<path class="sf" d="M9 10V4"/><circle class="sfd" cx="9" cy="3.5" r="3"/></svg>`
	case "expected":
		return line + `<path class="exp" d="M0 5H18"/></svg>`
	case "foreseen":
		return line + `<path class="b80" d="M0 0h18v10H0z"/><path class="fm" d="M0 5H18"/></svg>`
	case "alert":
		return line + `<path class="al" d="M3 9h10L8 0z"/></svg>`
	case "answer":
		return line + `<path class="an" d="M3 0h10v10H3z"/></svg>`
	case "correction":
		return line + `<path class="co" d="M4 1h8v8H4z"/></svg>`
	case "missing":
		return line + `<path class="hl" d="M0 10L10 0M8 10L18 0M0 3L3 0M15 10L18 7"/></svg>`
	case "few":
		return square + `<path class="hl" d="M0 10L10 0M0 4L4 0M6 10L10 6"/></svg>`
	case "unheard":
		return square + `<path class="unheard" d="M.5 .5h9v9h-9z"/></svg>`
	case "running":
		return square + `<rect class="q2 run" x=".5" y=".5" width="9" height="9"/></svg>`
	case "zero":
		return square + `<rect class="q0" x=".5" y=".5" width="9" height="9"/></svg>`
	default: // a step of a map or a matrix
		return square + template.HTML(`<rect class="`+template.HTMLEscapeString(of)+`" width="10" height="10"/></svg>`)
	}
}

// shadeItems are the steps of a map or a matrix for the legend of a file.
func shadeItems(rows []shadeRow) (list []legendItem) {
	for _, r := range rows {
		list = append(list, legendItem{r.Class, r.Label})
	}
	return list
}

// foot says where and when a picture was made, and for whom.
func (q *request) foot() string {
	return q.t("take.foot", q.officeName(q.l.Lang), q.l.Moment(q.o.Now()))
}

// timelineFile answers with the timeline of a concern as a picture or as
// figures.
func (q *request) timelineFile() error {
	c, err := q.asked()
	if err != nil {
		return err
	}
	alerts, err := q.o.Store.AlertList(q.ctx(), office.AlertFilter{Concern: c.ID, Limit: 50})
	if err != nil {
		return err
	}
	var said *hearback.Answer
	if c.Answer != 0 {
		if said, err = q.o.Store.Answer(q.ctx(), c.Answer); err != nil {
			return err
		}
	}
	_, band, _, err := q.outlook(c)
	if err != nil {
		return err
	}
	daily := q.r.URL.Query().Get("by") == "day"
	tl, err := q.series(c, alerts, said, band, daily)
	if err != nil {
		return err
	}
	if len(tl.points) < 2 {
		return fmt.Errorf("%w: there is nothing to draw", hearback.ErrNotFound)
	}
	finding, soFar := q.finding(tl)
	s := poster{title: q.ConcernTitle(c), lines: []string{strings.TrimSpace(finding + q.t("sp") + soFar)}, picture: string(q.l.timelineAt(tl, "t", "wide", 690, 270)), foot: q.foot()}
	what := q.t("chart.what")
	if daily {
		what = q.t("chart.what_day")
	}
	s.legend = []legendItem{{"voices", q.t("legend.voices")}}
	if tl.running {
		s.legend = append(s.legend, legendItem{"so_far", q.t("legend.so_far")})
	}
	if tl.expected != nil {
		what += q.t("sp") + q.t("chart.usual")
		s.legend = append(s.legend, legendItem{"expected", q.t("legend.expected")})
	}
	if len(tl.band) > 0 {
		what += q.t("sp") + q.t("chart.foreseen")
		s.legend = append(s.legend, legendItem{"foreseen", q.t("legend.foreseen")})
	}
	s.lines = append(s.lines, what)
	for _, kind := range tl.kinds() {
		s.legend = append(s.legend, legendItem{kind, q.t("mark." + kind)})
	}
	if tl.gaps() {
		s.legend = append(s.legend, legendItem{"missing", q.t("legend.missing")})
	}
	name := "concern-" + c.ID.String()
	if daily {
		name += "-days"
	}
	return q.sendPicture(name, s, q.timelineRows(tl))
}

// timelineRows are the figures of a timeline for a table program. Times are
// those of the office, with their distance from UTC.
func (q *request) timelineRows(tl timeline) [][]string {
	at := func(t time.Time) string { return t.In(q.l.Zone).Format(time.RFC3339) }
	f := func(v float64) string { return strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64) }
	rows := [][]string{{"start", "end", "what", "voices", "usual", "low", "high"}}
	for i, p := range tl.points {
		end := p.At.Add(time.Hour)
		if tl.daily {
			local := p.At.In(q.l.Zone)
			end = time.Date(local.Year(), local.Month(), local.Day()+1, 0, 0, 0, 0, q.l.Zone)
		}
		row := []string{at(p.At), at(end), "counted", f(p.Voices), "", "", ""}
		switch {
		case p.Missing:
			row[2], row[3] = "no data", ""
		case tl.running && i == len(tl.points)-1:
			row[1], row[2] = at(tl.now), "so far"
		}
		if i < len(tl.expected) {
			row[4] = f(tl.expected[i])
		}
		rows = append(rows, row)
	}
	for _, b := range tl.band {
		rows = append(rows, []string{at(b.from), at(b.to), "expected an hour", f(b.mid), "", f(b.low), f(b.high)})
	}
	for _, m := range tl.shown() {
		rows = append(rows, []string{at(m.at), "", m.kind, "", "", "", ""})
	}
	return rows
}
