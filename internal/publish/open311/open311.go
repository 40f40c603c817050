// Package open311 speaks GeoReport v2, the interchange of city desks: others
// file reports here and read what becomes of them, and cases of ours go out to
// a city's own desk and their status comes back. XML, as the specification
// requires, and JSON. No name, telephone number or place finer than an area
// passes through it in either direction.
package open311

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"example.org/hearback"
)

// A Service is a kind of report that a desk takes.
type Service struct {
	Code        string `xml:"service_code" json:"service_code"`
	Name        string `xml:"service_name" json:"service_name"`
	Description string `xml:"description" json:"description"`
	Metadata    bool   `xml:"metadata" json:"metadata"`
	Type        string `xml:"type" json:"type"`
	Keywords    string `xml:"keywords" json:"keywords"`
	Group       string `xml:"group" json:"group"`
}

// A Request is a report and what became of it.
type Request struct {
	ID          string   `xml:"service_request_id" json:"service_request_id"`
	Status      string   `xml:"status" json:"status"` // "open" or "closed"; others say more
	Notes       string   `xml:"status_notes" json:"status_notes"`
	ServiceName string   `xml:"service_name" json:"service_name"`
	ServiceCode string   `xml:"service_code" json:"service_code"`
	Description string   `xml:"description" json:"description"`
	Agency      string   `xml:"agency_responsible" json:"agency_responsible"`
	Notice      string   `xml:"service_notice" json:"service_notice"`
	Requested   Datetime `xml:"requested_datetime" json:"requested_datetime"`
	Updated     Datetime `xml:"updated_datetime" json:"updated_datetime"`
	Expected    Datetime `xml:"expected_datetime" json:"expected_datetime"`
	Address     string   `xml:"address" json:"address"`
	AddressID   string   `xml:"address_id" json:"address_id"`
	Zip         string   `xml:"zipcode" json:"zipcode"`
	Lat         string   `xml:"lat" json:"lat"`
	Long        string   `xml:"long" json:"long"`
	Media       string   `xml:"media_url" json:"media_url"`
	Token       string   `xml:"token,omitempty" json:"token,omitempty"`
}

// A Datetime is a time as GeoReport writes it: with its zone, or empty.
type Datetime struct{ time.Time }

// MarshalText implements [encoding.TextMarshaler].
func (d Datetime) MarshalText() ([]byte, error) {
	if d.IsZero() {
		return nil, nil
	}
	return []byte(d.Format("2006-01-02T15:04:05-07:00")), nil
}

// UnmarshalText implements [encoding.TextUnmarshaler]. Desks write times in
// several ways; one that cannot be read is no time.
func (d *Datetime) UnmarshalText(b []byte) error {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05-0700", "2006-01-02T15:04:05", "2006-01-02 15:04:05"} {
		if t, err := time.Parse(layout, strings.TrimSpace(string(b))); err == nil {
			d.Time = t
			return nil
		}
	}
	d.Time = time.Time{}
	return nil
}

// An Attribute is something that a desk asks for besides the text of a report.
type Attribute struct {
	Code        string `xml:"code" json:"code"`
	Description string `xml:"description" json:"description"`
	Required    bool   `xml:"required" json:"required"`
}

// An Update is what a desk says of a report after it took it, as the extension
// of FixMyStreet has it.
type Update struct {
	ID          string   `xml:"update_id" json:"update_id"`
	Request     string   `xml:"service_request_id" json:"service_request_id,omitempty"`
	Status      string   `xml:"status" json:"status,omitempty"`
	At          Datetime `xml:"updated_datetime" json:"updated_datetime,omitzero"`
	Description string   `xml:"description" json:"description,omitempty"`
}

// Documents.
type services struct {
	XMLName xml.Name  `xml:"services" json:"-"`
	List    []Service `xml:"service"`
}

type requests struct {
	XMLName xml.Name  `xml:"service_requests" json:"-"`
	List    []Request `xml:"request"`
}

type definition struct {
	XMLName    xml.Name    `xml:"service_definition" json:"-"`
	Code       string      `xml:"service_code" json:"service_code"`
	Attributes []Attribute `xml:"attributes>attribute" json:"attributes"`
}

type discovery struct {
	XMLName   xml.Name   `xml:"discovery" json:"-"`
	Changeset Datetime   `xml:"changeset" json:"changeset"`
	Contact   string     `xml:"contact" json:"contact"`
	Keys      string     `xml:"key_service" json:"key_service"`
	Endpoints []endpoint `xml:"endpoints>endpoint" json:"endpoints"`
}

type endpoint struct {
	Specification string   `xml:"specification" json:"specification"`
	URL           string   `xml:"url" json:"url"`
	Changeset     Datetime `xml:"changeset" json:"changeset"`
	Type          string   `xml:"type" json:"type"`
	Formats       []string `xml:"formats>format" json:"formats"`
}

// taken says under which number an update was taken.
type taken struct {
	XMLName xml.Name `xml:"service_request_updates" json:"-"`
	List    []took   `xml:"request_update"`
}

type took struct {
	ID string `xml:"update_id" json:"update_id"`
}

type faults struct {
	XMLName xml.Name `xml:"errors" json:"-"`
	List    []fault  `xml:"error"`
}

type fault struct {
	Code        int    `xml:"code" json:"code"`
	Description string `xml:"description" json:"description"`
}

// write writes a document in one of the two formats; JSON has the bare list.
func write(w io.Writer, format string, doc, list any) error {
	if format == "json" {
		return json.NewEncoder(w).Encode(list)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	return xml.NewEncoder(w).Encode(doc)
}

// maxAnswer is the longest answer that is read from a desk, in bytes.
const maxAnswer = 1 << 20

// readRequests reads what a desk answers about reports. FixMyStreet itself calls
// the list requests, where the standard has service_requests.
func readRequests(b []byte) ([]Request, error) {
	var r struct {
		XMLName xml.Name
		List    []Request `xml:"request"`
	}
	if err := decode(b, &r); err != nil {
		return nil, err
	}
	if name := r.XMLName.Local; name != "service_requests" && name != "requests" {
		return nil, errForm
	}
	for i := range r.List {
		x := &r.List[i]
		if len(x.ID) > 200 || len(x.Status) > 100 || len(x.Notes) > 4000 {
			return nil, fmt.Errorf("%w: the answer of the desk has a field that is too long", hearback.ErrInvalid)
		}
		x.ID, x.Token, x.Status, x.Notes = strings.TrimSpace(x.ID), strings.TrimSpace(x.Token), strings.ToLower(strings.TrimSpace(x.Status)), strings.TrimSpace(x.Notes)
	}
	return r.List, nil
}

// readUpdates reads what a desk says after it took reports. Desks name the list
// in two ways.
func readUpdates(b []byte) ([]Update, error) {
	var r struct {
		XMLName xml.Name
		List    []Update `xml:"request_update"`
	}
	if err := decode(b, &r); err != nil {
		return nil, err
	}
	if name := r.XMLName.Local; name != "service_request_updates" && name != "service_requests_updates" {
		return nil, errForm
	}
	for i := range r.List {
		x := &r.List[i]
		if len(x.Request) > 200 || len(x.Status) > 100 || len(x.Description) > 4000 {
			return nil, fmt.Errorf("%w: the answer of the desk has a field that is too long", hearback.ErrInvalid)
		}
		x.Request, x.Status, x.Description = strings.TrimSpace(x.Request), strings.ToLower(strings.TrimSpace(x.Status)), strings.TrimSpace(x.Description)
	}
	return r.List, nil
}

var errForm = fmt.Errorf("%w: the answer of the desk is not what GeoReport v2 asks for", hearback.ErrInvalid)

func decode(b []byte, v any) error {
	if len(b) > maxAnswer {
		return fmt.Errorf("%w: the answer of the desk is longer than %d bytes", hearback.ErrInvalid, maxAnswer)
	}
	if err := xml.Unmarshal(b, v); err != nil {
		return errForm
	}
	return nil
}
