package desk_test

import (
	"errors"
	"strings"
	"testing"

	"example.org/hearback"
	"example.org/hearback/internal/desk"
)

// TestStarters: every starter says everything in both languages, can be used
// as a holding statement as it stands, and is found by its words.
func TestStarters(t *testing.T) {
	o := newOffice(t, "front")
	list, err := o.desks.Playbooks(o.ctx)
	if err != nil {
		t.Fatal(err)
	}
	var slugs []string
	for _, p := range list {
		slugs = append(slugs, p.Slug)
		if len(p.Steps) < 5 || len(p.Evidence) < 2 || len(p.Call) < 2 || len(p.Match) < 6 || p.Version != 0 {
			t.Errorf("%s says too little: %d steps, %d evidence, %d calls", p.Slug, len(p.Steps), len(p.Evidence), len(p.Call))
		}
		for _, list := range [][]desk.Words{{p.Name}, p.Steps, p.Evidence, p.Call} {
			for _, w := range list {
				if w.EN == "" || w.ZH == "" || w.In("zh-Hans") != w.ZH || w.In("en") != w.EN {
					t.Errorf("%s: %+v is not said in both languages", p.Slug, w)
				}
			}
		}
		var a hearback.Answer
		if err := a.Write([]hearback.Text{p.Holding["en"], p.Holding["zh"]}, "", lin, start); err != nil {
			t.Errorf("%s: its holding statement: %v", p.Slug, err)
		} else if !a.Draft().Holding() || a.Draft().Texts[0].Next == "" || a.Draft().Texts[1].Do == "" {
			t.Errorf("%s: its holding statement lacks something: %+v", p.Slug, a.Draft())
		}
		if len(p.Answers["en"]) == 0 || len(p.Answers["en"]) != len(p.Answers["zh"]) {
			t.Errorf("%s has %d prepared answers in English and %d in Chinese", p.Slug, len(p.Answers["en"]), len(p.Answers["zh"]))
		}
	}
	if got := strings.Join(slugs, " "); got != "epidemic payment-scam power school violence water" {
		t.Errorf("starters: %s", got)
	}
	for text, want := range map[string]string{
		"Is the tap water safe?": "water", "自来水有异味": "water", "大面积停电了": "power", "Fever: an outbreak in the camp": "epidemic",
		"学校明天停课吗": "school", "收到补贴退款链接是诈骗吗": "payment-scam", "They say there was a shooting": "violence", "bus 14 is late": "",
	} {
		got := ""
		if p := desk.SuggestPlaybook(list, text); p != nil {
			got = p.Slug
		}
		if got != want {
			t.Errorf("%q suggests %q, want %q", text, got, want)
		}
	}
}

func TestSetPlaybook(t *testing.T) {
	o := newOffice(t, "front")
	text := "name: Bus\nname.zh: 公交\nstep: Ask the depot\n  and the driver\nstep.zh: 问车队\n"
	if err := o.desks.SetPlaybook(o.ctx, lin, "bus", text, 0, "detours"); err != nil {
		t.Fatal(err)
	}
	if typ, pub := o.last(); typ != "playbook.changed" || pub["version"] != 1.0 || strings.Contains(asJSON(t, pub), "depot") || len(pub["sha256"].(string)) != 64 {
		t.Errorf("record %s %v", typ, pub)
	}
	size, _ := o.db.LogSize(o.ctx)
	p, err := o.desks.Playbook(o.ctx, "bus")
	if err != nil || p.Version != 1 || p.Steps[0].EN != "Ask the depot\nand the driver" {
		t.Errorf("%+v, %v", p, err)
	}
	if err := o.desks.SetPlaybook(o.ctx, lin, "bus", text, 0, ""); !errors.Is(err, hearback.ErrConflict) {
		t.Errorf("over another version: %v", err)
	}
	for _, bad := range []string{"no colon", "name: x\ncolour: red", "name: x\nstep.zh: 先", "step: y", "name: x\nanswer.lead: y", "name: x\n" + strings.Repeat("step: y\n", 61), strings.Repeat("x", 40<<10)} {
		if err := o.desks.SetPlaybook(o.ctx, lin, "bus", bad, 1, ""); !errors.Is(err, hearback.ErrInvalid) {
			t.Errorf("%.30q: %v", bad, err)
		}
	}
	// A starter that is taken away stays away, and can come back.
	if err := o.desks.SetPlaybook(o.ctx, lin, "water", "", 0, ""); err != nil {
		t.Fatal(err)
	}
	list, err := o.desks.Playbooks(o.ctx)
	if err != nil || len(list) != 6 {
		t.Errorf("%d playbooks, want 5 starters and one that was added (%v)", len(list), err)
	}
	if err := o.desks.SetPlaybook(o.ctx, lin, "water", "name: Water", 1, ""); err != nil {
		t.Error(err)
	}
	if now, _ := o.db.LogSize(o.ctx); now != size+2 {
		t.Errorf("two acts made %d entries", now-size)
	}
}

func TestFollowPlaybook(t *testing.T) {
	o := newOffice(t, "front")
	c := o.must(o.cases.Open(o.ctx, lin, 100, "front", hearback.P2, ""))
	water, err := o.desks.Playbook(o.ctx, "water")
	if err != nil {
		t.Fatal(err)
	}
	o.wants(o.cases.TickStep(o.ctx, lin, c.ID, 1, true))(hearback.ErrRefused)
	o.must(o.cases.UsePlaybook(o.ctx, lin, c.ID, water))
	if typ, pub := o.last(); typ != "case.playbook" || pub["playbook"] != "water" || pub["version"] != 0.0 {
		t.Errorf("record %s %v", typ, pub)
	}
	o.wants(o.cases.UsePlaybook(o.ctx, lin, c.ID, water))(hearback.ErrRefused)
	o.wants(o.cases.TickStep(o.ctx, lin, c.ID, 99, true))(hearback.ErrInvalid)
	o.wants(o.cases.TickStep(o.ctx, lin, c.ID, 1, false))(hearback.ErrRefused)
	o.must(o.cases.TickStep(o.ctx, lin, c.ID, 2, true))
	o.wants(o.cases.TickStep(o.ctx, lin, c.ID, 2, true))(hearback.ErrRefused)
	c = o.must(o.cases.TickStep(o.ctx, lin, c.ID, 2, false))
	if tick := c.Playbook.Ticked(2); tick == nil || tick.Done || len(c.Playbook.Done) != 2 {
		t.Errorf("%+v", c.Playbook)
	}
}

func FuzzPlaybook(f *testing.F) {
	f.Add("name: x\nname.zh: 水\nstep: y\n  more\nholding.zh.title: 水\nanswer.title: z")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := desk.ParsePlaybook("x", s)
		if err != nil {
			return
		}
		if p.Source != s || p.Name.In("en") == "" {
			t.Errorf("%q is read as %+v", s, p)
		}
		desk.SuggestPlaybook([]desk.Playbook{*p}, s)
	})
}
