package publish_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/publish"
)

// element is what the schema of CAP 1.2 (OASIS, CAP-v1.2-os, section 3.4) says
// of one element: its children in order with how often each may stand, or what
// its text must match.
type element struct {
	children []child
	text     *regexp.Regexp
}

type child struct {
	name     string
	min, max int // max 0 means any number
	is       *element
}

var (
	anyText  = &element{}
	restrict = &element{text: regexp.MustCompile(`^[^\s,<&]+$`)}
	capDate  = &element{text: regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d$`)}
	capURI   = &element{text: regexp.MustCompile(`^[a-z]+:\S+$`)}
	langCode = &element{text: regexp.MustCompile(`^[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*$`)}
	pair     = &element{children: []child{{"valueName", 1, 1, anyText}, {"value", 1, 1, anyText}}}
	capInfo  = &element{children: []child{
		{"language", 0, 1, langCode}, {"category", 1, 0, oneOf("Geo Met Safety Security Rescue Fire Health Env Transport Infra CBRNE Other")},
		{"event", 1, 1, anyText}, {"responseType", 0, 0, oneOf("Shelter Evacuate Prepare Execute Avoid Monitor Assess AllClear None")},
		{"urgency", 1, 1, oneOf("Immediate Expected Future Past Unknown")}, {"severity", 1, 1, oneOf("Extreme Severe Moderate Minor Unknown")},
		{"certainty", 1, 1, oneOf("Observed Likely Possible Unlikely Unknown")}, {"audience", 0, 1, anyText}, {"eventCode", 0, 0, pair},
		{"effective", 0, 1, capDate}, {"onset", 0, 1, capDate}, {"expires", 0, 1, capDate}, {"senderName", 0, 1, anyText}, {"headline", 0, 1, anyText},
		{"description", 0, 1, anyText}, {"instruction", 0, 1, anyText}, {"web", 0, 1, capURI}, {"contact", 0, 1, anyText}, {"parameter", 0, 0, pair},
		{"area", 0, 0, &element{children: []child{{"areaDesc", 1, 1, anyText}, {"polygon", 0, 0, anyText}, {"circle", 0, 0, anyText}, {"geocode", 0, 0, pair}, {"altitude", 0, 1, anyText}, {"ceiling", 0, 1, anyText}}}},
	}}
	capAlert = &element{children: []child{
		{"identifier", 1, 1, restrict}, {"sender", 1, 1, restrict}, {"sent", 1, 1, capDate}, {"status", 1, 1, oneOf("Actual Exercise System Test Draft")},
		{"msgType", 1, 1, oneOf("Alert Update Cancel Ack Error")}, {"source", 0, 1, anyText}, {"scope", 1, 1, oneOf("Public Restricted Private")},
		{"restriction", 0, 1, anyText}, {"addresses", 0, 1, anyText}, {"code", 0, 0, anyText}, {"note", 0, 1, anyText},
		{"references", 0, 1, &element{text: regexp.MustCompile(`^[^\s,]+,[^\s,]+,[^\s,]+( [^\s,]+,[^\s,]+,[^\s,]+)*$`)}}, {"incidents", 0, 1, anyText}, {"info", 0, 0, capInfo},
	}}
)

func oneOf(words string) *element {
	return &element{text: regexp.MustCompile("^(" + strings.ReplaceAll(words, " ", "|") + ")$")}
}

const capSpace = "urn:oasis:names:tc:emergency:cap:1.2"

// node is a document as it is.
type node struct {
	XMLName  xml.Name
	Text     string `xml:",chardata"`
	Children []node `xml:",any"`
}

// checkCAP validates a message against the schema.
func checkCAP(b []byte) error {
	var root node
	d := xml.NewDecoder(bytes.NewReader(b))
	if err := d.Decode(&root); err != nil {
		return err
	}
	if rest, err := b[d.InputOffset():], error(nil); err != nil || len(bytes.TrimSpace(rest)) > 0 {
		return errors.New("something follows the message")
	}
	if root.XMLName.Local != "alert" {
		return fmt.Errorf("the root is %s", root.XMLName.Local)
	}
	return capAlert.check(root)
}

func (e *element) check(n node) error {
	if n.XMLName.Space != capSpace {
		return fmt.Errorf("%s stands in the namespace %q", n.XMLName.Local, n.XMLName.Space)
	}
	if e.children == nil {
		if len(n.Children) > 0 {
			return fmt.Errorf("%s has elements in it", n.XMLName.Local)
		}
		if e.text != nil && !e.text.MatchString(n.Text) {
			return fmt.Errorf("%s is %q", n.XMLName.Local, n.Text)
		}
		return nil
	}
	rest := n.Children
	for _, c := range e.children {
		count := 0
		for len(rest) > 0 && rest[0].XMLName.Local == c.name {
			if err := c.is.check(rest[0]); err != nil {
				return fmt.Errorf("%s: %w", n.XMLName.Local, err)
			}
			rest, count = rest[1:], count+1
		}
		if count < c.min || c.max > 0 && count > c.max {
			return fmt.Errorf("%s has %d %s", n.XMLName.Local, count, c.name)
		}
	}
	if len(rest) > 0 {
		return fmt.Errorf("%s has %s where it may not stand", n.XMLName.Local, rest[0].XMLName.Local)
	}
	return nil
}

func capOf(t *testing.T, a *hearback.Answer, o publish.CAPOptions) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := publish.CAP(&b, site, a, o); err != nil {
		t.Fatal(err)
	}
	if err := checkCAP(b.Bytes()); err != nil {
		t.Errorf("%v in\n%s", err, b.Bytes())
	}
	return b.Bytes()
}

func TestCAP(t *testing.T) {
	list := answers()
	golden(t, "cap.1.xml", capOf(t, &list[0], publish.CAPOptions{Status: publish.CAPActual, Tier: hearback.P1, Areas: func(lang string) []string {
		return []string{map[string]string{"en": "Riverside", "zh-Hans": "河滨区"}[lang]}
	}, Message: 1}))
	golden(t, "cap.2.xml", capOf(t, &list[0], publish.CAPOptions{Status: publish.CAPExercise, Tier: hearback.P2}))
	golden(t, "cap.cancel.xml", capOf(t, &list[2], publish.CAPOptions{Status: publish.CAPTest}))

	type message struct {
		Identifier string `xml:"identifier"`
		Sender     string `xml:"sender"`
		Sent       string `xml:"sent"`
		Status     string `xml:"status"`
		MsgType    string `xml:"msgType"`
		References string `xml:"references"`
		Info       []struct {
			Language string `xml:"language"`
		} `xml:"info"`
	}
	read := func(a *hearback.Answer, o publish.CAPOptions) (m message) {
		t.Helper()
		if err := xml.Unmarshal(capOf(t, a, o), &m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	// A correction is an Update and a withdrawal a Cancel, each of which names
	// exactly the messages before it, as they were sent.
	a := list[0]
	a.Revisions = slices.Clone(a.Revisions[:3])
	a.State, a.Withdrawn = hearback.AnswerWithdrawn, &hearback.Withdrawal{At: start.Add(48 * time.Hour), Reason: "Superseded.", Record: 49000}
	var before []string
	for i, want := range []string{"Alert", "Update", "Cancel"} {
		m := read(&a, publish.CAPOptions{Status: publish.CAPExercise, Message: i + 1})
		if m.MsgType != want || m.References != strings.Join(before, " ") || m.Status != "Exercise" {
			t.Errorf("message %d is %s of %s with references %q, want %s with %q", i+1, m.MsgType, m.Status, m.References, want, before)
		}
		before = append(before, m.Sender+","+m.Identifier+","+m.Sent)
	}
	if m := read(&a, publish.CAPOptions{Status: publish.CAPTest, Message: 2}); len(m.Info) != 2 || m.Info[1].Language != "zh-Hans" || m.Status != "Test" {
		t.Errorf("languages of the message: %+v", m)
	}
	for name, tt := range map[string]struct {
		a *hearback.Answer
		o publish.CAPOptions
	}{
		"off": {&a, publish.CAPOptions{Status: publish.CAPOff}}, "not set": {&a, publish.CAPOptions{}},
		"too late": {&a, publish.CAPOptions{Status: publish.CAPTest, Message: 4}}, "draft": {&list[3], publish.CAPOptions{Status: publish.CAPTest}},
	} {
		if err := publish.CAP(io.Discard, site, tt.a, tt.o); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The checker itself refuses what the schema refuses.
func TestCheckCAP(t *testing.T) {
	list := answers()
	good := capOf(t, &list[0], publish.CAPOptions{Status: publish.CAPTest})
	for name, r := range map[string][2]string{
		"another status": {"<status>Test<", "<status>Maybe<"}, "Z for a zone": {"+08:00</sent>", "Z</sent>"}, "a comma in the id": {"<identifier>urn:", "<identifier>a,urn:"},
		"another namespace": {"cap:1.2", "cap:1.1"}, "wrong order": {"<scope>Public</scope>", ""}, "unknown element": {"<category>", "<x>1</x><category>"},
		"twice": {"<scope>Public</scope>", "<scope>Public</scope><scope>Public</scope>"}, "empty reference": {"<references>", "<references>x "},
	} {
		bad := bytes.Replace(good, []byte(r[0]), []byte(r[1]), 1)
		if bytes.Equal(bad, good) {
			t.Errorf("%s: %q is not in the message", name, r[0])
		}
		if checkCAP(bad) == nil {
			t.Errorf("%s passes", name)
		}
	}
}

func TestAloud(t *testing.T) {
	a := answers()[0]
	rev := a.Current()
	golden(t, "aloud.en.txt", []byte(publish.Aloud(site, rev.Texts[0], rev.Published, "")))
	golden(t, "aloud.zh-Hans.txt", []byte(publish.Aloud(site, rev.Texts[1], rev.Published, "")))
	en := publish.Aloud(site, hearback.Text{Lang: "en", Title: "Bus 14 & tram: 83% run", Lead: "See https://example.org/x?y=1 now\n• From 08:00\n- until 17:30, +2 °C", Next: "12:05"}, start, "")
	for _, want := range []string{"Linmere Information Desk, 17 March 2026.\n", "Bus 14 and tram: 83 percent run.\n", "See now.\n", "From 8 o'clock.\n", "until 17 30, plus 2 degrees.\n", "Next update: 12 05.\n"} {
		if !strings.Contains(en, want) {
			t.Errorf("%q is not in\n%s", want, en)
		}
	}
	zh := publish.Aloud(site, hearback.Text{Lang: "zh", Title: "83%的公交已恢复", Lead: "自08:30起，详见https://example.org/x", Do: "第一步\n第二步"}, start, "")
	for _, want := range []string{"临湖市信息台，2026年3月17日。\n", "百分之83的公交已恢复。\n", "自8点30分起，详见。\n", "第一步。\n第二步。\n"} {
		if !strings.Contains(zh, want) {
			t.Errorf("%q is not in\n%s", want, zh)
		}
	}
	if gone := publish.Aloud(site, rev.Texts[0], start, "It was another street"); strings.Contains(gone, "Boil the water") || !strings.Contains(gone, "Withdrawn: ") || !strings.Contains(gone, "another street.") {
		t.Errorf("a withdrawn answer is read as\n%s", gone)
	}
}

func nonEmpty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// FuzzForms: whatever stands in an answer, what goes to warning systems is valid
// and what is read out is plain lines.
func FuzzForms(f *testing.F) {
	f.Add("Tap water <b>is</b> safe ]]> & \x01 100%", "en", "https://a.b/c 08:00")
	f.Add("自来水可放心饮用", "zh-Hans", "明天12:00")
	f.Fuzz(func(t *testing.T, title, lang, part string) {
		a := hearback.Answer{ID: 7, State: hearback.AnswerDraft}
		by := hearback.Actor{ID: 1, Role: "officer"}
		if a.Write([]hearback.Text{{Lang: lang, Title: title, Lead: part, Do: part, Next: part}}, "", by, start) != nil {
			return // no answer can hold it
		}
		a.Revisions[0].Published, a.State = start, hearback.AnswerPublished
		var b bytes.Buffer
		if err := publish.CAP(&b, site, &a, publish.CAPOptions{Status: publish.CAPTest, Areas: func(string) []string { return nonEmpty(part) }}); err != nil {
			t.Fatal(err)
		}
		if err := checkCAP(b.Bytes()); err != nil {
			t.Errorf("%v in\n%s", err, b.Bytes())
		}
		for line := range strings.Lines(publish.Aloud(site, a.Revisions[0].Texts[0], start, "")) {
			if strings.TrimSpace(line) == "" || strings.ContainsAny(line, "<>|{}") {
				t.Errorf("%q cannot be read out", line)
			}
		}
	})
}
