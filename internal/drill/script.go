// Package drill replays a crisis that never happened through the real service
// on a simulated clock, and says which expectations were met and when. The
// language is described in docs/drills.md. It holds no rules of the service:
// what a drill shows is what the service would have done.
package drill

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"example.org/hearback"
)

// Limits on a script, so that a mistake cannot fill a disk.
const (
	maxScript = 4 << 20
	maxPosts  = 200_000
	maxLength = 60 * 24 * time.Hour
)

// A Script is a drill: who speaks where and when, and what should come of it.
type Script struct {
	Title, TitleZH string
	Seed           uint64
	Start          time.Time
	Length         time.Duration
	Sources        []Source
	Topics         []Topic
	Desks          []hearback.Desk
	Concerns       []Named // what its concerns are called for people
	Objectives     []Named // what is practised
	Events         []Event // in order of time
	Expects        []Expect
	Posts          int
}

// Named is something of a drill with its name for people.
type Named struct{ Name, Title, TitleZH string }

// A Source is an invented place where people speak.
type Source struct {
	Name, Title string
	Weight      float64
	Audience    int64
}

// A Topic is what the drill listens for.
type Topic struct{ Name, Query string }

// An Event is something that happens at a time after the start. Exactly one of
// Post, Outage and Answer is set.
type Event struct {
	At     time.Duration
	Line   int
	Post   *Post
	Outage *Outage
	Answer *Answer
}

// A Post is one invented message. Concern is the name of what it is truly
// about, which the service never sees.
type Post struct {
	Source, Concern, Lang, Text, Voice string
}

// An Outage says that a source is down for a while.
type Outage struct {
	Source string
	For    time.Duration
}

// An Answer is published about a concern, with two approvals.
type Answer struct {
	Concern string
	Desk    string
	Tier    hearback.Tier
	Texts   []hearback.Text
}

// An Expect is something that should be true by a time after the start.
type Expect struct {
	Line    int
	What    string // concern, alert, case or deadline
	Not     bool   // it should not be
	Concern string
	By      time.Duration
	Share   float64            // concern: this share of its posts are together
	Langs   []string           // concern: languages it holds
	Kind    hearback.AlertKind // alert: "" is any
	State   hearback.CaseState // case: "" is any
	Clock   hearback.DeadlineKind
	Missed  bool // deadline: it should have been missed
}

// String returns the expectation as a sentence for the table of results.
func (e Expect) String() string {
	s := e.What + " " + e.Concern
	if e.Not {
		s = "no " + s
	}
	switch {
	case e.What == "concern" && len(e.Langs) > 0:
		s += " in " + strings.Join(e.Langs, ", ")
	case e.Kind != "":
		s += " (" + string(e.Kind) + ")"
	case e.State != "":
		s += " is " + string(e.State)
	case e.Clock != "" && e.Missed:
		s += ": " + string(e.Clock) + " missed"
	case e.Clock != "":
		s += ": " + string(e.Clock) + " met"
	}
	return s
}

// Parse reads a drill. Every error names its line and what was expected.
func Parse(data []byte) (*Script, error) {
	if len(data) > maxScript {
		return nil, fmt.Errorf("%w: a drill may have %d bytes at the most", hearback.ErrInvalid, maxScript)
	}
	n := 0
	for line := range bytes.Lines(data) {
		// The name and its marks may not share a space: the archive would panic.
		if n++; string(bytes.TrimSpace(line)) == "-- --" {
			return nil, fmt.Errorf("%w: line %d: a list needs a name; write it like: -- file.txt --", hearback.ErrInvalid, n)
		}
	}
	ar := txtar.Parse(data)
	p := parser{files: map[string]string{}, rng: rand.New(rand.NewPCG(1, 1)), s: &Script{}}
	for _, f := range ar.Files {
		p.files[f.Name] = string(f.Data)
	}
	for i, line := range strings.Split(string(ar.Comment), "\n") {
		p.line = i + 1
		words, err := split(line)
		if err == nil && len(words) > 0 {
			err = p.statement(words)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: line %d: %v", hearback.ErrInvalid, p.line, err)
		}
	}
	return p.finish()
}

type parser struct {
	s     *Script
	files map[string]string
	rng   *rand.Rand
	at    time.Duration
	line  int
}

// split cuts a line into words; words with spaces stand in double quotes, and
// # begins a comment.
func split(line string) (words []string, err error) {
	for {
		line = strings.TrimLeft(line, " \t\r")
		if line == "" || line[0] == '#' {
			return words, nil
		}
		if line[0] == '"' {
			word, rest, ok := strings.Cut(line[1:], `"`)
			if !ok {
				return nil, fmt.Errorf(`a quotation mark is not closed`)
			}
			words, line = append(words, word), rest
			continue
		}
		n := strings.IndexAny(line, " \t\r")
		if n < 0 {
			n = len(line)
		}
		words, line = append(words, line[:n]), line[n:]
	}
}

func (p *parser) statement(w []string) error {
	verb, args := w[0], w[1:]
	need := func(n int, usage string) error {
		if len(args) < n {
			return fmt.Errorf("write it like: %s", usage)
		}
		return nil
	}
	switch verb {
	case "drill":
		if err := need(2, `drill "Title" "标题"`); err != nil {
			return err
		}
		p.s.Title, p.s.TitleZH = args[0], args[1]
	case "start":
		if err := need(1, "start 2026-07-14T06:00:00+08:00"); err != nil {
			return err
		}
		t, err := time.Parse(time.RFC3339, args[0])
		if err != nil || t.Year() < 2020 || t.Year() > 2100 {
			return fmt.Errorf("%.40q is not a time; write it like 2026-07-14T06:00:00+08:00", args[0])
		}
		p.s.Start = t
	case "seed":
		if err := need(1, "seed 7"); err != nil {
			return err
		}
		n, err := strconv.ParseUint(args[0], 10, 64)
		if err != nil {
			return fmt.Errorf("%.40q is not a number", args[0])
		}
		p.s.Seed, p.rng = n, rand.New(rand.NewPCG(n, n))
	case "length":
		if err := need(1, "length 72h"); err != nil {
			return err
		}
		d, err := duration(args[0])
		p.s.Length = d
		return err
	case "source":
		return p.source(args, need(2, `source street "Public posts" weight 1 audience 20000`))
	case "topic":
		if err := need(2, `topic water "water OR 自来水"`); err != nil {
			return err
		}
		p.s.Topics = append(p.s.Topics, Topic{args[0], args[1]})
	case "desk":
		return p.desk(args, need(3, `desk water "Water desk" "供水科" keywords water,水 fallback`))
	case "concern":
		return named(&p.s.Concerns, args, need(3, `concern water "Is the tap water safe?" "自来水能喝吗"`))
	case "objective":
		return named(&p.s.Objectives, args, need(3, `objective listen "Hear what people ask within two hours" "两小时内发现关切"`))
	case "at":
		if err := need(1, "at 2h30m, or at +30m"); err != nil {
			return err
		}
		rel, plus := strings.CutPrefix(args[0], "+")
		d, err := duration(rel)
		if err != nil {
			return err
		}
		if plus {
			d += p.at
		}
		if d > maxLength {
			return fmt.Errorf("a drill may last 60 days at the most")
		}
		p.at = d
	case "post":
		return p.post(args, need(4, `post street water en "Is the tap water safe?"`))
	case "repeat":
		return p.repeat(args, need(7, "repeat street water zh 120 over 10h from water-zh.txt"))
	case "outage":
		if err := need(2, "outage hotline 3h"); err != nil {
			return err
		}
		d, err := duration(args[1])
		if err != nil {
			return err
		}
		if !p.known(args[0]) {
			return fmt.Errorf("there is no source %q above this line", args[0])
		}
		p.s.Events = append(p.s.Events, Event{At: p.at, Line: p.line, Outage: &Outage{args[0], d}})
	case "answer":
		return p.answer(args, need(4, "answer water desk water tier P2 from answer.txt"))
	case "expect":
		return p.expect(args, need(2, "expect concern water by 3h"))
	default:
		return fmt.Errorf("there is no %.40q in the drill language; it has drill, start, seed, length, source, topic, desk, concern, objective, at, post, repeat, outage, answer, expect", verb)
	}
	return nil
}

// maxNamed is how many concerns or objectives a drill may name.
const maxNamed = 50

func named(list *[]Named, args []string, err error) error {
	if err != nil {
		return err
	}
	switch {
	case len(args[0]) > 64:
		return fmt.Errorf("a name has 64 bytes at the most")
	case len(*list) >= maxNamed:
		return fmt.Errorf("there may be %d of these at the most", maxNamed)
	case slices.ContainsFunc(*list, func(n Named) bool { return n.Name == args[0] }):
		return fmt.Errorf("%q is named twice", args[0])
	}
	*list = append(*list, Named{args[0], args[1], args[2]})
	return nil
}

func duration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 || d > maxLength {
		return 0, fmt.Errorf("%.40q is not a length of time; write it like 90m or 3h", s)
	}
	return d, nil
}

func (p *parser) known(source string) bool {
	return slices.ContainsFunc(p.s.Sources, func(s Source) bool { return s.Name == source })
}

func (p *parser) source(args []string, err error) error {
	if err != nil {
		return err
	}
	s := Source{Name: args[0], Title: args[1], Weight: 1}
	if !hearback.ValidSlug(s.Name) {
		return fmt.Errorf("%.40q cannot name a source; use small letters, digits and hyphens", s.Name)
	}
	opts, err := options(args[2:], "weight", "audience")
	if err != nil {
		return err
	}
	if v, ok := opts["weight"]; ok {
		if s.Weight, err = strconv.ParseFloat(v, 64); err != nil || !(s.Weight > 0) || s.Weight > 100 {
			return fmt.Errorf("weight %.20q is not a number up to 100", v)
		}
	}
	if v, ok := opts["audience"]; ok {
		if s.Audience, err = strconv.ParseInt(v, 10, 64); err != nil || s.Audience < 0 {
			return fmt.Errorf("audience %.20q is not a number of people", v)
		}
	}
	p.s.Sources = append(p.s.Sources, s)
	return nil
}

func (p *parser) desk(args []string, err error) error {
	if err != nil {
		return err
	}
	d := hearback.Desk{Slug: args[0], Name: args[1], NameZH: args[2]}
	rest := args[3:]
	if n := slices.Index(rest, "fallback"); n >= 0 {
		d.Fallback = true
		rest = slices.Delete(slices.Clone(rest), n, n+1)
	}
	opts, err := options(rest, "keywords")
	if err != nil {
		return err
	}
	if v := opts["keywords"]; v != "" {
		d.Keywords = strings.Split(v, ",")
	}
	p.s.Desks = append(p.s.Desks, d)
	return nil
}

// options reads pairs of a name and a value.
func options(args []string, names ...string) (map[string]string, error) {
	m := map[string]string{}
	for len(args) > 0 {
		if !slices.Contains(names, args[0]) {
			return nil, fmt.Errorf("%.40q is not expected here; this can be followed by %s", args[0], strings.Join(names, ", "))
		}
		if len(args) < 2 {
			return nil, fmt.Errorf("%s needs a value", args[0])
		}
		m[args[0]] = args[1]
		args = args[2:]
	}
	return m, nil
}

func (p *parser) addPost(at time.Duration, x Post) error {
	if p.s.Posts++; p.s.Posts > maxPosts {
		return fmt.Errorf("a drill may have %d posts at the most", maxPosts)
	}
	if !p.known(x.Source) {
		return fmt.Errorf("there is no source %q above this line", x.Source)
	}
	if x.Voice == "" {
		x.Voice = "v" + strconv.Itoa(p.s.Posts)
	}
	p.s.Events = append(p.s.Events, Event{At: at, Line: p.line, Post: &x})
	return nil
}

func (p *parser) post(args []string, err error) error {
	if err != nil {
		return err
	}
	opts, err := options(args[4:], "as")
	if err != nil {
		return err
	}
	return p.addPost(p.at, Post{args[0], args[1], args[2], args[3], opts["as"]})
}

// repeat posts lines of a file, spread over a time with a little chance, each
// by a voice of its own or by one of a number of voices.
func (p *parser) repeat(args []string, err error) error {
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(args[3])
	if err != nil || n < 1 || n > maxPosts {
		return fmt.Errorf("%.20q is not a number of posts", args[3])
	}
	opts, err := options(args[4:], "over", "from", "voices", "shape")
	if err != nil {
		return err
	}
	over, err := duration(opts["over"])
	if err != nil {
		return err
	}
	lines := strings.FieldsFunc(p.files[opts["from"]], func(r rune) bool { return r == '\n' || r == '\r' })
	lines = slices.DeleteFunc(lines, func(s string) bool { return strings.TrimSpace(s) == "" || s[0] == '#' })
	if len(lines) == 0 {
		return fmt.Errorf("the file %q at the end of the drill has no lines", opts["from"])
	}
	voices := 0
	if v, ok := opts["voices"]; ok {
		if voices, err = strconv.Atoi(v); err != nil || voices < 1 {
			return fmt.Errorf("voices %.20q is not a number", v)
		}
	}
	for i := range n {
		x := Post{Source: args[0], Concern: args[1], Lang: args[2], Text: p.expand(lines[i%len(lines)])}
		if voices > 0 {
			x.Voice = fmt.Sprintf("r%d-%d", p.line, p.rng.IntN(voices))
		}
		// The share of the time that has passed when post i comes: even, or
		// denser at the end or at the beginning.
		u := (float64(i) + p.rng.Float64()) / float64(n)
		switch opts["shape"] {
		case "", "even":
		case "rise":
			u = math.Sqrt(u)
		case "fall":
			u = 1 - math.Sqrt(1-u)
		default:
			return fmt.Errorf("shape %.20q is none of even, rise, fall", opts["shape"])
		}
		if err := p.addPost(p.at+time.Duration(u*float64(over)).Round(time.Second), x); err != nil {
			return err
		}
	}
	return nil
}

// expand replaces each {a|b|c} by one of its choices, so that a short list of
// lines gives many messages that are not copies.
func (p *parser) expand(s string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(s, "{")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		choices, after, ok := strings.Cut(rest, "}")
		if !ok {
			b.WriteString("{" + rest)
			return b.String()
		}
		list := strings.Split(choices, "|")
		b.WriteString(list[p.rng.IntN(len(list))])
		s = after
	}
}

func (p *parser) answer(args []string, err error) error {
	if err != nil {
		return err
	}
	opts, err := options(args[1:], "desk", "tier", "from")
	if err != nil {
		return err
	}
	a := &Answer{Concern: args[0], Desk: opts["desk"], Tier: hearback.P3}
	if v, ok := opts["tier"]; ok {
		if a.Tier, err = hearback.ParseTier(v); err != nil {
			return err
		}
	}
	if a.Texts, err = readTexts(p.files[opts["from"]]); err != nil {
		return fmt.Errorf("the file %q at the end of the drill: %v", opts["from"], err)
	}
	p.s.Events = append(p.s.Events, Event{At: p.at, Line: p.line, Answer: a})
	return nil
}

// readTexts reads an answer: lines of "field: text", a new "lang" beginning a
// new language.
func readTexts(s string) ([]hearback.Text, error) {
	var texts []hearback.Text
	for line := range strings.Lines(s) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		key, value, ok := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		if key == "lang" {
			texts = append(texts, hearback.Text{Lang: value})
			continue
		}
		if !ok || len(texts) == 0 {
			return nil, fmt.Errorf("begin with \"lang: en\", then write \"title: …\", \"lead: …\"")
		}
		t := &texts[len(texts)-1]
		fields := map[string]*string{"title": &t.Title, "lead": &t.Lead, "do": &t.Do, "known": &t.Known, "going": &t.Going, "why": &t.Why, "next": &t.Next, "verdict": (*string)(&t.Verdict)}
		f := fields[strings.TrimSpace(key)]
		if f == nil {
			return nil, fmt.Errorf("an answer has no %.40q; it has title, lead, do, known, going, why, next, verdict", key)
		}
		*f = value
	}
	if len(texts) == 0 {
		return nil, fmt.Errorf("it has no text")
	}
	return texts, nil
}

func (p *parser) expect(args []string, err error) error {
	if err != nil {
		return err
	}
	e := Expect{Line: p.line, By: p.at, Share: 0.5}
	if args[0] == "no" {
		e.Not, args = true, args[1:]
	}
	if len(args) < 2 {
		return fmt.Errorf("write it like: expect alert water by 6h")
	}
	e.What, e.Concern = args[0], args[1]
	var opts map[string]string
	switch rest := args[2:]; e.What {
	case "concern":
		opts, err = options(rest, "by", "share", "langs")
	case "alert":
		opts, err = options(rest, "by", "kind")
	case "case":
		opts, err = options(rest, "by", "state")
	case "deadline":
		if len(rest) < 2 || rest[1] != "met" && rest[1] != "missed" {
			return fmt.Errorf("write it like: expect deadline water answer met by 24h")
		}
		e.Clock, e.Missed = hearback.DeadlineKind(rest[0]), rest[1] == "missed"
		opts, err = options(rest[2:], "by")
	default:
		return fmt.Errorf("%.40q is not one of concern, alert, case, deadline", e.What)
	}
	if err != nil {
		return err
	}
	if v, ok := opts["by"]; ok {
		if e.By, err = duration(v); err != nil {
			return err
		}
	}
	if v, ok := opts["share"]; ok {
		if e.Share, err = strconv.ParseFloat(v, 64); err != nil || !(e.Share > 0) || e.Share > 1 {
			return fmt.Errorf("share %.20q is not a number between 0 and 1", v)
		}
	}
	if v := opts["langs"]; v != "" {
		e.Langs = strings.Split(v, ",")
	}
	e.Kind, e.State = hearback.AlertKind(opts["kind"]), hearback.CaseState(opts["state"])
	p.s.Expects = append(p.s.Expects, e)
	return nil
}

// finish checks what only the whole script shows.
func (p *parser) finish() (*Script, error) {
	s := p.s
	bad := func(format string, args ...any) (*Script, error) {
		return nil, fmt.Errorf("%w: %s", hearback.ErrInvalid, fmt.Sprintf(format, args...))
	}
	if s.Start.IsZero() {
		return bad(`the drill does not say when it starts; add a line like: start 2026-07-14T06:00:00+08:00`)
	}
	concerns := map[string]bool{}
	for _, e := range s.Events {
		if e.Post != nil {
			concerns[e.Post.Concern] = true
		}
	}
	if len(concerns) == 0 {
		return bad("the drill has no posts")
	}
	for _, e := range s.Events {
		if a := e.Answer; a != nil && !concerns[a.Concern] {
			return bad("line %d: no post is about %q", e.Line, a.Concern)
		}
		if a := e.Answer; a != nil && !slices.ContainsFunc(s.Desks, func(d hearback.Desk) bool { return d.Slug == a.Desk }) {
			return bad("line %d: there is no desk %q", e.Line, a.Desk)
		}
		s.Length = max(s.Length, e.At+time.Hour)
	}
	for _, n := range s.Concerns {
		if !concerns[n.Name] {
			return bad("no post is about the concern %q", n.Name)
		}
	}
	for _, e := range s.Expects {
		if !concerns[e.Concern] {
			return bad("line %d: no post is about %q", e.Line, e.Concern)
		}
		s.Length = max(s.Length, e.By)
	}
	slices.SortStableFunc(s.Events, func(a, b Event) int { return int(a.At/time.Second) - int(b.At/time.Second) })
	return s, nil
}
