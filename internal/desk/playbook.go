package desk

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"example.org/hearback"
)

// A Playbook is what an office does about one kind of concern: what to check,
// what evidence a verdict needs, whom to call, what can be said at once, and
// answers that were prepared. Text is in the office's languages.
type Playbook struct {
	Slug     string
	Version  int // 0 for a starter that nobody has changed
	Name     Words
	Match    []string // words that suggest it
	Steps    []Words  // the checklist
	Evidence []Words
	Call     []Words
	Holding  map[string]hearback.Text   // by language; says that the facts are not yet known
	Answers  map[string][]hearback.Text // prepared, by language
	Source   string                     // as it was written
}

// Words are the same thing said in English and Chinese.
type Words struct{ EN, ZH string }

// In returns the words for readers of a language.
func (w Words) In(lang string) string {
	if strings.HasPrefix(lang, "zh") && w.ZH != "" || w.EN == "" {
		return w.ZH
	}
	return w.EN
}

//go:embed playbooks/*.txt
var starters embed.FS

// Limits of a playbook.
const (
	maxPlaybook  = 32 << 10 // bytes
	maxPlaybooks = 100
	maxItems     = 60
)

// ParsePlaybook reads a playbook. A line is a key, a colon and words; a key
// that ends in .zh says in Chinese what the line before it says in English;
// lines below that are set in go on with it.
//
//	name: Drinking water
//	name.zh: 饮用水
//	match: water, tap*, 自来水
//	step: Ask the waterworks for the newest measurement
//	step.zh: 向水厂索取最新检测数据
//	evidence: …   call: …   (as step)
//	holding.title: … .lead .do .known .next, and holding.zh.title …
//	answer.title: … begins a prepared answer; answer.zh.title its Chinese
func ParsePlaybook(slug, text string) (*Playbook, error) {
	switch {
	case !hearback.ValidSlug(slug):
		return nil, fmt.Errorf("%w: %.40q cannot name a playbook; use small letters, digits and hyphens", hearback.ErrInvalid, slug)
	case len(text) > maxPlaybook:
		return nil, fmt.Errorf("%w: a playbook has at most %d bytes", hearback.ErrInvalid, maxPlaybook)
	case !utf8.ValidString(text):
		return nil, fmt.Errorf("%w: the playbook is not UTF-8", hearback.ErrInvalid)
	}
	p := &Playbook{Slug: slug, Holding: map[string]hearback.Text{}, Answers: map[string][]hearback.Text{}, Source: text}
	var key string
	var at int
	var value []string
	flush := func() error {
		if key == "" {
			return nil
		}
		v := strings.TrimSpace(strings.Join(value, "\n"))
		if err := p.put(key, v); err != nil {
			return fmt.Errorf("%w: line %d of the playbook: %w", hearback.ErrInvalid, at, err)
		}
		return nil
	}
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimRight(line, " \t\r\n")
		switch body := strings.TrimLeft(line, " \t"); {
		case body == "" || strings.HasPrefix(body, "#"):
			continue
		case body != line && key != "":
			value = append(value, body)
			continue
		}
		if err := flush(); err != nil {
			return nil, err
		}
		k, v, ok := strings.Cut(line, ":")
		if !ok {
			return nil, fmt.Errorf("%w: line %d of the playbook has no colon; write what it is, a colon and the words", hearback.ErrInvalid, n)
		}
		key, at, value = strings.ToLower(strings.TrimSpace(k)), n, []string{strings.TrimSpace(v)}
	}
	if err := flush(); err != nil {
		return nil, err
	}
	if p.Name.EN == "" && p.Name.ZH == "" {
		return nil, fmt.Errorf("%w: give the playbook a name", hearback.ErrInvalid)
	}
	return p, nil
}

// An errPlaybook is what is wrong with one line of a playbook.
type errPlaybook string

func (e errPlaybook) Error() string { return string(e) }

const (
	errKey  = errPlaybook("what stands before the colon is not known")
	errMany = errPlaybook("the list is too long")
	errPair = errPlaybook("the Chinese words follow the English ones")
)

func (p *Playbook) put(key, v string) error {
	base, zh := strings.CutSuffix(key, ".zh")
	list := map[string]*[]Words{"step": &p.Steps, "evidence": &p.Evidence, "call": &p.Call}[base]
	switch {
	case base == "name" && zh:
		p.Name.ZH = v
	case base == "name":
		p.Name.EN = v
	case key == "match":
		p.Match = keywords(strings.FieldsFunc(v, func(r rune) bool { return strings.ContainsRune(",，、\n", r) }))
		if len(p.Match) > maxItems {
			return errMany
		}
	case list != nil && zh:
		if len(*list) == 0 || (*list)[len(*list)-1].ZH != "" {
			return errPair
		}
		(*list)[len(*list)-1].ZH = v
	case list != nil:
		if len(*list) >= maxItems {
			return errMany
		}
		*list = append(*list, Words{EN: v})
	default:
		return p.putText(key, v)
	}
	return nil
}

func (p *Playbook) putText(key, v string) error {
	kind, part, _ := strings.Cut(key, ".")
	lang := "en"
	if rest, ok := strings.CutPrefix(part, "zh."); ok {
		part, lang = rest, "zh"
	}
	t := hearback.Text{Lang: lang}
	list := p.Answers[lang]
	switch {
	case kind == "holding":
		if old, ok := p.Holding[lang]; ok {
			t = old
		}
		t.Verdict = hearback.NotYetKnown
	case kind == "answer" && part != "title":
		if len(list) == 0 {
			return errKey
		}
		t = list[len(list)-1]
	case kind != "answer":
		return errKey
	}
	field := map[string]*string{"title": &t.Title, "lead": &t.Lead, "do": &t.Do, "known": &t.Known, "going": &t.Going, "why": &t.Why, "next": &t.Next}[part]
	if field == nil {
		return errKey
	}
	*field = v
	switch {
	case kind == "holding":
		p.Holding[lang] = t
	case part == "title" && len(list) >= maxItems:
		return errMany
	case part == "title":
		p.Answers[lang] = append(list, t)
	default:
		list[len(list)-1] = t
	}
	return nil
}

// playbookSetting is where a changed playbook stands: its version, a line
// break, and what was written; "" after the line break for one that was taken
// away.
const playbookSetting = "desk.playbook."

// playbookList is the setting that lists the slugs of those that were added.
const playbookList = "desk.playbooks"

// Playbooks returns the playbooks of the office: the starters, as they were
// changed, and those that were added, in the order of their slugs.
func (s *Desks) Playbooks(ctx context.Context) ([]Playbook, error) {
	slugs, err := s.playbookSlugs(ctx)
	if err != nil {
		return nil, err
	}
	var list []Playbook
	for _, slug := range slugs {
		p, err := s.Playbook(ctx, slug)
		if err != nil {
			return nil, err
		}
		if p.Source != "" {
			list = append(list, *p)
		}
	}
	return list, nil
}

func (s *Desks) playbookSlugs(ctx context.Context) ([]string, error) {
	files, err := fs.Glob(starters, "playbooks/*.txt")
	if err != nil {
		return nil, err
	}
	var slugs []string
	for _, f := range files {
		slugs = append(slugs, strings.TrimSuffix(strings.TrimPrefix(f, "playbooks/"), ".txt"))
	}
	added, err := s.Store.Setting(ctx, playbookList)
	if err != nil {
		return nil, err
	}
	slugs = append(slugs, strings.Fields(added)...)
	slices.Sort(slugs)
	return slices.Compact(slugs), nil
}

// Playbook returns one playbook, or [hearback.ErrNotFound]. One that was taken
// away has no Source.
func (s *Desks) Playbook(ctx context.Context, slug string) (*Playbook, error) {
	if !hearback.ValidSlug(slug) {
		return nil, fmt.Errorf("playbook %.40q: %w", slug, hearback.ErrNotFound)
	}
	kept, err := s.Store.Setting(ctx, playbookSetting+slug)
	if err != nil {
		return nil, err
	}
	if kept == "" {
		b, err := starters.ReadFile("playbooks/" + slug + ".txt")
		if err != nil {
			return nil, fmt.Errorf("playbook %.40q: %w", slug, hearback.ErrNotFound)
		}
		return ParsePlaybook(slug, string(b))
	}
	head, text, _ := strings.Cut(kept, "\n")
	version, err := strconv.Atoi(head)
	if err != nil {
		return nil, fmt.Errorf("playbook %s: its version is %q: %w", slug, head, err)
	}
	if text == "" {
		return &Playbook{Slug: slug, Version: version}, nil
	}
	p, err := ParsePlaybook(slug, text)
	if err == nil {
		p.Version = version
	}
	return p, err
}

// SetPlaybook writes a playbook, a new one with version 0, or takes one away
// with no text. Its words stay in the office, since they may name people to
// call; that it changed, and the hash of its text, are public.
func (s *Desks) SetPlaybook(ctx context.Context, by hearback.Actor, slug, text string, version int, reason string) error {
	if err := s.allow(ctx, by, hearback.PlaybookChanged); err != nil {
		return err
	}
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	if text != "" {
		if _, err := ParsePlaybook(slug, text); err != nil {
			return err
		}
	}
	slugs, err := s.playbookSlugs(ctx)
	if err != nil {
		return err
	}
	old := &Playbook{}
	if slices.Contains(slugs, slug) {
		if old, err = s.Playbook(ctx, slug); err != nil {
			return err
		}
	} else if text == "" || !hearback.ValidSlug(slug) {
		return fmt.Errorf("playbook %.40q: %w", slug, hearback.ErrNotFound)
	} else if len(slugs) >= maxPlaybooks {
		return fmt.Errorf("%w: an office keeps at most %d playbooks", hearback.ErrRefused, maxPlaybooks)
	}
	if old.Version != version {
		return fmt.Errorf("playbook %s: %w; read it again", slug, hearback.ErrConflict)
	}
	if reason, err = Public(s.Leak, "the reason", reason); err != nil {
		return err
	}
	p := pub{"playbook": slug, "version": version + 1, "removed": text == "", "sha256": hashOf(text)}
	if reason != "" {
		p["reason"] = reason
	}
	r := hearback.Record{Type: hearback.PlaybookChanged, At: s.Now().UTC().Truncate(time.Microsecond), Actor: by, Subject: "playbook:" + slug, Pub: p}
	return s.Store.Together(ctx, func(ctx context.Context) error {
		if !slices.Contains(slugs, slug) {
			added, err := s.Store.Setting(ctx, playbookList)
			if err != nil {
				return err
			}
			if err := s.Store.SetSetting(ctx, playbookList, strings.TrimSpace(added+" "+slug)); err != nil {
				return err
			}
		}
		return s.Store.SetSetting(ctx, playbookSetting+slug, strconv.Itoa(version+1)+"\n"+text, r)
	})
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// SuggestPlaybook returns the playbook most of whose words occur in texts, or
// nil.
func SuggestPlaybook(list []Playbook, texts ...string) *Playbook {
	var best *Playbook
	most := 0
	for i := range list {
		n := 0
		for _, w := range list[i].Match {
			if slices.ContainsFunc(texts, func(t string) bool { return occurs(fold(t), w) }) {
				n++
			}
		}
		if n > most {
			best, most = &list[i], n
		}
	}
	return best
}

// UsePlaybook begins to follow a playbook in a case, in the version it has now.
func (s *Cases) UsePlaybook(ctx context.Context, by hearback.Actor, id hearback.ID, p *Playbook) (*hearback.Case, error) {
	return s.change(ctx, by, id, hearback.CasePlaybook, false, func(c *hearback.Case, at time.Time) (pub, error) {
		if err := c.Follow(p.Slug, p.Version, len(p.Steps)); err != nil {
			return nil, err
		}
		return pub{"case": c.ID.String(), "playbook": p.Slug, "version": p.Version}, nil
	})
}

// TickStep says that a step of the playbook of a case is done, or is not after
// all. Steps are counted from 1.
func (s *Cases) TickStep(ctx context.Context, by hearback.Actor, id hearback.ID, step int, done bool) (*hearback.Case, error) {
	return s.change(ctx, by, id, hearback.CaseTicked, false, func(c *hearback.Case, at time.Time) (pub, error) {
		if err := c.Tick(step, done, by, at); err != nil {
			return nil, err
		}
		return pub{"case": c.ID.String(), "step": step, "done": done}, nil
	})
}
