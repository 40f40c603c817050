package publish_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
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

// TestCAPSchema: xmllint, which is not ours, finds every message valid by the
// schema of CAP 1.2, and finds what is not.
func TestCAPSchema(t *testing.T) {
	lint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip("xmllint is not here (Debian: libxml2-utils); make test installs it")
	}
	run := func(b []byte) (string, error) {
		file := filepath.Join(t.TempDir(), "message.xml")
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), lint, "--nonet", "--noout", "--schema", "testdata/cap12.xsd", file).CombinedOutput()
		return string(out), err
	}
	list := answers()
	first := list[0]
	first.Until = first.Current().Published.Add(72 * time.Hour)
	var some []byte
	for _, a := range []*hearback.Answer{&list[0], &list[1], &list[2], &first} {
		for _, status := range []publish.CAPStatus{publish.CAPActual, publish.CAPExercise, publish.CAPTest} {
			for _, tier := range []hearback.Tier{hearback.P1, hearback.P4} {
				b := capOf(t, a, publish.CAPOptions{Status: status, Tier: tier, Areas: func(string) []string { return []string{"Riverside", "河滨区 <&>"} }})
				if out, err := run(b); err != nil {
					t.Errorf("%v: %s in\n%s", err, out, b)
				}
				some = b
			}
		}
	}
	if !bytes.Contains(some, []byte("<expires>")) {
		t.Error("an answer that is valid until a time has no end in CAP")
	}
	for _, spoil := range [][2]string{
		{"<scope>Public</scope>", ""}, {"<status>Test<", "<status>Trial<"}, {"<sent>2", "<sent>x2"}, {"+08:00</sent>", "Z</sent>"},
		{"<certainty>", "<urgency>Past</urgency><certainty>"}, {"<event>", "<happening/><event>"}, {"cap:1.2", "cap:1.1"},
	} {
		b := bytes.Replace(some, []byte(spoil[0]), []byte(spoil[1]), 1)
		if _, err := run(b); bytes.Equal(b, some) || err == nil {
			t.Errorf("the schema takes %q instead of %q in\n%s", spoil[1], spoil[0], b)
		}
	}
}
