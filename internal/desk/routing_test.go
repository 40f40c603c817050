package desk_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"example.org/hearback"
	"example.org/hearback/internal/desk"
)

const someRules = `
# the first that matches
tier=P1 -> duty
area=CN/北京市
  word=tap*,自来水 -> water + health
    lang=en -> foreign
  kind=complaint -> complaints
word=公交,bus -> traffic
word=gone -> removed
area=CN -> country
`

func TestRouting(t *testing.T) {
	tree, err := desk.ParseRules(someRules)
	if err != nil {
		t.Fatal(err)
	}
	var desks []hearback.Desk
	for _, s := range strings.Fields("complaints country duty foreign front health traffic water") {
		desks = append(desks, hearback.Desk{Slug: s, Fallback: s == "front"})
	}
	desks = append(desks, hearback.Desk{Slug: "removed", Removed: true})
	say := func(text string) []string { return []string{text} }
	for _, tt := range []struct {
		name string
		f    desk.Facts
		want string
	}{
		{"the deepest", desk.Facts{Area: "CN/北京市/东城区", Lang: "en", Texts: say("Taps run dry")}, "foreign [] [4 5 6]"},
		{"a branch names it", desk.Facts{Area: "CN/北京市", Lang: "zh-Hans", Texts: say("自来水有味")}, "water [health] [4 5]"},
		{"tiers go first", desk.Facts{Area: "CN/北京市", Tier: hearback.P1, Texts: say("自来水有味")}, "duty [] [3]"},
		{"by kind", desk.Facts{Area: "CN/北京市", Kind: hearback.Complaint, Texts: say("噪音")}, "complaints [] [4 7]"},
		{"a branch without a desk leaves it to what is above", desk.Facts{Area: "CN/北京市", Texts: say("公交")}, "front [] [4] fallback"},
		{"elsewhere", desk.Facts{Area: "CN/上海市", Texts: say("公交改道")}, "traffic [] [8]"},
		{"half a word is none", desk.Facts{Texts: say("business")}, "front [] [] fallback"},
		{"a desk that is gone is passed over", desk.Facts{Area: "CN", Texts: say("gone")}, "country [] [10]"},
		{"nothing", desk.Facts{}, "front [] [] fallback"},
	} {
		way := desk.Follow(tree, tt.f, desks)
		got := fmt.Sprintf("%s %v %v", way.Desk, way.With, way.Lines)
		if way.Fallback {
			got += " fallback"
		}
		if got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	for _, bad := range []string{"-> water", "word= -> water", "colour=red -> water", "kind=anger -> water", "tier=P9 -> water", "word=x -> Not A Slug", "  word=x -> water", "word=x -> a\n    word=y -> b\n  word=z -> c", strings.Repeat("word=x -> a\n", 501), strings.Repeat("x", 33<<10)} {
		if _, err := desk.ParseRules(bad); err == nil {
			t.Errorf("ParseRules(%.40q) has no error", bad)
		}
	}
}

// TestNoOrphan: whatever the rules and the facts, some desk that takes cases
// owns a concern.
func TestNoOrphan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		slugs := []string{"a", "b", "c", "front"}
		var desks []hearback.Desk
		for _, s := range slugs {
			desks = append(desks, hearback.Desk{Slug: s, Fallback: s == "front", Removed: s != "front" && rapid.Bool().Draw(t, "removed")})
		}
		var b strings.Builder
		depth := 0
		for i := range rapid.IntRange(0, 12).Draw(t, "rules") {
			if i > 0 {
				depth = rapid.IntRange(0, min(depth+1, 6)).Draw(t, "depth")
			}
			b.WriteString(strings.Repeat("  ", depth))
			b.WriteString(rapid.SampledFrom([]string{"word=水", "lang=en", "kind=question,claim", "area=X", "tier=P1"}).Draw(t, "test"))
			if d := rapid.SampledFrom([]string{"", " -> a", " -> b + c", " -> nosuch"}).Draw(t, "desk"); d != "" {
				b.WriteString(d)
			}
			b.WriteByte('\n')
		}
		tree, err := desk.ParseRules(b.String())
		if err != nil {
			t.Fatalf("%v\n%s", err, b.String())
		}
		f := desk.Facts{Area: rapid.SampledFrom([]string{"", "X", "X/Y"}).Draw(t, "area"), Lang: rapid.SampledFrom([]string{"en", "zh"}).Draw(t, "lang"), Kind: hearback.Question, Texts: []string{"停水"}}
		way := desk.Follow(tree, f, desks)
		if d := desk.Find(desks, way.Desk); d.Slug == "" || d.Removed {
			t.Fatalf("owned by %q\n%s", way.Desk, b.String())
		}
	})
}

func FuzzRules(f *testing.F) {
	f.Add(someRules)
	f.Add("word=自来水，停水 -> water+health\n\tlang=en\n")
	f.Fuzz(func(t *testing.T, s string) {
		tree, err := desk.ParseRules(s)
		if err != nil {
			return
		}
		desks := []hearback.Desk{{Slug: "front", Fallback: true}}
		if way := desk.Follow(tree, desk.Facts{Texts: []string{s}}, desks); way.Desk != "front" {
			t.Errorf("%q leads to %q", s, way.Desk)
		}
	})
}

func TestSetRouting(t *testing.T) {
	o := newOffice(t, "front", "water")
	if err := o.desks.SetRouting(o.ctx, lin, "word=tap -> sewage", ""); err == nil || !strings.Contains(err.Error(), "no desk") {
		t.Errorf("a desk that is not there: %v", err)
	}
	if err := o.desks.SetRouting(o.ctx, lin, "word=13912345678 -> water", ""); err == nil {
		t.Error("a telephone number went to the public log")
	}
	if err := o.desks.SetRouting(o.ctx, hearback.System, "word=tap -> water", ""); err == nil {
		t.Error("the program changed the routing")
	}
	if err := o.desks.SetRouting(o.ctx, lin, "word=tap -> water\r\n", "more calls"); err != nil {
		t.Fatal(err)
	}
	if typ, pub := o.last(); typ != "routing.changed" || pub["rules"] != "word=tap -> water" || pub["reason"] != "more calls" {
		t.Errorf("record %s %v", typ, pub)
	}
	text, tree, err := o.desks.Routing(o.ctx)
	if err != nil || text != "word=tap -> water" || len(tree) != 1 {
		t.Errorf("read back %q, %v, %v", text, tree, err)
	}
}

// TestDecline: a case that no desk wants still has an owner and its clocks.
func TestDecline(t *testing.T) {
	o := newOffice(t, "front", "health", "water")
	c := o.must(o.cases.Open(o.ctx, lin, 100, "water", hearback.P2, ""))
	due := c.Next().Due
	o.wants(o.cases.Decline(o.ctx, lin, c.ID, "busy", "health", "no time"))(hearback.ErrInvalid)
	o.wants(o.cases.Decline(o.ctx, lin, c.ID, hearback.NotOurs, "health", " "))(hearback.ErrInvalid)
	o.wants(o.cases.Decline(o.ctx, lin, c.ID, hearback.NotOurs, "water", "x"))(hearback.ErrRefused)
	o.wants(o.cases.Decline(o.ctx, lin, c.ID, hearback.NotOurs, "nosuch", "x"))(hearback.ErrInvalid)
	o.now = o.now.Add(time.Hour)
	c = o.must(o.cases.Decline(o.ctx, lin, c.ID, hearback.NotOurs, "health", "Zhang says it is a disease"))
	if typ, pub := o.last(); typ != "case.declined" || pub["desk"] != "health" || pub["from_desk"] != "water" || pub["why"] != "not_ours" || strings.Contains(asJSON(t, pub), "Zhang") {
		t.Errorf("record %s %v", typ, pub)
	}
	if c.Desk != "health" || !c.Next().Due.Equal(due) || c.Declined[0].Reason == "" {
		t.Errorf("%+v", c)
	}
	// Not back and forth: the desk that declined is not asked again.
	o.wants(o.cases.Decline(o.ctx, lin, c.ID, hearback.NotOurs, "water", "it is the pipes"))(hearback.ErrRefused)
	c = o.must(o.cases.Decline(o.ctx, lin, c.ID, hearback.Conflict, "", "we caused it"))
	if c.Desk != "front" {
		t.Errorf("at %s, want the fallback", c.Desk)
	}
	// The fallback cannot leave it to itself, but decides who takes it.
	o.wants(o.cases.Decline(o.ctx, lin, c.ID, hearback.NotOurs, "", "not ours either"))(hearback.ErrRefused)
	c = o.must(o.cases.Route(o.ctx, lin, c.ID, "water", "settled with the chief"))
	if c.Desk != "water" || len(c.Declined) != 2 {
		t.Errorf("%+v", c)
	}
}

func TestShare(t *testing.T) {
	o := newOffice(t, "front", "health", "water")
	c := o.must(o.cases.Open(o.ctx, lin, 100, "water", hearback.P2, ""))
	o.wants(o.cases.Share(o.ctx, lin, c.ID, []string{"nosuch"}, ""))(hearback.ErrInvalid)
	c = o.must(o.cases.Share(o.ctx, lin, c.ID, []string{"health", "water", "health"}, "both must agree"))
	if typ, pub := o.last(); typ != "case.shared" || pub["desk"] != "water" || fmt.Sprint(pub["with"]) != "[health]" {
		t.Errorf("record %s %v", typ, pub)
	}
	o.wants(o.cases.Share(o.ctx, lin, c.ID, []string{"health"}, ""))(hearback.ErrRefused)
	// The one that helped takes the lead: it does not help itself.
	c = o.must(o.cases.Route(o.ctx, lin, c.ID, "health", ""))
	if c.Desk != "health" || slices.Contains(c.With, "health") {
		t.Errorf("led by %s with %v", c.Desk, c.With)
	}
	c = o.must(o.cases.Share(o.ctx, lin, c.ID, []string{"water"}, ""))
	c = o.must(o.cases.Share(o.ctx, lin, c.ID, nil, ""))
	if len(c.With) != 0 {
		t.Errorf("with %v", c.With)
	}
}
