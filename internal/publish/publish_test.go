package publish_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mmcdole/gofeed"

	"example.org/hearback"
	"example.org/hearback/internal/publish"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var start = time.Date(2026, 3, 17, 12, 10, 0, 0, time.UTC)

var site = publish.Site{
	Base:    "https://answers.linmere.example",
	Name:    map[string]string{"en": "Linmere answers", "zh": "临湖答复"},
	Office:  map[string]string{"en": "Linmere Information Desk", "zh": "临湖市信息台"},
	Hub:     "https://hub.example/",
	Started: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
	Zone:    time.FixedZone("", 8*3600),
}

// golden compares got with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is\n%s\nwant\n%s\n(-update rewrites it)", name, got, want)
	}
}

// answers returns four: one that was corrected, one in Chinese alone that
// rates nothing, one that was withdrawn, and a draft.
func answers() []hearback.Answer {
	boil := hearback.Text{
		Lang: "en", Title: "Tap water in Riverside: boil it for one minute before drinking",
		Lead: "Boil tap water for one minute and let it cool.\nThe smell of chlorine is harmless.", Do: "Boil the water for one full minute. A kettle that switches itself off is enough.\n\nUse it within a day.",
		Known: "We found germs in two of six samples.", Going: "Some people say that boiling makes chemicals from the flood stronger. They share a picture.",
		Why: "All six samples were tested & nothing was above the limit.", Next: "Saturday 20 March, 12:00, or sooner if a sample changes.", Verdict: hearback.False,
	}
	boilZH := hearback.Text{
		Lang: "zh-Hans", Title: "河滨区自来水：烧开一分钟再喝", Lead: "请把自来水烧开一分钟，放凉后饮用。", Do: "烧开整整一分钟。当天用完。",
		Going: "有人说烧开会让洪水里的化学物质更强。", Why: "六个样品都已检测，均未超标。", Next: "3月20日周六12:00。", Verdict: hearback.False,
	}
	three := boil
	three.Title, three.Verdict, three.Going, three.Why = "Boil it for three minutes", "", "", ""
	return []hearback.Answer{
		{
			ID: 1000001, Case: 5, Concern: 7, State: hearback.AnswerPublished, Revisions: []hearback.Revision{
				{N: 1, Texts: []hearback.Text{three}, Published: start, Record: 47988},
				{N: 2, Texts: []hearback.Text{three}, Reason: "given up", Dropped: start},
				{N: 3, Texts: []hearback.Text{boil, boilZH}, Reason: "We had used an old guideline.", Published: start.Add(21 * time.Hour), Record: 48170},
				{N: 4, Texts: []hearback.Text{{Lang: "en", Title: "SECRET DRAFT", Lead: "SECRET DRAFT"}}, Reason: "r"},
			},
		},
		{
			ID: 1000002, Case: 6, Concern: 8, State: hearback.AnswerPublished, Revisions: []hearback.Revision{
				{N: 1, Texts: []hearback.Text{{Lang: "zh", Title: "14路公交今日恢复", Lead: "14路公交今天恢复运行。"}}, Published: start.Add(20 * time.Hour), Record: 48100},
			},
		},
		{
			ID: 1000003, Case: 9, Concern: 9, State: hearback.AnswerWithdrawn, Revisions: []hearback.Revision{
				{N: 1, Texts: []hearback.Text{{Lang: "en", Title: "The school is closed", Lead: "WRONG LEAD", Verdict: hearback.True, Going: "It is closed."}}, Published: start.Add(time.Hour), Record: 48001},
			},
			Withdrawn: &hearback.Withdrawal{At: start.Add(19 * time.Hour), Reason: "It was another <school>.", Record: 48090},
		},
		{ID: 1000004, State: hearback.AnswerDraft, Revisions: []hearback.Revision{{N: 1, Texts: []hearback.Text{{Lang: "en", Title: "SECRET DRAFT", Lead: "x"}}}}},
	}
}

func TestGolden(t *testing.T) {
	list := answers()
	for _, lang := range []string{"", "en", "zh"} {
		name := "feed"
		if lang != "" {
			name += "." + lang
		}
		var b bytes.Buffer
		if err := publish.Atom(&b, site, publish.Selection{Lang: lang}, list); err != nil {
			t.Fatal(err)
		}
		golden(t, name+".atom", b.Bytes())
		b.Reset()
		if err := publish.JSONFeed(&b, site, publish.Selection{Lang: lang}, list); err != nil {
			t.Fatal(err)
		}
		golden(t, name+".json", b.Bytes())
	}
	for _, lang := range []string{"en", "zh-Hans"} {
		s, err := publish.Plain(site, &list[0], lang)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "plain."+lang+".txt", []byte(s))
	}
	s, err := publish.Plain(site, &list[2], "en")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "withdrawn.en.txt", []byte(s))
	claim, err := publish.ClaimReview(site, &list[0], "en")
	if err != nil {
		t.Fatal(err)
	}
	var nice bytes.Buffer
	if err := json.Indent(&nice, claim, "", " "); err != nil {
		t.Fatal(err)
	}
	golden(t, "claimreview.en.json", nice.Bytes())
	doc, err := publish.Canonical(&list[0], list[0].Current())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "canonical.json", doc)
	var b bytes.Buffer
	voices := func(id hearback.ID) int64 { return map[hearback.ID]int64{7: 1324, 8: 4, 9: 13}[id] }
	if err := publish.AnswersCSV(&b, site, list, voices); err != nil {
		t.Fatal(err)
	}
	golden(t, "answers.csv", b.Bytes())
	if n, err := csv.NewReader(bytes.NewReader(b.Bytes())).ReadAll(); err != nil || len(n) != 5 {
		t.Errorf("the CSV has %d rows, %v", len(n), err)
	}
}

// TestFeedsAgree reads both feeds back with another program's parser.
func TestFeedsAgree(t *testing.T) {
	for _, lang := range []string{"", "en", "zh", "zh-Hans", "z", "vi"} {
		var atom, js bytes.Buffer
		if err := publish.Atom(&atom, site, publish.Selection{Lang: lang}, answers()); err != nil {
			t.Fatal(err)
		}
		if err := publish.JSONFeed(&js, site, publish.Selection{Lang: lang}, answers()); err != nil {
			t.Fatal(err)
		}
		checkAtom(t, atom.Bytes())
		checkJSONFeed(t, js.Bytes())
		a, err := gofeed.NewParser().Parse(&atom)
		if err != nil {
			t.Fatal(err)
		}
		j, err := gofeed.NewParser().Parse(&js)
		if err != nil {
			t.Fatal(err)
		}
		if a.FeedType != "atom" || a.FeedVersion != "1.0" || j.FeedType != "json" || a.Title != j.Title || a.Title == "" {
			t.Errorf("feeds %s %s %q and %s %q", a.FeedType, a.FeedVersion, a.Title, j.FeedType, j.Title)
		}
		want := map[string]int{"": 4, "en": 2, "zh": 2, "zh-Hans": 1, "z": 0, "vi": 0}[lang]
		if len(a.Items) != want || len(j.Items) != want {
			t.Fatalf("%q: %d and %d entries, want %d", lang, len(a.Items), len(j.Items), want)
		}
		for i, x := range a.Items {
			y := j.Items[i]
			if x.GUID != y.GUID || x.Title != y.Title || x.Link != y.Link || x.Description != y.Description || x.Content != y.Content ||
				!x.PublishedParsed.Equal(*y.PublishedParsed) || !x.UpdatedParsed.Equal(*y.UpdatedParsed) {
				t.Errorf("entry %d differs:\n%+v\n%+v", i, x, y)
			}
			for _, s := range []string{"SECRET", "WRONG LEAD"} {
				if strings.Contains(asJSON(t, x), s) || strings.Contains(asJSON(t, y), s) {
					t.Errorf("entry %d gives away %s", i, s)
				}
			}
		}
	}
}

// TestEntryLife follows one answer: its entry keeps its id and first date from
// publication through correction to withdrawal, and only updated moves.
func TestEntryLife(t *testing.T) {
	item := func(a hearback.Answer, s publish.Site) *gofeed.Item {
		t.Helper()
		var b bytes.Buffer
		if err := publish.Atom(&b, s, publish.Selection{Lang: "en"}, []hearback.Answer{a}); err != nil {
			t.Fatal(err)
		}
		f, err := gofeed.NewParser().Parse(&b)
		if err != nil || len(f.Items) != 1 {
			t.Fatalf("%v, %v", f, err)
		}
		return f.Items[0]
	}
	a := answers()[0]
	first := a
	first.Revisions = a.Revisions[:1]
	gone := a
	gone.State, gone.Withdrawn = hearback.AnswerWithdrawn, &hearback.Withdrawal{At: start.Add(99 * time.Hour), Reason: "The laboratory erred."}
	elsewhere := a
	elsewhere.Revisions = append([]hearback.Revision{}, a.Revisions[:3]...)
	elsewhere.Revisions[2].Texts = elsewhere.Revisions[2].Texts[1:]
	moved := site
	moved.Base, moved.Authority = "https://new.example", "answers.linmere.example"

	one, two, three, left, far := item(first, site), item(a, site), item(gone, site), item(elsewhere, site), item(a, moved)
	for name, x := range map[string]*gofeed.Item{"corrected": two, "withdrawn": three, "left the language": left, "moved": far} {
		if x.GUID != one.GUID || !x.PublishedParsed.Equal(start) {
			t.Errorf("%s: id %q, published %s, want %q and %s", name, x.GUID, x.Published, one.GUID, start)
		}
		if !x.UpdatedParsed.After(*one.UpdatedParsed) {
			t.Errorf("%s: updated %s, was %s", name, x.Updated, one.Updated)
		}
	}
	if !strings.Contains(two.Content, "Corrected on 18 March 2026: We had used an old guideline.") || strings.Contains(one.Content, "Corrected") {
		t.Errorf("content %q, before %q", two.Content, one.Content)
	}
	if !strings.HasPrefix(three.Title, "Withdrawn: ") || !strings.Contains(three.Content, "The laboratory erred.") || strings.Contains(three.Content, "Boil") {
		t.Errorf("withdrawn: %q, %q", three.Title, three.Content)
	}
	if !strings.HasPrefix(left.Title, "No longer given in this language: Boil it for three minutes") || !strings.Contains(left.Content, "zh-Hans") {
		t.Errorf("left the language: %q, %q", left.Title, left.Content)
	}
	if !strings.HasPrefix(far.Link, "https://new.example/answers/") {
		t.Errorf("moved: link %q", far.Link)
	}
}

func TestEmptyFeed(t *testing.T) {
	var b bytes.Buffer
	if err := publish.Atom(&b, publish.Site{Base: "http://127.0.0.1:8080", Started: start}, publish.Selection{}, nil); err != nil {
		t.Fatal(err)
	}
	checkAtom(t, b.Bytes())
	b.Reset()
	if err := publish.JSONFeed(&b, publish.Site{Base: "http://127.0.0.1:8080"}, publish.Selection{}, nil); err != nil {
		t.Fatal(err)
	}
	checkJSONFeed(t, b.Bytes())
}

var tagURI = regexp.MustCompile(`^tag:[A-Za-z0-9.-]+,\d{4}-\d\d-\d\d:[A-Za-z0-9/-]+$`)

// checkAtom holds a feed against what RFC 4287 asks of feeds and entries.
func checkAtom(t *testing.T, b []byte) {
	t.Helper()
	type link struct {
		Rel  string `xml:"rel,attr"`
		Href string `xml:"href,attr"`
	}
	var f struct {
		XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
		ID      []string `xml:"id"`
		Title   []string `xml:"title"`
		Updated []string `xml:"updated"`
		Author  []string `xml:"author>name"`
		Links   []link   `xml:"link"`
		Entries []struct {
			ID      []string `xml:"id"`
			Title   []string `xml:"title"`
			Updated []string `xml:"updated"`
			Links   []link   `xml:"link"`
			Content []struct {
				Type string `xml:"type,attr"`
				Text string `xml:",chardata"`
			} `xml:"content"`
		} `xml:"entry"`
	}
	if err := xml.Unmarshal(b, &f); err != nil {
		t.Fatalf("%v in\n%s", err, b)
	}
	date := func(list []string) time.Time {
		t.Helper()
		if len(list) != 1 {
			t.Fatalf("%d dates, want one", len(list))
		}
		d, err := time.Parse(time.RFC3339, list[0])
		if err != nil {
			t.Error(err)
		}
		return d
	}
	if len(f.ID) != 1 || len(f.Title) != 1 || f.Title[0] == "" || len(f.Author) != 1 || f.Author[0] == "" {
		t.Errorf("feed with id %v, title %v, author %v", f.ID, f.Title, f.Author)
	}
	self := 0
	for _, l := range f.Links {
		if l.Rel == "self" {
			self++
		}
	}
	if self != 1 {
		t.Errorf("%d links to itself, want one", self)
	}
	newest, seen := date(f.Updated), map[string]bool{}
	for _, e := range f.Entries {
		if len(e.ID) != 1 || !tagURI.MatchString(e.ID[0]) || seen[e.ID[0]] || len(e.Title) != 1 || e.Title[0] == "" || len(e.Links) != 1 || e.Links[0].Rel != "alternate" {
			t.Errorf("entry with id %v, title %v, links %v", e.ID, e.Title, e.Links)
		}
		seen[e.ID[0]] = true
		if d := date(e.Updated); d.After(newest) {
			t.Errorf("an entry of %s in a feed of %s", d, newest)
		}
		if len(e.Content) != 1 || e.Content[0].Type != "html" || e.Content[0].Text == "" {
			t.Errorf("content %v", e.Content)
		}
		onlyOurTags(t, e.Content[0].Text)
	}
}

// onlyOurTags fails if HTML holds any tag or entity but those we write.
func onlyOurTags(t *testing.T, s string) {
	t.Helper()
	rest := strings.NewReplacer("<p>", "", "</p>", "", "<h2>", "", "</h2>", "", "<br>", "").Replace(s)
	if strings.ContainsAny(rest, "<>") {
		t.Errorf("markup in %q", s)
	}
	if strings.Contains(rest, "&") && html.UnescapeString(rest) == rest {
		t.Errorf("a bare & in %q", s)
	}
}

// checkJSONFeed holds a feed against what JSON Feed 1.1 asks.
func checkJSONFeed(t *testing.T, b []byte) {
	t.Helper()
	var f map[string]any
	if err := json.Unmarshal(b, &f); err != nil {
		t.Fatalf("%v in\n%s", err, b)
	}
	if f["version"] != "https://jsonfeed.org/version/1.1" || f["title"] == "" || f["title"] == nil {
		t.Errorf("version %v, title %v", f["version"], f["title"])
	}
	items, ok := f["items"].([]any)
	if !ok {
		t.Fatalf("items are %T", f["items"])
	}
	for _, x := range items {
		m := x.(map[string]any)
		if id, ok := m["id"].(string); !ok || !tagURI.MatchString(id) {
			t.Errorf("id %v", m["id"])
		}
		for _, k := range []string{"date_published", "date_modified"} {
			if _, err := time.Parse(time.RFC3339, m[k].(string)); err != nil {
				t.Error(err)
			}
		}
		if m["content_html"] == nil && m["content_text"] == nil {
			t.Error("an item without content")
		}
		for k := range m {
			if strings.HasPrefix(k, "_") && k != "_hearback" {
				t.Errorf("extension %q", k)
			}
		}
		onlyOurTags(t, m["content_html"].(string))
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestHash(t *testing.T) {
	a := answers()[0]
	doc, err := publish.Canonical(&a, a.Current())
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(doc)
	if got, err := publish.Hash(&a, a.Current()); got != hex.EncodeToString(sum[:]) || err != nil {
		t.Errorf("Hash = %s, %v", got, err)
	}
}

func TestClaimReviewOnlyRates(t *testing.T) {
	list := answers()
	for name, a := range map[string]*hearback.Answer{"rates nothing": &list[1], "withdrawn": &list[2], "a draft": &list[3]} {
		for _, lang := range []string{"en", "zh"} {
			if b, err := publish.ClaimReview(site, a, lang); b != nil || err != nil {
				t.Errorf("%s: %s, %v, want none", name, b, err)
			}
		}
	}
	a := list[0]
	a.Revisions = append([]hearback.Revision{}, a.Revisions...)
	r := &a.Revisions[2]
	for _, change := range []func(x *hearback.Text){
		func(x *hearback.Text) { x.Verdict = hearback.NotYetKnown }, func(x *hearback.Text) { x.Going = "" }, func(x *hearback.Text) { x.Lang = "fr" },
	} {
		old := r.Texts
		r.Texts = append([]hearback.Text{}, old...)
		change(&r.Texts[0])
		if b, err := publish.ClaimReview(site, &a, "en"); b != nil || err != nil {
			t.Errorf("%+v is a review: %s, %v", r.Texts[0], b, err)
		}
		r.Texts = old
	}
	// It may stand in a script element, whatever an officer typed.
	r.Texts = append([]hearback.Text{}, r.Texts...)
	r.Texts[0].Going = "</script><!-- " + strings.Repeat("洪水", 60)
	b, err := publish.ClaimReview(site, &a, "EN")
	if err != nil || bytes.ContainsAny(b, "<>&") {
		t.Errorf("ClaimReview = %s, %v", b, err)
	}
	var doc map[string]any
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	if claim := []rune(doc["claimReviewed"].(string)); len(claim) > 75 || claim[len(claim)-1] != '…' {
		t.Errorf("claimReviewed has %d characters: %s", len(claim), string(claim))
	}
	if rating := doc["reviewRating"].(map[string]any); rating["alternateName"] != "False" || rating["ratingValue"] != nil {
		t.Errorf("rating %v", rating)
	}
}

func TestPlain(t *testing.T) {
	list := answers()
	if _, err := publish.Plain(site, &list[3], "en"); !errors.Is(err, hearback.ErrNotFound) {
		t.Errorf("Plain of a draft: %v, want ErrNotFound", err)
	}
	for _, lang := range []string{"vi", "", "zh"} {
		got, err := publish.Plain(site, &list[0], lang)
		if missing := lang == "vi"; missing != errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("Plain in %q: %q, %v", lang, got, err)
		}
	}
}

func TestMarkupStaysText(t *testing.T) {
	evil := `<script>alert("1")</script> & ]]> </entry><!-- &lt; '`
	a := answers()[0]
	a.Revisions = []hearback.Revision{{
		N: 1, Published: start, Reason: evil, Texts: []hearback.Text{{
			Lang: "en", Title: evil, Lead: evil, Do: evil, Known: evil + "\n\n" + evil, Going: evil, Why: evil, Next: evil, Verdict: hearback.False,
		}},
	}}
	bad := site
	bad.Name, bad.Office = map[string]string{"en": evil}, map[string]string{"en": evil}
	var atom, js, table bytes.Buffer
	if err := publish.Atom(&atom, bad, publish.Selection{Lang: "en"}, []hearback.Answer{a}); err != nil {
		t.Fatal(err)
	}
	if err := publish.JSONFeed(&js, bad, publish.Selection{Lang: "en"}, []hearback.Answer{a}); err != nil {
		t.Fatal(err)
	}
	checkAtom(t, atom.Bytes())
	checkJSONFeed(t, js.Bytes())
	var f struct {
		Title   string `xml:"title"`
		Entries []struct {
			Title   string `xml:"title"`
			Summary string `xml:"summary"`
			Content string `xml:"content"`
		} `xml:"entry"`
	}
	if err := xml.Unmarshal(atom.Bytes(), &f); err != nil {
		t.Fatal(err)
	}
	if f.Title != evil || f.Entries[0].Title != evil || f.Entries[0].Summary != evil || strings.Count(html.UnescapeString(f.Entries[0].Content), evil) != 8 {
		t.Errorf("the words changed: %+v", f)
	}
	a.Revisions[0].Texts[0].Title = "=HYPERLINK(\"http://x\")"
	if err := publish.AnswersCSV(&table, bad, []hearback.Answer{a}, func(hearback.ID) int64 { return 0 }); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&table).ReadAll()
	if err != nil || rows[1][2] != "'=HYPERLINK(\"http://x\")" {
		t.Errorf("%v, %v", rows, err)
	}
}

func TestVerdictLabels(t *testing.T) {
	seen := map[string]bool{}
	for _, lang := range []string{"en", "zh-Hant"} {
		for _, v := range hearback.Verdicts() {
			s := publish.Verdict(v, lang)
			if s == "" || seen[s] {
				t.Errorf("label %q of %s in %s", s, v, lang)
			}
			seen[s] = true
		}
	}
	if publish.Verdict("", "en") != "" {
		t.Error("no verdict has a label")
	}
}

func FuzzFeeds(f *testing.F) {
	f.Add("en", "Boil <it>", "One minute.\n\nWait.", "old guideline", "Some say it harms.")
	f.Add("zh-Hant", "燒開", "一分鐘。", "", "有人說有害。")
	f.Add("en", "\u0085\ufffe\uffff", "]]>", "&#0;", "\u2028")
	f.Fuzz(func(t *testing.T, lang, title, lead, reason, going string) {
		a := hearback.Answer{ID: 1}
		if a.Write([]hearback.Text{{Lang: lang, Title: title, Lead: lead, Going: going, Verdict: hearback.False}}, "", hearback.Actor{ID: 1}, start) != nil {
			return
		}
		if hearback.CheckNote(reason) != nil {
			return
		}
		a.Revisions[0].Published, a.Revisions[0].Reason, a.State = start, reason, hearback.AnswerPublished
		for _, withdrawn := range []bool{false, true} {
			if withdrawn {
				a.State, a.Withdrawn = hearback.AnswerWithdrawn, &hearback.Withdrawal{At: start, Reason: "r" + reason}
			}
			var b bytes.Buffer
			if err := publish.Atom(&b, site, publish.Selection{}, []hearback.Answer{a}); err != nil {
				t.Fatal(err)
			}
			checkAtom(t, b.Bytes())
			b.Reset()
			if err := publish.JSONFeed(&b, site, publish.Selection{}, []hearback.Answer{a}); err != nil {
				t.Fatal(err)
			}
			checkJSONFeed(t, b.Bytes())
			if _, err := publish.Plain(site, &a, a.Revisions[0].Texts[0].Lang); err != nil {
				t.Error(err)
			}
		}
		text := a.Revisions[0].Texts[0]
		if s, used, limit := publish.SMS(text, "https://x.example/1"); used > limit || !strings.HasSuffix(s, "https://x.example/1") {
			t.Errorf("SMS %q takes %d of %d", s, used, limit)
		}
	})
}
