package publish_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"example.org/hearback"
	"example.org/hearback/internal/publish"
)

// TestClaimReviewSchema: what pages embed is what schema.org and Google's page
// on fact checks ask for, whichever language and verdict; and the schema finds
// what is not.
func TestClaimReviewSchema(t *testing.T) {
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	schema, err := c.Compile("testdata/claimreview.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	check := func(b []byte) error {
		t.Helper()
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		return schema.Validate(doc)
	}
	n := 0
	var last []byte
	for _, v := range hearback.Verdicts() {
		for i, long := range []string{"", strings.Repeat("It is said that the water of the whole valley is poisoned and ", 3), strings.Repeat("据说整个山谷的水都被投毒", 12)} {
			a := answers()[0]
			rev := a.Current()
			rev.Texts = append([]hearback.Text{}, rev.Texts...)
			for j := range rev.Texts {
				rev.Texts[j].Verdict = v
				if long != "" {
					rev.Texts[j].Going = long
				}
			}
			if i == 1 {
				a.Until = rev.Published.Add(48 * time.Hour)
			}
			for _, lang := range rev.Langs() {
				b, err := publish.ClaimReview(site, &a, lang)
				if err != nil {
					t.Fatal(err)
				}
				if b == nil {
					if v != hearback.NotYetKnown {
						t.Errorf("%s, %s: no review", v, lang)
					}
					continue
				}
				n, last = n+1, b
				if err := check(b); err != nil {
					t.Errorf("%s, %s: %v in\n%s", v, lang, err, b)
				}
			}
		}
	}
	if n < 40 {
		t.Errorf("%d reviews were looked at", n)
	}
	for _, spoil := range [][2]string{{`"claimReviewed"`, `"claim"`}, {`"Rating"`, `"AggregateRating"`}, {`"alternateName"`, `"ratingValue"`}, {`"url":"http`, `"url":"javascript`}, {`"datePublished":"2`, `"datePublished":"x2`}} {
		if b := bytes.Replace(last, []byte(spoil[0]), []byte(spoil[1]), 1); bytes.Equal(b, last) || check(b) == nil {
			t.Errorf("the schema takes %s instead of %s", spoil[1], spoil[0])
		}
	}
}

// capSchemas are the schemas that a message is held against: our own, written
// from the data dictionary, and that of OASIS (CAP-v1.2.xsd) if HEARBACK_CAP_XSD
// names the file; that one is theirs to hand out, so it is not in this
// repository.
func capSchemas(t *testing.T) []string {
	t.Helper()
	list := []string{"testdata/cap12.xsd"}
	if file := os.Getenv("HEARBACK_CAP_XSD"); file != "" {
		b, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(b, []byte(capSpace)) {
			t.Fatalf("HEARBACK_CAP_XSD names %s, which is not the schema of CAP 1.2: %v", file, err)
		}
		list = append(list, file)
	}
	return list
}

// xmllint returns the program, which is not ours, and a function that holds
// documents against a schema (a flag and its file) and says which are valid.
func xmllint(t *testing.T) func(t *testing.T, flag, schema string, documents [][]byte) []bool {
	t.Helper()
	lint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip("xmllint is not here (Debian: libxml2-utils); make test installs it")
	}
	return func(t *testing.T, flag, schema string, documents [][]byte) []bool {
		t.Helper()
		dir := t.TempDir()
		args := []string{"--nonet", "--noout", flag, schema}
		for i, b := range documents {
			file := filepath.Join(dir, strconv.Itoa(i)+".xml")
			if err := os.WriteFile(file, b, 0o600); err != nil {
				t.Fatal(err)
			}
			args = append(args, file)
		}
		out, err := exec.CommandContext(t.Context(), lint, args...).CombinedOutput()
		if exit := (*exec.ExitError)(nil); err != nil && (!errors.As(err, &exit) || exit.ExitCode() == 5) { // 5: the schema itself is wrong
			t.Fatalf("xmllint: %v: %s", err, out)
		}
		valid := make([]bool, len(documents))
		for i := range documents {
			valid[i] = bytes.Contains(out, []byte(filepath.Join(dir, strconv.Itoa(i)+".xml")+" validates\n"))
		}
		return valid
	}
}

// TestFeedSchema: xmllint finds every Atom feed valid by what RFC 4287 asks for,
// in each language, empty, and with markup and odd signs in it; and finds what is
// not.
func TestFeedSchema(t *testing.T) {
	check := xmllint(t)
	list := answers()
	odd := list[0]
	odd.Revisions = append([]hearback.Revision{}, odd.Revisions...)
	for i := range odd.Revisions {
		r := &odd.Revisions[i]
		r.Texts = append([]hearback.Text{}, r.Texts...)
		for j := range r.Texts {
			r.Texts[j].Title, r.Texts[j].Lead = `<b>&amp; ]]> "水" ‮`, "<script>alert(1)</script>\n]]><!--"
		}
	}
	var feeds [][]byte
	for _, some := range [][]hearback.Answer{list, nil, {odd}} {
		for _, sel := range []publish.Selection{{}, {Lang: "en"}, {Lang: "zh"}, {Lang: "zh-Hans", Area: "CN/北京市"}, {Lang: "en", Topic: "1k3x"}} {
			var b bytes.Buffer
			if err := publish.Atom(&b, site, sel, some); err != nil {
				t.Fatal(err)
			}
			feeds = append(feeds, b.Bytes())
		}
	}
	for i, valid := range check(t, "--relaxng", "testdata/atom.rng", feeds) {
		if !valid {
			t.Errorf("the schema refuses\n%s", feeds[i])
		}
	}
	some := feeds[1]
	var broken [][]byte
	for _, c := range [][2]string{
		{"<title>", "<name>"}, {"<updated>2", "<updated>x2"}, {"T09:10:00Z</updated>", "</updated>"}, {"<author>", "<writer>"}, {`rel="self"`, `href2="x"`}, {` href="https`, ` src="https`},
		{"<id>", "<id>no address "}, {"2005/Atom", "2005/Atoms"}, {"</published>", "</published><published>2026-03-17T12:10:00Z</published>"}, {"<summary>", "<summary>a</summary><summary>"}, {`type="html"`, `type="markup"`}, {"<entry", "<entry><entry"},
	} {
		b := bytes.Replace(some, []byte(c[0]), []byte(c[1]), 1)
		if bytes.Equal(b, some) {
			t.Fatalf("%q is not in\n%s", c[0], some)
		}
		broken = append(broken, b)
	}
	for i, valid := range check(t, "--relaxng", "testdata/atom.rng", broken) {
		if valid {
			t.Errorf("the schema takes\n%s", broken[i])
		}
	}
}

// TestCAPSchema: xmllint, which is not ours, finds every kind of message valid
// by the schema of CAP 1.2, and finds what is not.
func TestCAPSchema(t *testing.T) {
	check := xmllint(t)
	list := answers()
	first := list[0]
	first.Until = first.Current().Published.Add(72 * time.Hour)
	var messages [][]byte
	kinds := map[string]int{}
	kind := regexp.MustCompile("<(?:status|msgType)>([A-Za-z]+)<")
	for _, a := range []*hearback.Answer{&list[0], &list[1], &list[2], &first} {
		n := len(a.Public())
		if a.Withdrawn != nil {
			n++
		}
		for m := 1; m <= n; m++ {
			for _, status := range []publish.CAPStatus{publish.CAPActual, publish.CAPExercise, publish.CAPTest} {
				for _, tier := range []hearback.Tier{hearback.P1, hearback.P2, hearback.P3, hearback.P4, ""} {
					b := capOf(t, a, publish.CAPOptions{Status: status, Tier: tier, Message: m, Areas: func(string) []string { return []string{"Riverside", "河滨区 <&>"} }})
					messages = append(messages, b)
					kinds[fmt.Sprint(kind.FindAllStringSubmatch(string(b), 2))]++
				}
			}
		}
	}
	if len(kinds) != 9 {
		t.Errorf("of the nine kinds of message (Alert, Update and Cancel, each in earnest, as a test and as an exercise) these were made: %v", kinds)
	}
	some := messages[len(messages)-1]
	if !bytes.Contains(some, []byte("<expires>")) || !bytes.Contains(some, []byte("<references>")) {
		t.Fatalf("an answer that was corrected and is valid until a time has no end or no references in CAP:\n%s", some)
	}
	spoil := func(old, new string) []byte {
		t.Helper()
		b := bytes.Replace(some, []byte(old), []byte(new), 1)
		if bytes.Equal(b, some) {
			t.Fatalf("%q is not in\n%s", old, some)
		}
		return b
	}
	element := func(name string) string {
		t.Helper()
		found := regexp.MustCompile("(?s)<" + name + ">.*?</" + name + ">").Find(some)
		if found == nil {
			t.Fatalf("%s is not in\n%s", name, some)
		}
		return string(found)
	}
	// Every rule of the schema broken, one at a time: something that must be
	// there is not, is there twice, stands elsewhere, or has a value that is
	// none of the protocol's.
	type change struct{ old, new string }
	var broken []change
	for _, must := range []string{"identifier", "sender", "sent", "status", "msgType", "scope", "category", "event", "urgency", "severity", "certainty", "areaDesc", "valueName", "value"} {
		broken = append(broken, change{element(must), ""})
	}
	for _, once := range []string{"identifier", "sender", "sent", "status", "msgType", "scope", "note", "references", "language", "event", "urgency", "severity", "certainty",
		"effective", "expires", "senderName", "headline", "description", "instruction", "web", "areaDesc", "valueName", "value"} {
		broken = append(broken, change{element(once), element(once) + element(once)})
	}
	for _, coded := range []string{"status", "msgType", "scope", "category", "urgency", "severity", "certainty"} {
		broken = append(broken, change{element(coded), "<" + coded + ">Perhaps</" + coded + ">"}, change{element(coded), "<" + coded + "></" + coded + ">"})
	}
	for _, timed := range []string{"sent", "effective", "expires"} {
		at, _ := strings.CutSuffix(strings.TrimPrefix(element(timed), "<"+timed+">"), "</"+timed+">")
		for _, wrong := range []string{at[:19], at[:19] + "Z", at[:19] + ".5" + at[19:], at[:10], strings.Replace(at, "T", " ", 1), at[:5] + "13" + at[7:], "soon"} {
			broken = append(broken, change{element(timed), "<" + timed + ">" + wrong + "</" + timed + ">"})
		}
	}
	broken = append(broken, change{"<urgency>", "<responseType>Hope</responseType><urgency>"}, change{"<event>", "<happening/><event>"}, change{"cap:1.2", "cap:1.1"},
		change{element("language"), "<language>Chinese, simplified</language>"}, change{"<area>", "<area><altitude>high</altitude>"},
		change{"<areaDesc>", "<geocode><value>1</value><valueName>n</valueName></geocode><areaDesc>"}, change{"<area>", "<resource><mimeType>a/b</mimeType></resource><area>"},
		change{"<area>", "<resource><resourceDesc>d</resourceDesc><mimeType>a/b</mimeType><size>big</size></resource><area>"},
		change{element("severity"), ""}, change{element("scope"), element("scope") + "<source>after the scope</source>"}, change{"</alert>", "<code>after</code></alert>"})
	// What the protocol has and we do not send is allowed too, so that the schema
	// is no narrower than the protocol.
	allowed := []change{
		{"<scope>", "<source>an operator</source><scope>"}, {"</scope>", "</scope><restriction>r</restriction><addresses>a b</addresses><code>c</code><code>d</code>"},
		{element("language"), ""}, {"<category>", "<category>Health</category><category>"}, {"<urgency>", "<responseType>Shelter</responseType><responseType>None</responseType><urgency>"},
		{"<effective>", "<audience>all</audience><eventCode><valueName>SAME</valueName><value>CEM</value></eventCode><effective>"},
		{"<expires>", "<onset>2026-03-17T08:00:00+08:00</onset><expires>"}, {"<parameter>", "<contact>12345</contact><parameter>"},
		{"<area>", "<resource><resourceDesc>map</resourceDesc><mimeType>image/png</mimeType><size>12</size><uri>https://a.example/m.png</uri><derefUri>AAAA</derefUri><digest>da39</digest></resource><area>"},
		{"</areaDesc>", "</areaDesc><polygon>1,2 3,4 5,6 1,2</polygon><circle>1,2 3</circle><geocode><valueName>n</valueName><value>1</value></geocode><altitude>10.5</altitude><ceiling>90</ceiling>"},
		{"</alert>", `<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/></alert>`},
	}
	for _, schema := range capSchemas(t) {
		t.Run(filepath.Base(schema), func(t *testing.T) {
			for i, valid := range check(t, "--schema", schema, messages) {
				if !valid {
					t.Errorf("the schema refuses\n%s", messages[i])
				}
			}
			all := make([][]byte, 0, len(broken)+len(allowed))
			for _, c := range append(append([]change{}, broken...), allowed...) {
				all = append(all, spoil(c.old, c.new))
			}
			for i, valid := range check(t, "--schema", schema, all) {
				switch {
				case i < len(broken) && valid:
					t.Errorf("the schema takes %q instead of %q", broken[i].new, broken[i].old)
				case i >= len(broken) && !valid:
					t.Errorf("the schema refuses %q instead of %q", allowed[i-len(broken)].new, allowed[i-len(broken)].old)
				}
			}
		})
	}
	t.Logf("%d messages of %d kinds, %d broken and %d allowed changes", len(messages), len(kinds), len(broken), len(allowed))
}
