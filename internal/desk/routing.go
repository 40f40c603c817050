package desk

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"example.org/hearback"
)

// A Rule is a branch of the tree by which concerns look for their desk. The
// first rule of a level that matches is gone into; the deepest one names the
// desk. The tree only suggests: a person routes.
type Rule struct {
	Line  int    // of the text it was read from, from 1
	When  []Test // all of them must hold
	Desk  string // slug; "" leaves it to the rule above
	With  []string
	Rules []Rule
}

// A Test is one condition of a rule: one of its words must hold.
type Test struct {
	What string // "area", "kind", "lang", "word" or "tier"
	Any  []string
}

// Facts are what a rule looks at.
type Facts struct {
	Area  string        // path of the area it is most about, or ""
	Kind  hearback.Kind // what most of it is
	Lang  string
	Tier  hearback.Tier
	Texts []string
}

// FactsOf returns what rules look at in a concern: what most of it is, and its
// tier by its score.
func FactsOf(c *hearback.Concern) Facts {
	f := Facts{Tier: c.Score.Tier, Texts: append([]string{c.Title}, c.Phrases...), Lang: top(c.Langs), Kind: top(c.Kinds), Area: top(c.Areas)}
	return f
}

// top returns the key that is counted most, other than "".
func top[K ~string](m map[K]int64) (best K) {
	for k, n := range m {
		if k != "" && (best == "" || n > m[best] || n == m[best] && k < best) {
			best = k
		}
	}
	return best
}

// Limits of a tree of rules.
const (
	maxTree  = 32 << 10 // bytes
	maxRules = 500
	maxDepth = 8
)

// ParseRules reads a tree, one rule a line, those below another indented
// deeper:
//
//	tier=P1 -> duty
//	area=CN/北京市 -> beijing
//	  word=自来水,停水,tap* -> water + health
//	  lang=en kind=question -> foreign
//
// Words of one test are separated by commas, tests by spaces. A line that
// begins with # says nothing.
func ParseRules(text string) ([]Rule, error) {
	if len(text) > maxTree {
		return nil, fmt.Errorf("%w: the routing has more than %d bytes", hearback.ErrInvalid, maxTree)
	}
	type open struct {
		indent int
		rules  *[]Rule
	}
	var tree []Rule
	stack := []open{{0, &tree}}
	n, at := 0, 0
	for line := range strings.Lines(text) {
		at++
		line = strings.TrimRight(strings.ReplaceAll(line, "\t", "    "), " \r\n")
		body := strings.TrimLeft(line, " ")
		if body == "" || strings.HasPrefix(body, "#") {
			continue
		}
		indent := len(line) - len(body)
		back := false
		for len(stack) > 1 && indent < stack[len(stack)-1].indent {
			stack, back = stack[:len(stack)-1], true
		}
		if top := stack[len(stack)-1]; indent > top.indent && !back {
			if len(*top.rules) == 0 || len(stack) >= maxDepth {
				return nil, fmt.Errorf("%w: line %d of the routing is set in too deep", hearback.ErrInvalid, at)
			}
			above := &(*top.rules)[len(*top.rules)-1]
			stack = append(stack, open{indent, &above.Rules})
		} else if indent != top.indent {
			return nil, fmt.Errorf("%w: line %d of the routing is set in like no line above it", hearback.ErrInvalid, at)
		}
		r, err := parseRule(body, at)
		if err != nil {
			return nil, err
		}
		if n++; n > maxRules {
			return nil, fmt.Errorf("%w: the routing has more than %d rules", hearback.ErrInvalid, maxRules)
		}
		top := stack[len(stack)-1]
		*top.rules = append(*top.rules, r)
	}
	return tree, nil
}

func parseRule(s string, at int) (Rule, error) {
	r := Rule{Line: at}
	tests, to, has := strings.Cut(s, "->")
	for _, f := range strings.Fields(tests) {
		what, list, ok := strings.Cut(f, "=")
		if !ok || !slices.Contains([]string{"area", "kind", "lang", "word", "tier"}, what) {
			return r, fmt.Errorf("%w: line %d of the routing: %.40q is no test; write area=, kind=, lang=, word= or tier=", hearback.ErrInvalid, at, f)
		}
		t := Test{What: what}
		for w := range strings.SplitSeq(strings.ReplaceAll(list, "，", ","), ",") {
			w = strings.TrimSpace(strings.ReplaceAll(w, "_", " "))
			switch what {
			case "word", "lang":
				w = fold(w)
			case "kind":
				if !slices.Contains(hearback.Kinds(), hearback.Kind(w)) {
					return r, fmt.Errorf("%w: line %d of the routing: %.40q is no kind of message", hearback.ErrInvalid, at, w)
				}
			case "tier":
				if _, err := hearback.ParseTier(w); err != nil {
					return r, fmt.Errorf("line %d of the routing: %w", at, err)
				}
			}
			if w != "" {
				t.Any = append(t.Any, w)
			}
		}
		if t.Any == nil {
			return r, fmt.Errorf("%w: line %d of the routing: %.40q names nothing to look for", hearback.ErrInvalid, at, f)
		}
		r.When = append(r.When, t)
	}
	if r.When == nil {
		return r, fmt.Errorf("%w: line %d of the routing tests nothing; what no rule matches goes to the fallback desk by itself", hearback.ErrInvalid, at)
	}
	if !has {
		return r, nil
	}
	desks := strings.Split(to, "+")
	for i, d := range desks {
		if d = strings.TrimSpace(d); !hearback.ValidSlug(d) {
			return r, fmt.Errorf("%w: line %d of the routing: %.40q is not the short name of a desk", hearback.ErrInvalid, at, d)
		} else if i == 0 {
			r.Desk = d
		} else {
			r.With = append(r.With, d)
		}
	}
	return r, nil
}

// A Way is how the tree led to a desk.
type Way struct {
	Desk     string   // never "" while there is a fallback
	With     []string // desks that help it
	Lines    []int    // of the rules that were gone into, from the outside in
	Because  []string // what held, as "word=自来水"
	Fallback bool     // no rule named a desk that there is
}

// Follow leads facts through the tree to one of the desks. A rule that names a
// desk which is not there any more is passed over, so that every concern has
// an owner.
func Follow(tree []Rule, f Facts, desks []hearback.Desk) Way {
	way := Way{}
	hay := make([]string, len(f.Texts))
	for i, t := range f.Texts {
		hay[i] = fold(t)
	}
	takes := func(slug string) bool { d := Find(desks, slug); return d.Slug != "" && !d.Removed }
	for rules := tree; ; {
		i := slices.IndexFunc(rules, func(r Rule) bool { return r.Desk == "" || takes(r.Desk) })
		for ; i >= 0 && i < len(rules); i++ {
			r := &rules[i]
			if r.Desk != "" && !takes(r.Desk) {
				continue
			}
			if because, ok := holds(r, f, hay); ok {
				way.Lines, way.Because = append(way.Lines, r.Line), append(way.Because, because...)
				if r.Desk != "" {
					way.Desk = r.Desk
					way.With = slices.DeleteFunc(slices.Clone(r.With), func(s string) bool { return !takes(s) || s == r.Desk })
				}
				break
			}
		}
		if i < 0 || i >= len(rules) {
			break
		}
		rules = rules[i].Rules
	}
	if way.Desk == "" {
		way.Fallback = true
		for _, d := range desks {
			if d.Fallback && !d.Removed {
				way.Desk = d.Slug
			}
		}
	}
	return way
}

func holds(r *Rule, f Facts, hay []string) (because []string, ok bool) {
	for _, t := range r.When {
		i := slices.IndexFunc(t.Any, func(w string) bool {
			switch t.What {
			case "area":
				return f.Area == w || strings.HasPrefix(f.Area, w+"/") || strings.HasSuffix(f.Area, "/"+w) || strings.Contains(f.Area, "/"+w+"/")
			case "kind":
				return string(f.Kind) == w
			case "lang":
				base, _, _ := strings.Cut(strings.ToLower(f.Lang), "-")
				return strings.EqualFold(f.Lang, w) || base == w
			case "tier":
				return string(f.Tier) == w
			}
			return slices.ContainsFunc(hay, func(s string) bool { return occurs(s, w) })
		})
		if i < 0 {
			return nil, false
		}
		because = append(because, t.What+"="+t.Any[i])
	}
	return because, true
}

// routingSetting is the setting that holds the tree as it was written.
const routingSetting = "desk.routing"

// Routing returns the tree as it was written, and read.
func (s *Desks) Routing(ctx context.Context) (text string, tree []Rule, err error) {
	if text, err = s.Store.Setting(ctx, routingSetting); err != nil {
		return "", nil, err
	}
	tree, err = ParseRules(text)
	return text, tree, err
}

// SetRouting replaces the tree. It is public: how concerns find their desk is
// nothing to hide.
func (s *Desks) SetRouting(ctx context.Context, by hearback.Actor, text, reason string) error {
	if err := s.allow(ctx, by, hearback.RoutingChanged); err != nil {
		return err
	}
	if !utf8.ValidString(text) {
		return fmt.Errorf("%w: the routing is not UTF-8", hearback.ErrInvalid)
	}
	text = strings.TrimRight(strings.ReplaceAll(text, "\r\n", "\n"), " \n")
	tree, err := ParseRules(text)
	if err != nil {
		return err
	}
	desks, err := s.Store.Desks(ctx)
	if err != nil {
		return err
	}
	if r, slug := missingDesk(tree, desks); slug != "" {
		return fmt.Errorf("%w: line %d of the routing: there is no desk %.40q; add the desk first", hearback.ErrInvalid, r, slug)
	}
	leak := s.Leak
	if leak == nil {
		leak = Leaks
	}
	if leak(text) {
		return fmt.Errorf("%w: the routing goes to the public log for ever and seems to hold personal data (a name, number or address); say it without", hearback.ErrRefused)
	}
	if reason, err = Public(s.Leak, "the reason", reason); err != nil {
		return err
	}
	p := pub{"rules": text}
	if reason != "" {
		p["reason"] = reason
	}
	return s.Store.SetSetting(ctx, routingSetting, text, hearback.Record{
		Type: hearback.RoutingChanged, At: s.Now().UTC().Truncate(time.Microsecond), Actor: by, Subject: "routing", Pub: p,
	})
}

func missingDesk(tree []Rule, desks []hearback.Desk) (line int, slug string) {
	for _, r := range tree {
		for _, s := range append([]string{r.Desk}, r.With...) {
			if d := Find(desks, s); s != "" && (d.Slug == "" || d.Removed) {
				return r.Line, s
			}
		}
		if line, slug := missingDesk(r.Rules, desks); slug != "" {
			return line, slug
		}
	}
	return 0, ""
}

// Decline says that a desk does not take a case: it is not its matter, or
// there is a conflict. The case goes to the desk it names, or to the fallback;
// the clocks run on, so whoever had it first answers for it until another has
// it. A desk that declined is not asked again, except by the fallback, which
// cannot decline without naming another desk: no case is without an owner.
func (s *Cases) Decline(ctx context.Context, by hearback.Actor, id hearback.ID, why hearback.Refusal, to, reason string) (*hearback.Case, error) {
	if why != hearback.NotOurs && why != hearback.Conflict {
		return nil, fmt.Errorf("%w: say whether the case is not yours or is a conflict", hearback.ErrInvalid)
	}
	if strings.TrimSpace(reason) == "" {
		return nil, fmt.Errorf("%w: say why the desk does not take the case", hearback.ErrInvalid)
	}
	d, err := s.activeDesk(ctx, to)
	if err != nil {
		return nil, err
	}
	return s.change(ctx, by, id, hearback.CaseDeclined, false, func(c *hearback.Case, at time.Time) (pub, error) {
		from, fromDesk := c.State, c.Desk
		if err := c.Decline(why, d.Slug, d.Fallback, by, at, reason); err != nil {
			return nil, err
		}
		p := moved(c, from)
		p["from_desk"], p["why"] = fromDesk, string(why)
		return p, nil
	})
}

// Share sets the desks that help with a case. The one that owns it leads.
func (s *Cases) Share(ctx context.Context, by hearback.Actor, id hearback.ID, with []string, note string) (*hearback.Case, error) {
	for _, slug := range with {
		if slug == "" {
			return nil, fmt.Errorf("%w: name the desk that helps", hearback.ErrInvalid)
		}
		if _, err := s.activeDesk(ctx, slug); err != nil {
			return nil, err
		}
	}
	return s.change(ctx, by, id, hearback.CaseShared, false, func(c *hearback.Case, at time.Time) (pub, error) {
		if err := c.Share(with, by, at, note); err != nil {
			return nil, err
		}
		return pub{"case": c.ID.String(), "desk": c.Desk, "with": c.With}, nil
	})
}
