package hearback_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"example.org/hearback"
)

var (
	lin  = hearback.Actor{ID: 1, Role: "officer", Number: 1}
	omar = hearback.Actor{ID: 2, Role: "reviewer", Number: 2}
	ada  = hearback.Actor{ID: 3, Role: "reviewer", Number: 3}
	mei  = hearback.Actor{ID: 4, Role: "officer", Number: 4}
)

func texts(title string) []hearback.Text {
	return []hearback.Text{
		{Lang: "en", Title: title, Lead: "Boil it for one minute.", Next: "Friday 17:00"},
		{Lang: "zh", Title: "水要烧开", Lead: "烧开一分钟即可。"},
	}
}

// A script is a list of acts on one answer, in words: who does what.
func play(t *testing.T, a *hearback.Answer, acts ...string) error {
	t.Helper()
	who := map[string]hearback.Actor{"lin": lin, "omar": omar, "ada": ada, "mei": mei, "system": hearback.System}
	var err error
	for i, act := range acts {
		now := t0.Add(time.Duration(i) * time.Minute)
		w := strings.Fields(act)
		by, ok := who[w[0]]
		if !ok {
			t.Fatalf("who is %q?", w[0])
		}
		switch w[1] {
		case "writes":
			err = a.Write(texts(strings.Join(w[2:], " ")), "", by, now)
		case "corrects":
			err = a.Write(texts("new"), strings.Join(w[2:], " "), by, now)
		case "submits":
			err = a.Submit(by, now)
		case "approves":
			hash := "none"
			if d := a.Draft(); d != nil {
				hash = d.Hash()
			}
			err = a.Approve(hash, by, now, "")
		case "returns":
			err = a.Return(by, now)
		case "drops":
			err = a.Drop(by, now)
		case "publishes":
			err = a.Publish(2, now)
		case "withdraws":
			err = a.Withdraw(strings.Join(w[2:], " "), by, now)
		default:
			t.Fatalf("what is %q?", act)
		}
		if err != nil && i < len(acts)-1 {
			t.Fatalf("%s: %v", act, err)
		}
	}
	return err
}

var published = []string{"lin writes x", "lin submits", "omar approves", "ada approves", "lin publishes"}

func TestAnswer(t *testing.T) {
	after := func(acts ...string) []string { return append(append([]string{}, published...), acts...) }
	for _, tt := range []struct {
		name  string
		acts  []string // all but the last one must work
		err   error    // of the last
		state hearback.AnswerState
	}{
		{"two people besides the author publish", published, nil, hearback.AnswerPublished},
		{"one approval is not enough", []string{"lin writes x", "lin submits", "omar approves", "lin publishes"}, hearback.ErrRefused, hearback.AnswerDraft},
		{"the author does not approve", []string{"lin writes x", "lin submits", "lin approves"}, hearback.ErrRefused, hearback.AnswerDraft},
		{"nobody approves twice", []string{"lin writes x", "lin submits", "omar approves", "omar approves"}, hearback.ErrRefused, hearback.AnswerDraft},
		{"an earlier writer of the draft does not approve", []string{"lin writes x", "mei writes y", "mei submits", "lin approves"}, hearback.ErrRefused, hearback.AnswerDraft},
		{"nor after it was returned", []string{"lin writes x", "lin submits", "omar returns", "mei writes y", "mei submits", "lin approves"}, hearback.ErrRefused, hearback.AnswerDraft},
		{"a reviewer who edits is a writer", []string{"lin writes x", "lin submits", "omar approves", "omar writes y", "omar submits", "omar approves"}, hearback.ErrRefused, hearback.AnswerDraft},
		{"an edit clears approvals", []string{"lin writes x", "lin submits", "omar approves", "ada approves", "lin writes y", "lin submits", "lin publishes"}, hearback.ErrRefused, hearback.AnswerDraft},
		{"even one that changes nothing", []string{"lin writes x", "lin submits", "omar approves", "ada approves", "lin writes x", "lin submits", "lin publishes"}, hearback.ErrRefused, hearback.AnswerDraft},
		{"a return clears approvals", []string{"lin writes x", "lin submits", "omar approves", "ada returns", "lin submits", "ada approves", "lin publishes"}, hearback.ErrRefused, hearback.AnswerDraft},
		{"nothing is approved before it is submitted", []string{"lin writes x", "omar approves"}, hearback.ErrRefused, hearback.AnswerDraft},
		{"nothing is published unsubmitted", []string{"lin writes x", "lin publishes"}, hearback.ErrRefused, hearback.AnswerDraft},
		{"nothing is submitted twice", []string{"lin writes x", "lin submits", "lin submits"}, hearback.ErrRefused, hearback.AnswerDraft},
		{"nothing is published twice", after("lin publishes"), hearback.ErrRefused, hearback.AnswerPublished},
		{"a machine does not write", []string{"system writes x"}, hearback.ErrRefused, ""},
		{"a machine does not approve", []string{"lin writes x", "lin submits", "system approves"}, hearback.ErrRefused, hearback.AnswerDraft},
		{"a machine does not withdraw", after("system withdraws wrong"), hearback.ErrRefused, hearback.AnswerPublished},
		{"a correction needs a reason", after("lin writes y"), hearback.ErrInvalid, hearback.AnswerPublished},
		{"a blank one is none", after("lin corrects"), hearback.ErrInvalid, hearback.AnswerPublished},
		{"a correction needs approvals of its own", after("lin corrects old guideline", "lin submits", "omar approves", "lin publishes"), hearback.ErrRefused, hearback.AnswerPublished},
		{"a correction", after("mei corrects old guideline", "mei submits", "omar approves", "lin approves", "mei publishes"), nil, hearback.AnswerPublished},
		{"the writer of the first revision may approve the second", after("mei corrects old guideline", "mei submits", "lin approves"), nil, hearback.AnswerPublished},
		{"a correction is given up", after("lin corrects old guideline", "lin drops"), nil, hearback.AnswerPublished},
		{"what is given up cannot be submitted", after("lin corrects old guideline", "lin drops", "lin submits"), hearback.ErrRefused, hearback.AnswerPublished},
		{"there is nothing to give up", after("lin drops"), hearback.ErrRefused, hearback.AnswerPublished},
		{"a withdrawal needs a reason", after("lin withdraws"), hearback.ErrInvalid, hearback.AnswerPublished},
		{"a withdrawal", after("lin withdraws the sample was wrong"), nil, hearback.AnswerWithdrawn},
		{"a draft is not withdrawn", []string{"lin writes x", "lin withdraws why"}, hearback.ErrRefused, hearback.AnswerDraft},
		{"what is withdrawn is not corrected", after("lin withdraws w", "lin corrects r"), hearback.ErrRefused, hearback.AnswerWithdrawn},
		{"nor withdrawn again", after("lin withdraws w", "lin withdraws w"), hearback.ErrRefused, hearback.AnswerWithdrawn},
		{"nor is its pending correction published", after("mei corrects r", "mei submits", "omar approves", "ada approves", "lin withdraws w", "mei publishes"), hearback.ErrRefused, hearback.AnswerWithdrawn},
		{"nor approved", after("mei corrects r", "mei submits", "lin withdraws w", "omar approves"), hearback.ErrRefused, hearback.AnswerWithdrawn},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := &hearback.Answer{ID: 5, Case: 6}
			if err := play(t, a, tt.acts...); !errors.Is(err, tt.err) {
				t.Errorf("%s: %v, want %v", tt.acts[len(tt.acts)-1], err, tt.err)
			}
			if a.State != tt.state {
				t.Errorf("state %q, want %q", a.State, tt.state)
			}
		})
	}
}

func TestHistoryStays(t *testing.T) {
	a := &hearback.Answer{ID: 5}
	if err := play(t, a, published...); err != nil {
		t.Fatal(err)
	}
	first, _ := json.Marshal(a.Revisions[0])
	err := play(t, a, "lin corrects r", "lin drops", "mei corrects s", "mei submits", "lin approves", "ada approves", "mei publishes", "lin corrects t", "lin withdraws w")
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := json.Marshal(a.Revisions[0]); string(got) != string(first) {
		t.Errorf("the first revision became\n%s, was\n%s", got, first)
	}
	var ns []int
	for i, r := range a.Revisions {
		if r.N != i+1 {
			t.Errorf("revision %d has number %d", i, r.N)
		}
		if !r.Published.IsZero() {
			ns = append(ns, r.N)
		}
	}
	if len(a.Revisions) != 4 || len(ns) != 2 || ns[1] != 3 {
		t.Errorf("%d revisions, published %v, want 4 and [1 3]", len(a.Revisions), ns)
	}
	if a.Current().N != 3 || len(a.Public()) != 2 || a.Draft() != nil || !a.Changed().Equal(a.Withdrawn.At) {
		t.Errorf("current %d, %d public, draft %v, changed %v", a.Current().N, len(a.Public()), a.Draft(), a.Changed())
	}
}

func TestApproveBindsText(t *testing.T) {
	a := &hearback.Answer{ID: 5}
	if err := play(t, a, "lin writes x", "lin submits"); err != nil {
		t.Fatal(err)
	}
	read := a.Draft().Hash()
	if err := play(t, a, "mei writes y", "mei submits"); err != nil {
		t.Fatal(err)
	}
	if err := a.Approve(read, omar, t0, ""); !errors.Is(err, hearback.ErrConflict) {
		t.Errorf("approval of a text that has changed: %v, want ErrConflict", err)
	}
	// Whatever way an approval got in, only one of this text by somebody else
	// counts.
	d := a.Draft()
	d.Approvals = []hearback.Approval{
		{By: omar, Hash: read}, {By: lin, Hash: d.Hash()}, {By: mei, Hash: d.Hash()}, {By: hearback.System, Hash: d.Hash()},
		{By: ada, Hash: d.Hash()}, {By: ada, Hash: d.Hash()},
	}
	if got := d.Valid(); len(got) != 1 || got[0].By != ada || a.Ready(2) || !a.Ready(1) || !a.Ready(0) {
		t.Errorf("Valid = %v, ready for 2 %t, for 1 %t", got, a.Ready(2), a.Ready(1))
	}
}

func TestHashCovers(t *testing.T) {
	base := hearback.Revision{N: 2, Texts: texts("x"), Reason: "r"}
	want := base.Hash()
	other := base
	other.Author, other.At, other.Approvals, other.Writers = omar, t0, []hearback.Approval{{}}, []hearback.Actor{ada}
	if other.Hash() != want {
		t.Error("the hash depends on who wrote the text")
	}
	for name, change := range map[string]func(r *hearback.Revision){
		"number":   func(r *hearback.Revision) { r.N++ },
		"reason":   func(r *hearback.Revision) { r.Reason = "s" },
		"title":    func(r *hearback.Revision) { r.Texts[1].Title += "。" },
		"verdict":  func(r *hearback.Revision) { r.Texts[0].Verdict = hearback.False },
		"language": func(r *hearback.Revision) { r.Texts[0].Lang = "fr" },
		"order":    func(r *hearback.Revision) { r.Texts[0], r.Texts[1] = r.Texts[1], r.Texts[0] },
		"fewer":    func(r *hearback.Revision) { r.Texts = r.Texts[:1] },
		"why":      func(r *hearback.Revision) { r.Texts[0].Why = "x" },
	} {
		r := base
		r.Texts = texts("x")
		if change(&r); r.Hash() == want {
			t.Errorf("another %s has the same hash", name)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	for _, tt := range []struct {
		name  string
		texts []hearback.Text
	}{
		{"no language", nil},
		{"an empty tag", []hearback.Text{{Title: "a", Lead: "b"}}},
		{"a tag with markup", []hearback.Text{{Lang: "en\"><script>", Title: "a", Lead: "b"}}},
		{"one language twice", []hearback.Text{{Lang: "en", Title: "a", Lead: "b"}, {Lang: "EN", Title: "a", Lead: "b"}}},
		{"no title", []hearback.Text{{Lang: "en", Title: " \r\n", Lead: "b"}}},
		{"no lead", []hearback.Text{{Lang: "zh", Title: "水"}}},
		{"a long title", []hearback.Text{{Lang: "zh", Title: strings.Repeat("水", 201), Lead: "b"}}},
		{"a long part", []hearback.Text{{Lang: "zh", Title: "水", Lead: strings.Repeat("水", 8001)}}},
		{"a title on two lines", []hearback.Text{{Lang: "en", Title: "a\nb", Lead: "b"}}},
		{"no UTF-8", []hearback.Text{{Lang: "en", Title: "a", Lead: "b\xff"}}},
		{"a null", []hearback.Text{{Lang: "en", Title: "a", Lead: "b\x00c"}}},
		{"letters turned round", []hearback.Text{{Lang: "en", Title: "a\u202eb", Lead: "b"}}},
		{"a verdict we do not know", []hearback.Text{{Lang: "en", Title: "a", Lead: "b", Verdict: "loyal"}}},
		{"two verdicts", []hearback.Text{{Lang: "en", Title: "a", Lead: "b", Verdict: hearback.True}, {Lang: "zh", Title: "水", Lead: "水", Verdict: hearback.False}}},
		{"too many languages", make([]hearback.Text, 41)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := &hearback.Answer{}
			if err := a.Write(tt.texts, "", lin, t0); !errors.Is(err, hearback.ErrInvalid) || a.Draft() != nil {
				t.Errorf("Write = %v, draft %v, want ErrInvalid and none", err, a.Draft())
			}
		})
	}
	a := &hearback.Answer{}
	if err := play(t, a, published...); err != nil {
		t.Fatal(err)
	}
	if err := a.Write(texts("y"), strings.Repeat("因", hearback.MaxNote+1), lin, t0); !errors.Is(err, hearback.ErrInvalid) {
		t.Errorf("a long reason: %v, want ErrInvalid", err)
	}
}

func TestWriteTidies(t *testing.T) {
	a := &hearback.Answer{}
	list := []hearback.Text{{Lang: " en ", Title: " <b>Water</b> & 'safe' ", Lead: "one\r\ntwo\rthree\u2028four", Do: "\n"}}
	if err := a.Write(list, "no reason before publication", lin, t0); err != nil {
		t.Fatal(err)
	}
	got := a.Draft().Texts[0]
	want := hearback.Text{Lang: "en", Title: "<b>Water</b> & 'safe'", Lead: "one\ntwo\nthree\nfour"}
	if got != want || a.Draft().Reason != "" {
		t.Errorf("Write kept %+v, reason %q, want %+v and none", got, a.Draft().Reason, want)
	}
	list[0].Title = "changed behind its back"
	if a.Draft().Texts[0] != want {
		t.Error("the draft shares memory with its writer's texts")
	}
}

func TestCanonical(t *testing.T) {
	a := &hearback.Answer{ID: 46655}
	r := &hearback.Revision{
		N: 3, Reason: "We had used an old guideline.", Published: t0, Texts: []hearback.Text{
			{Lang: "en", Title: "Boil <it> & wait", Lead: "One minute.", Verdict: hearback.False, Going: "x"},
			{Lang: "zh", Title: "烧开", Lead: "一分钟。", Verdict: hearback.False},
		},
		Author: lin, Approvals: []hearback.Approval{{By: omar}}, Record: 7,
	}
	got, err := a.Canonical(r)
	want := `{"answer":"zzz","published":"2026-03-18T09:00:00.000000Z","reason":"We had used an old guideline.","rev":3,"texts":[{"going":"x","lang":"en","lead":"One minute.","title":"Boil <it> & wait","verdict":"false"},{"lang":"zh","lead":"一分钟。","title":"烧开","verdict":"false"}],"v":1}`
	if err != nil || string(got) != want {
		t.Errorf("Canonical =\n%s, %v, want\n%s", got, err, want)
	}
	// The log holds this hash for ever: another form would break every proof.
	sum := sha256.Sum256(got)
	if h := hex.EncodeToString(sum[:]); h != "78cb0630c2b0c6d76faee9987ae73af797749793cf94428c25730d4f436c845e" {
		t.Errorf("hash of the canonical form is %s", h)
	}
	// The order of languages matters; who wrote and approved does not.
	r.Author, r.Approvals, r.Record = ada, nil, 9
	if again, _ := a.Canonical(r); string(again) != want {
		t.Errorf("Canonical depends on more than the words: %s", again)
	}
	r.Texts[0].Lead = "\xff"
	if _, err := a.Canonical(r); !errors.Is(err, hearback.ErrInvalid) {
		t.Errorf("Canonical of broken UTF-8: %v, want ErrInvalid", err)
	}
}

func FuzzWrite(f *testing.F) {
	f.Add("en", "Tap water is safe", "Boil it.\r\nWait.", "old guideline", "false")
	f.Add("zh-Hant", "自來水可以飲用", "燒開一分鐘。", "更正", "")
	f.Add("x", "\u202e", "\x00", "\xff", "loyal")
	f.Fuzz(func(t *testing.T, lang, title, lead, reason, verdict string) {
		a := &hearback.Answer{ID: 1}
		if a.Write([]hearback.Text{{Lang: lang, Title: title, Lead: lead, Verdict: hearback.Verdict(verdict)}}, "", lin, t0) != nil {
			return
		}
		// What was accepted survives the store and has one hash and one form.
		d := a.Draft()
		b, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		var back hearback.Answer
		if err := json.Unmarshal(b, &back); err != nil {
			t.Fatal(err)
		}
		if back.Draft().Hash() != d.Hash() {
			t.Errorf("the hash changed in the store: %+v", d.Texts)
		}
		x, err := a.Canonical(d)
		y, err2 := back.Canonical(back.Draft())
		if err != nil || err2 != nil || string(x) != string(y) {
			t.Errorf("canonical forms %s, %v and %s, %v", x, err, y, err2)
		}
		// Writing the same again changes nothing.
		before := d.Hash()
		if err := a.Write(d.Texts, reason, lin, t0); err != nil && reason == "" || a.Draft().Hash() != before && err == nil {
			t.Errorf("writing the same again: %v, hash %s, was %s", err, a.Draft().Hash(), before)
		}
	})
}

func TestValidLang(t *testing.T) {
	for s, want := range map[string]bool{
		"en": true, "zh": true, "zh-Hant": true, "zh-Hans-CN": true, "vi": true, "de-1996": true, "sgn-ase": true, "en-x-office": true,
		"": false, "e": false, "1a": false, "en_US": false, "en-": false, "中文": false, "en US": false, "a-b": false, strings.Repeat("en-", 20) + "x": false, "en'": false,
	} {
		if got := hearback.ValidLang(s); got != want {
			t.Errorf("ValidLang(%q) = %t, want %t", s, got, want)
		}
	}
}
