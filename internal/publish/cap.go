package publish

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"example.org/hearback"
)

// CAPStatus is for whom a message of the Common Alerting Protocol is meant.
type CAPStatus string

// What a site may send. An office that is no warning authority must not send
// [CAPActual]: receivers act on it by themselves.
const (
	CAPOff      CAPStatus = "off"
	CAPActual   CAPStatus = "actual"
	CAPTest     CAPStatus = "test"
	CAPExercise CAPStatus = "exercise"
)

// status is the word of the protocol.
func (s CAPStatus) status() string {
	return map[CAPStatus]string{CAPActual: "Actual", CAPTest: "Test", CAPExercise: "Exercise"}[s]
}

type capAlert struct {
	XMLName    xml.Name  `xml:"urn:oasis:names:tc:emergency:cap:1.2 alert"`
	Identifier string    `xml:"identifier"`
	Sender     string    `xml:"sender"`
	Sent       string    `xml:"sent"`
	Status     string    `xml:"status"`
	MsgType    string    `xml:"msgType"`
	Scope      string    `xml:"scope"`
	Note       string    `xml:"note,omitempty"`
	References string    `xml:"references,omitempty"`
	Info       []capInfo `xml:"info"`
}

type capInfo struct {
	Language     string     `xml:"language"`
	Category     string     `xml:"category"`
	Event        string     `xml:"event"`
	ResponseType string     `xml:"responseType,omitempty"`
	Urgency      string     `xml:"urgency"`
	Severity     string     `xml:"severity"`
	Certainty    string     `xml:"certainty"`
	Effective    string     `xml:"effective,omitempty"`
	Expires      string     `xml:"expires,omitempty"`
	SenderName   string     `xml:"senderName,omitempty"`
	Headline     string     `xml:"headline,omitempty"`
	Description  string     `xml:"description,omitempty"`
	Instruction  string     `xml:"instruction,omitempty"`
	Web          string     `xml:"web,omitempty"`
	Contact      string     `xml:"contact,omitempty"`
	Parameter    []capValue `xml:"parameter"`
	Area         []capArea  `xml:"area"`
}

type capValue struct {
	Name  string `xml:"valueName"`
	Value string `xml:"value"`
}

type capArea struct {
	Desc string `xml:"areaDesc"`
}

// CAPOptions say what a message holds besides the words of the answer.
type CAPOptions struct {
	Status CAPStatus
	Tier   hearback.Tier
	// Areas names the areas it is for in a language; none, or nil, means that of
	// the office.
	Areas func(lang string) []string
	// Message is which of the messages of the answer to write, from 1: every
	// publication, correction and withdrawal is one. 0 is the newest.
	Message int
}

// CAP writes one message about an answer in CAP 1.2 (OASIS, 1 July 2010): an
// Alert when it first went out, an Update for each correction, a Cancel when it
// was withdrawn, each naming those before it. It holds one info block for each
// language. Severity is not stated, because the answer does not measure it. It
// returns [hearback.ErrNotFound] if the site sends none or there is no such
// message.
func CAP(w io.Writer, s Site, a *hearback.Answer, o CAPOptions) error {
	public := a.Public()
	n := len(public)
	if a.Withdrawn != nil {
		n++
	}
	if o.Message == 0 {
		o.Message = n
	}
	if o.Status.status() == "" || o.Message < 1 || o.Message > n {
		return fmt.Errorf("%w: answer %s has no such message for warning systems", hearback.ErrNotFound, a.ID)
	}
	m := capAlert{Identifier: s.capID(a, o.Message), Sender: s.capSender(), Status: o.Status.status(), MsgType: "Alert", Scope: "Public"}
	var refs []string
	sent := func(i int) time.Time {
		if i > len(public) {
			return a.Withdrawn.At
		}
		return public[i-1].Published
	}
	for i := 1; i < o.Message; i++ {
		refs = append(refs, fmt.Sprintf("%s,%s,%s", m.Sender, s.capID(a, i), s.capTime(sent(i))))
	}
	m.References = strings.Join(refs, " ")
	m.Sent = s.capTime(sent(o.Message))
	rev := &public[min(o.Message, len(public))-1]
	switch cancel := o.Message > len(public); {
	case cancel:
		m.MsgType, m.Note = "Cancel", a.Withdrawn.Reason
	case o.Message > 1:
		m.MsgType, m.Note = "Update", rev.Reason
	}
	if o.Status == CAPExercise && m.Note == "" {
		m.Note = "Exercise: everything in this message is invented. 演练：本消息内容均为虚构。"
	}
	sum, err := Hash(a, rev)
	if err != nil {
		return err
	}
	record := rev.Record
	if m.MsgType == "Cancel" {
		record = a.Withdrawn.Record
	}
	for i := range rev.Texts {
		t := &rev.Texts[i]
		words := wordsOf(t.Lang)
		x := capInfo{
			Language: t.Lang, Category: "Other", Event: words.event, Urgency: urgency(o.Tier), Severity: "Unknown", Certainty: certainty(t.Verdict),
			Effective: m.Sent, SenderName: s.office(t.Lang), Headline: shorten(t.Title, 160), Web: s.URL(a, t.Lang),
			Parameter: []capValue{{"record", fmt.Sprint(record)}, {"sha256", sum}},
		}
		if m.MsgType == "Cancel" {
			x.ResponseType, x.Urgency, x.Headline, x.Description = "AllClear", "Past", shorten(words.withdrawn+words.colon+t.Title, 160), a.Withdrawn.Reason
		} else {
			x.Description = strings.Join(nonEmpty(t.Lead, t.Known), "\n\n")
			x.Instruction = t.Do
			if o.Message == n && !a.Recheck.IsZero() && a.Recheck.After(sent(o.Message)) {
				x.Expires = s.capTime(a.Recheck)
			}
			if o.Message == n && !a.Until.IsZero() && a.Until.After(sent(o.Message)) {
				x.Expires = s.capTime(a.Until)
			}
		}
		if o.Status != CAPActual {
			x.Headline = shorten(words.exercise[o.Status]+words.colon+x.Headline, 160)
		}
		desc := s.office(t.Lang)
		if o.Areas != nil {
			if names := o.Areas(t.Lang); len(names) > 0 {
				desc = strings.Join(names, ", ")
			}
		}
		x.Area = []capArea{{desc}}
		m.Info = append(m.Info, x)
	}
	var b bytes.Buffer
	b.WriteString(xml.Header)
	enc := xml.NewEncoder(&b)
	enc.Indent("", " ")
	if err := enc.Encode(m); err != nil {
		return fmt.Errorf("CAP of answer %s: %w", a.ID, err)
	}
	b.WriteByte('\n')
	_, err = b.WriteTo(w)
	return err
}

// capID names one message for ever. The protocol allows no space, comma, < or
// & in it.
func (s Site) capID(a *hearback.Answer, message int) string {
	return fmt.Sprintf("urn:hearback:%s:answer:%s:%d", s.host(), a.ID, message)
}

func (s Site) capSender() string { return "answers@" + s.host() }

// host is the host of the site, as ids are made with it.
func (s Site) host() string {
	if s.Authority != "" {
		return s.Authority
	}
	u, err := url.Parse(s.Base)
	if err != nil || u.Hostname() == "" {
		return "localhost"
	}
	return u.Hostname()
}

// capTime writes a time as the protocol has it: with the offset in digits,
// never Z.
func (s Site) capTime(t time.Time) string {
	zone := s.Zone
	if zone == nil {
		zone = time.UTC
	}
	return t.In(zone).Format("2006-01-02T15:04:05-07:00")
}

// urgency is how soon people should act, as far as the tier of the case says.
func urgency(t hearback.Tier) string {
	switch t {
	case hearback.P1:
		return "Immediate"
	case hearback.P2:
		return "Expected"
	case hearback.P3, hearback.P4:
		return "Future"
	}
	return "Unknown"
}

// certainty is how sure the event is that the answer is about: only a warning
// that was checked and found true is one.
func certainty(v hearback.Verdict) string {
	if v == hearback.TrueWarning {
		return "Observed"
	}
	return "Unknown"
}

func nonEmpty(list ...string) (out []string) {
	for _, s := range list {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}
