package notify

import (
	"embed"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"text/template"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/publish"
	"example.org/hearback/internal/text"
)

//go:embed templates/*.txt
var templateFiles embed.FS

// A writer keeps the templates of every language, once they are needed.
type writer struct {
	once sync.Once
	all  map[string]*template.Template
	err  error
}

// load reads the templates.
func (w *writer) load() (map[string]*template.Template, error) {
	w.once.Do(func() {
		w.all = map[string]*template.Template{}
		for _, lang := range Langs() {
			t, err := template.New(lang).Funcs(template.FuncMap{
				"people": func(n float64) string { return people(n, lang) }, "dur": func(d time.Duration) string { return length(d, lang) },
				"list": func(list []string) string {
					return strings.Join(list, map[string]string{"en": ", ", "zh": "、"}[lang])
				},
			}).ParseFS(templateFiles, "templates/"+lang+".txt")
			if err != nil {
				w.err = err
				return
			}
			w.all[lang] = t
		}
	})
	return w.all, w.err
}

// A view is what the templates see.
type view struct {
	Office, Desk          string
	Kind                  Kind
	Rule                  string // of an alert: its kind
	Urgent                bool
	Round                 int
	Tier, Matter          string
	Came, Expected, Limit float64 // voices
	Window                time.Duration
	Counted               bool // whether Came says anything
	Since, Due, At        string
	Clock                 hearback.DeadlineKind
	Words                 []string
	Rules                 string // version
	Nth, PerDay           int
	Outside               bool // of the budget of alerts
	Over                  bool // Limit is enough people to be told
	Source, Why           string
	Page, Ack, Settings   string
	Zone                  string
	More                  int
	Subjects              []Text
}

// write says f in the language and the time zone of c.
func (s *Service) write(c *Channel, f *facts, desks []hearback.Desk, round int) Text {
	zone := c.zone(s.Zone)
	base := s.Console()
	v := s.view(c)
	v.Kind, v.Urgent, v.Round, v.Matter, v.Clock, v.Source, v.Why = f.kind, f.urgent, round, f.matter, f.clock, f.source, f.why
	if f.tier != hearback.Watch {
		v.Tier = string(f.tier)
	}
	v.Page = base + f.page
	if f.ack != "" && f.again {
		v.Ack = base + f.ack
	}
	v.Due = moment(f.due, zone, c.Lang)
	for _, d := range desks {
		if d.Slug == f.desk {
			if v.Desk = d.Name; c.Lang == "zh" && d.NameZH != "" {
				v.Desk = d.NameZH
			}
		}
	}
	if a := f.alert; a != nil {
		v.Rule, v.Came, v.Expected, v.Limit, v.Window, v.Rules, v.Nth, v.PerDay = string(a.Kind), a.Observed, a.Expected, a.Unless, a.Window, a.Rules, a.Nth, a.PerDay
		v.Since = moment(a.Since, zone, c.Lang)
		v.Counted = a.Window > 0 && a.Kind != hearback.AlertHarm && a.Kind != hearback.AlertSpreading
		v.Outside = a.Kind == hearback.AlertHarm || a.Kind == hearback.AlertDeadline
		_, few := publish.Public(int64(a.Unless))
		v.Over = v.Counted && !few
		words := text.Spare(a.Words)
		v.Words = words[:min(5, len(words))]
	}
	return s.fill(c, string(f.kind), v)
}

// view begins a text for c.
func (s *Service) view(c *Channel) view {
	return view{Office: s.Office[c.Lang], Zone: c.zone(s.Zone).String(), At: moment(s.now(), c.zone(s.Zone), c.Lang), Settings: s.Console() + settingsPage(c.Owner)}
}

// settingsPage is where the channels of an owner are set.
func settingsPage(o Owner) string {
	switch {
	case o.Staff() != 0:
		return "/account#channels"
	case o.Desk() != "":
		return "/desks#desk-" + o.Desk()
	}
	return "/notifications"
}

// test says that a channel works.
func (s *Service) test(c *Channel) Text {
	v := s.view(c)
	v.Kind, v.Page = Test, v.Settings
	return s.fill(c, string(Test), v)
}

// digestLines is how many notices a digest writes out.
const digestLines = 40

// gather says several notices in one text, the same ones once. One alone
// stays as it is.
func (s *Service) gather(c *Channel, list []Delivery) Text {
	v := s.view(c)
	v.Kind, v.Page = Digest, s.Console()+"/"
	seen := map[Text]bool{}
	for _, d := range list {
		line := Text{Subject: d.Text.Subject, Link: d.Text.Link}
		if seen[line] {
			continue
		}
		if seen[line] = true; len(seen) <= digestLines {
			v.Subjects = append(v.Subjects, line)
		}
	}
	if v.Nth = len(seen); v.Nth == 1 {
		return list[0].Text
	}
	v.More = v.Nth - len(v.Subjects)
	return s.fill(c, string(Digest), v)
}

// fill writes the subject and the body that the templates give to a kind.
func (s *Service) fill(c *Channel, kind string, v view) Text {
	all, err := s.words.load()
	if err != nil {
		panic(err) // the templates are part of the program, and a test reads them
	}
	var subject, body strings.Builder
	t := all[c.Lang]
	for _, x := range []struct {
		to   *strings.Builder
		name string
	}{{&subject, kind + ".subject"}, {&body, kind + ".body"}} {
		if err := t.ExecuteTemplate(x.to, x.name, v); err != nil {
			panic(err)
		}
	}
	return Text{OneLine(subject.String(), 200), Tidy(body.String()), v.Page}
}

// Tidy takes away spaces at the ends of lines and more than one empty line.
func Tidy(s string) string {
	var lines []string
	for line := range strings.Lines(s) {
		line = strings.TrimSpace(line)
		if line == "" && (len(lines) == 0 || lines[len(lines)-1] == "") {
			continue
		}
		lines = append(lines, line)
	}
	return strings.TrimSpace(strings.Join(lines, "\n")) + "\n"
}

// people says how many voices, as it may be said outside the console.
func people(n float64, lang string) string {
	count, withheld := publish.Public(int64(math.Round(n)))
	switch {
	case withheld && lang == "zh":
		return fmt.Sprintf("不到%d个声音", publish.Floor)
	case withheld:
		return fmt.Sprintf("fewer than %d voices", publish.Floor)
	case lang == "zh":
		return "约" + count + "个声音"
	}
	return "about " + count + " voices"
}

// length says how long, with one unit.
func length(d time.Duration, lang string) string {
	n, unit := int(d.Round(time.Hour)/time.Hour), 0
	switch {
	case d < 90*time.Minute:
		n, unit = int(d.Round(time.Minute)/time.Minute), 1
	case d >= 72*time.Hour:
		n, unit = int(d.Round(24*time.Hour)/(24*time.Hour)), 2
	}
	return strconv.Itoa(n) + map[string][3]string{"en": {" h", " min", " days"}, "zh": {"小时", "分钟", "天"}}[lang][unit]
}

// moment writes a date and a time of day.
func moment(t time.Time, zone *time.Location, lang string) string {
	if t.IsZero() {
		return ""
	}
	if lang == "zh" {
		return t.In(zone).Format("1月2日15:04")
	}
	return t.In(zone).Format("2 Jan 15:04")
}
