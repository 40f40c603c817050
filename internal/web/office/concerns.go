package office

import (
	"context"
	"maps"
	"slices"
	"strings"
	"unicode"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/desk"
	"example.org/hearback/internal/score"
	"example.org/hearback/internal/text"
)

// RecentOf lists the newest messages of a concern, its most central one first.
func RecentOf(c *hearback.Concern) []hearback.ID {
	ids := make([]hearback.ID, 0, len(c.Recent)+1)
	if c.Medoid != 0 {
		ids = append(ids, c.Medoid)
	}
	for _, id := range c.Recent {
		if id != c.Medoid {
			ids = append(ids, id)
		}
	}
	return ids
}

// Harm is what somebody is shown of the ratings of a concern.
type Harm struct {
	Second  bool // another person must rate it
	Rated   bool // whoever looks has
	MayRate bool
}

// Harm sees what the caller is shown of ratings.
func (q *Caller) Harm(ratings []hearback.HarmRating) Harm {
	return Harm{
		Second:  score.SecondRater(ratings),
		Rated:   slices.ContainsFunc(ratings, func(r hearback.HarmRating) bool { return q.Account != nil && r.By == q.Account.ID }),
		MayRate: q.May(access.RateHarm),
	}
}

// Hidden reports whether the ratings of others are kept from whoever looks:
// they are asked for one of their own first, so that it is independent.
func (h Harm) Hidden() bool { return h.Second && h.MayRate && !h.Rated }

// Belongs says why a message stands in its concern.
func (q *Caller) Belongs(ctx context.Context, c *hearback.Concern, m hearback.Message) string {
	var shared []string
	if q.o.Concerns != nil {
		if words, err := q.o.Concerns.Why(ctx, m); err == nil {
			shared = words
		}
	}
	if len(shared) == 0 {
		low := strings.ToLower(m.Text)
		for _, ph := range c.Phrases {
			if ph != "" && strings.Contains(low, strings.ToLower(ph)) {
				shared = append(shared, ph)
			}
		}
	}
	if len(shared) == 0 {
		return q.T("excerpt.why_alike")
	}
	shared = text.Spare(shared)
	return q.T("excerpt.why", q.Locale.List(shared[:min(6, len(shared))]))
}

// Label returns the name of a concern in the language of whoever reads, if
// people speak of it in that, or in the commonest of its languages.
func (q *Caller) Label(c *hearback.Concern) hearback.Label {
	if l := c.In(q.Locale.Lang); l != nil {
		return *l
	}
	l := hearback.Label{Title: c.Title, Phrases: c.Phrases}
	if l.Lang = Most1(c.Langs); len(c.Labels) > 0 { // one that is too small for labels has the words of its first message
		l.Lang = c.Labels[0].Lang
	}
	if l.Lang == "und" {
		l.Lang = ""
	}
	return l
}

// ConcernTitle is the title of a concern, or its words while it has none.
func (q *Caller) ConcernTitle(c *hearback.Concern) string {
	l := q.Label(c)
	if c.Titled {
		l.Title = c.Title
	}
	switch {
	case strings.TrimSpace(l.Title) != "":
		return l.Title
	case len(l.Phrases) > 0:
		words := text.Spare(l.Phrases)
		return q.Locale.List(words[:min(3, len(words))])
	}
	return q.T("concern.untitled", c.ID.String())
}

// TitleLang is the language of a title that is not in that of whoever reads,
// or "". Of what a person wrote only the script is known.
func (q *Caller) TitleLang(c *hearback.Concern) string {
	lang := q.Label(c).Lang
	if c.Titled || lang == "" {
		lang = ScriptLang(q.ConcernTitle(c))
	}
	if lang == q.Locale.Lang {
		return ""
	}
	return lang
}

// ScriptLang is the language of words that nobody named one for, as far as
// their script tells, or "".
func ScriptLang(s string) string {
	n, all := map[string]int{}, 0
	for _, r := range s {
		if !unicode.IsLetter(r) {
			continue
		}
		all++
		for _, x := range []struct {
			lang  string
			table *unicode.RangeTable
		}{{"ja", unicode.Hiragana}, {"ja", unicode.Katakana}, {"zh", unicode.Han}, {"ko", unicode.Hangul}, {"ar", unicode.Arabic}, {"he", unicode.Hebrew}, {"th", unicode.Thai}} {
			if unicode.Is(x.table, r) {
				n[x.lang]++
			}
		}
	}
	if n["ja"] > 0 {
		n["ja"], n["zh"] = n["ja"]+n["zh"], 0
	}
	best := ""
	for _, lang := range slices.Sorted(maps.Keys(n)) {
		if n[lang] > n[best] {
			best = lang
		}
	}
	if 3*n[best] <= all { // Latin words have more letters
		return ""
	}
	return best
}

// WhyNow is the sentence that says why a concern stands where it stands.
func (q *Caller) WhyNow(s hearback.Score) string {
	if q.Locale.Lang == "zh" && s.WhyZH != "" {
		return s.WhyZH
	}
	if s.Why != "" {
		return s.Why
	}
	return q.T("why.none")
}

// Most returns the keys with the largest counts, at most n.
func Most(m map[string]int64, n int) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int {
		if m[a] != m[b] {
			return int(min(max(m[b]-m[a], -1), 1))
		}
		return strings.Compare(a, b)
	})
	return keys[:min(n, len(keys))]
}

// ShortenTo returns the first n characters of s.
func ShortenTo(s string, n int) string {
	r := []rune(s)
	return string(r[:min(n, len(r))])
}

// MergeOne makes one concern a part of another.
func (q *Caller) MergeOne(ctx context.Context, by hearback.Actor, into, from hearback.ID, reason string) error {
	each, err := q.o.Concerns.Merge(ctx, by, into, []hearback.ID{from}, reason)
	if err != nil {
		return err
	}
	return each[0]
}

// OpenOne opens a case for a concern, with the desk that it looks like and
// the tier of its score unless others are chosen.
func (q *Caller) OpenOne(ctx context.Context, by hearback.Actor, id hearback.ID, slug string, tier hearback.Tier, note string) error {
	c, err := q.o.Store.Concern(ctx, id)
	if err != nil {
		return err
	}
	if slug == "" {
		if slug, _, err = q.SuggestDesk(ctx, c, nil); err != nil {
			return err
		}
	}
	if tier == "" {
		tier = ReplyTier(c.Score.Tier)
	}
	_, err = q.o.Cases.Open(ctx, by, id, slug, tier, note)
	return err
}

// ReplyTier is the tier that a case starts with: a concern that is only
// watched becomes routine once somebody decides that it needs a reply.
func ReplyTier(t hearback.Tier) hearback.Tier {
	if t == "" || t == hearback.Watch {
		return hearback.P4
	}
	return t
}

// SuggestDesk names the desk that a concern looks like, and the words or the
// certainty that say so.
func (q *Caller) SuggestDesk(ctx context.Context, c *hearback.Concern, samples []hearback.Message) (slug, because string, err error) {
	desks, err := q.LiveDesks(ctx)
	if err != nil {
		return "", "", err
	}
	texts := append([]string{c.Title}, c.Phrases...)
	_, tree, err := q.o.Desks.Routing(ctx)
	if err != nil {
		return "", "", err
	}
	if way := desk.Follow(tree, desk.FactsOf(c), desks); !way.Fallback {
		because := q.T("suggest.rule", q.Locale.List(way.Because), way.Lines[len(way.Lines)-1])
		if len(way.With) > 0 {
			because += q.T("suggest.with", q.Locale.List(way.With))
		}
		return way.Desk, because, nil
	}
	for _, m := range samples {
		texts = append(texts, m.Text)
	}
	if q.o.Suggest != nil {
		name, p, words := q.o.Suggest(ctx, strings.Join(texts, "\n"), Most1(c.Langs))
		if p >= .5 && len(words) > 0 && slices.ContainsFunc(desks, func(d hearback.Desk) bool { return d.Slug == name }) {
			return name, q.T("suggest.learned", q.Locale.Dec(p*100), q.Locale.List(words)), nil
		}
	}
	for _, s := range desk.Suggest(desks, texts...) {
		if len(s.Words) > 0 {
			return s.Desk.Slug, q.T("suggest.words", q.Locale.List(s.Words[:min(4, len(s.Words))])), nil
		}
		return s.Desk.Slug, q.T("suggest.fallback"), nil
	}
	return "", "", nil
}

// Most1 returns the key with the largest count, or "".
func Most1(m map[string]int64) string {
	if top := Most(m, 1); len(top) == 1 {
		return top[0]
	}
	return ""
}
