package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"example.org/hearback"
	"example.org/hearback/data"
	"example.org/hearback/internal/deident"
	"example.org/hearback/internal/desk"
	"example.org/hearback/internal/place"
	"example.org/hearback/internal/store"
	"example.org/hearback/internal/text"
	"example.org/hearback/internal/text/lexvec"
)

// An Explainer says which desk messages would be suggested to, and why. It
// reads an instance, which may be running, and changes nothing.
type Explainer struct {
	a     App
	rules []desk.Rule
	desks []hearback.Desk
}

// An Explanation is what speaks for a desk: the rules, the words of desks, and
// past decisions. The first that says something is what the console suggests.
type Explanation struct {
	Desk     string         `json:"desk"`
	With     []string       `json:"with,omitempty"`
	By       string         `json:"by"` // "rule", "decisions", "words" or "fallback"
	Lines    []int          `json:"lines,omitempty"`
	Because  []string       `json:"because,omitempty"`
	P        float64        `json:"p,omitempty"` // of past decisions
	Facts    ExplainedFacts `json:"facts"`
	Suggests []Suggested    `json:"suggests,omitempty"` // what the others say
}

// ExplainedFacts are what rules looked at.
type ExplainedFacts struct {
	Area string        `json:"area,omitempty"`
	Kind hearback.Kind `json:"kind"`
	Lang string        `json:"lang"`
	Tier hearback.Tier `json:"tier,omitempty"`
}

// Suggested is what past decisions or the words of desks speak for.
type Suggested struct {
	Desk  string   `json:"desk"`
	By    string   `json:"by"`
	P     float64  `json:"p,omitempty"`
	Words []string `json:"words"`
}

// sure is how sure past decisions must be to be suggested.
const sure = .5

// NewExplainer opens the instance of a configuration. With rules that are not
// "" it tries those in place of the ones that are set.
func NewExplainer(ctx context.Context, c Config, rules string) (_ *Explainer, err error) {
	if dsn := StoreDSN(c); c.DB == "" {
		if _, err := os.Stat(dsn); err != nil {
			return nil, fmt.Errorf("%w: there is no instance in %s; name its folder with --data", hearback.ErrNotFound, c.Data)
		}
	}
	x := &Explainer{a: App{Config: c}}
	if x.a.Store, err = store.Open(ctx, StoreDSN(c)); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, x.Close())
		}
	}()
	if x.a.text, err = text.New(); err != nil {
		return nil, err
	}
	if x.a.vectors, err = lexvec.Load(data.LexVec()); err != nil {
		return nil, err
	}
	if x.a.place, err = openPlaces(x.a.text, c.Places); err != nil {
		return nil, err
	}
	if x.desks, err = x.a.Store.Desks(ctx); err != nil {
		return nil, err
	}
	x.a.Desks = &desk.Desks{Store: x.a.Store}
	if rules != "" {
		x.rules, err = desk.ParseRules(rules)
	} else {
		_, x.rules, err = x.a.Desks.Routing(ctx)
	}
	if err != nil {
		return nil, err
	}
	// Any time will do: nothing has been learned yet, so all of it is.
	if err := x.a.learn(ctx, x.a.learner.at); err != nil {
		return nil, err
	}
	return x, nil
}

// Close closes the store.
func (x *Explainer) Close() error { return x.a.Store.Close() }

// Explain says where a message would go. What is not stated is read from its
// words, as for a message that comes in.
func (x *Explainer) Explain(ctx context.Context, s string, f desk.Facts) Explanation {
	s, _ = deident.Text(s)
	d := x.a.text.Analyze(s, f.Lang)
	if f.Lang == "" {
		f.Lang = d.Lang
	}
	if f.Kind == "" {
		f.Kind = x.a.text.Kind(s, &d)
	}
	if f.Area == "" {
		f.Area = place.Area(x.a.place.Match(s, &d))
	} else {
		f.Area = x.a.place.Canonical(f.Area)
	}
	f.Texts = []string{s}
	way := desk.Follow(x.rules, f, x.desks)
	e := Explanation{Desk: way.Desk, With: way.With, By: "rule", Lines: way.Lines, Because: way.Because,
		Facts: ExplainedFacts{f.Area, f.Kind, f.Lang, f.Tier}}
	if slug, p, words := x.a.suggestDesk(ctx, s, f.Lang); slug != "" {
		e.Suggests = append(e.Suggests, Suggested{slug, "decisions", p, words})
	}
	for _, w := range desk.Suggest(x.desks, s) {
		if len(w.Words) > 0 {
			e.Suggests = append(e.Suggests, Suggested{Desk: w.Desk.Slug, By: "words", Words: w.Words})
		}
	}
	if !way.Fallback {
		return e
	}
	e.By = "fallback"
	for _, o := range e.Suggests {
		if o.By == "words" || o.P >= sure && len(o.Words) > 0 {
			e.Desk, e.By, e.P, e.Because = o.Desk, o.By, o.P, []string{strings.Join(o.Words, ", ")}
			break
		}
	}
	return e
}
