package open311

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"example.org/hearback"
)

// TestFixMyStreet: our client files a report with a desk that runs FixMyStreet
// and reads what becomes of it.
func TestFixMyStreet(t *testing.T) {
	ar, err := txtar.ParseFile("testdata/fixmystreet.txtar")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, f := range ar.Files {
		files[f.Name] = f.Data
	}
	status, sent := "status.xml", url.Values{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/xml; charset=utf-8")
		if r.FormValue("jurisdiction_id") != "linmere.example" {
			t.Errorf("%s %s names the jurisdiction %q", r.Method, r.URL.Path, r.FormValue("jurisdiction_id"))
		}
		switch r.Method + " " + r.URL.Path {
		case "GET /open311/v2/services.xml":
			w.Write(files["services.xml"])
		case "POST /open311/v2/requests.xml":
			sent = r.PostForm
			if r.PostForm.Get("api_key") != "k" {
				w.WriteHeader(http.StatusForbidden)
				w.Write(files["refused.xml"])
				return
			}
			w.Write(files["taken.xml"])
		case "GET /open311/v2/requests/4231.xml":
			w.Write(files[status])
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer s.Close()
	c := Client{URL: s.URL + "/open311/v2", Key: "k", Jurisdiction: "linmere.example", HTTP: s.Client()}
	list, err := c.Services(t.Context())
	if err != nil || len(list) != 2 || list[1].Code != "Street lighting" || !list[1].Metadata || list[1].Group != "Street" || list[0].Type != "realtime" {
		t.Errorf("Services = %+v, %v", list, err)
	}
	id, token, err := c.Send(t.Context(), "Potholes", "Hole at the school gate", "School gate")
	if err != nil || id != "4231" || token != "" {
		t.Fatalf("Send = %q, %q, %v", id, token, err)
	}
	// A report has a service, words and where; nothing of whoever asked.
	for name := range sent {
		if !slices.Contains([]string{"api_key", "jurisdiction_id", "service_code", "description", "address_string"}, name) {
			t.Errorf("the report holds %s", name)
		}
	}
	x, err := c.Status(t.Context(), id)
	if err != nil || x.Status != "action_scheduled" || x.Notes != "The road crew comes on Friday." || !x.Updated.Equal(time.Date(2026, 3, 19, 2, 0, 0, 0, time.UTC)) {
		t.Errorf("Status = %+v, %v", x, err)
	}
	status = "fixed.xml"
	if x, err = c.Status(t.Context(), id); err != nil || x.Status != "fixed" || !x.Updated.Equal(time.Date(2026, 3, 20, 2, 30, 0, 0, time.UTC)) {
		t.Errorf("Status = %+v, %v", x, err)
	}
	c.Key = "old"
	if _, _, err := c.Send(t.Context(), "Potholes", "Hole", "School gate"); !errors.Is(err, hearback.ErrRefused) || !strings.Contains(err.Error(), "Invalid api_key") {
		t.Errorf("Send with a wrong key = %v", err)
	}
}

// georeport are the fields that GeoReport v2 documents for each answer.
var georeport = map[string][]string{
	"service": {"service_code", "service_name", "description", "metadata", "type", "keywords", "group"},
	"request": {"service_request_id", "status", "status_notes", "service_name", "service_code", "description", "agency_responsible", "service_notice",
		"requested_datetime", "updated_datetime", "expected_datetime", "address", "address_id", "zipcode", "lat", "long", "media_url"},
}

// TestServerFields: our server answers with the documented fields, all of them
// and no other, in XML and in JSON; times have a zone, metadata is a truth.
func TestServerFields(t *testing.T) {
	_, c := serve(t)
	base := strings.TrimSuffix(c.URL, "/")
	get := func(path string) []byte {
		t.Helper()
		res, err := http.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s, %v", path, res.Status, err)
		}
		return b
	}
	list, err := c.Services(t.Context())
	if err != nil || len(list) == 0 {
		t.Fatalf("Services = %v, %v", list, err)
	}
	id, _, err := c.Send(t.Context(), list[0].Code, "There is a hole in the road.", "")
	if err != nil {
		t.Fatal(err)
	}
	type element struct {
		XMLName xml.Name
		Text    string    `xml:",chardata"`
		Inside  []element `xml:",any"`
	}
	for path, kind := range map[string]string{"/services": "service", "/requests/" + id: "request", "/requests": "request"} {
		var doc element
		if err := xml.Unmarshal(get(path+".xml"), &doc); err != nil || len(doc.Inside) == 0 || doc.Inside[0].XMLName.Local != kind {
			t.Fatalf("%s.xml: %+v, %v", path, doc, err)
		}
		var rows []map[string]any
		if err := json.Unmarshal(get(path+".json"), &rows); err != nil || len(rows) != len(doc.Inside) {
			t.Fatalf("%s.json: %v, %v", path, rows, err)
		}
		for i, one := range doc.Inside {
			var names, fields []string
			for _, f := range one.Inside {
				names = append(names, f.XMLName.Local)
				if strings.HasSuffix(f.XMLName.Local, "_datetime") && f.Text != "" {
					if _, err := time.Parse(time.RFC3339, f.Text); err != nil {
						t.Errorf("%s: %s is %q, without a zone", path, f.XMLName.Local, f.Text)
					}
				}
				switch v := f.Text; f.XMLName.Local {
				case "metadata":
					if v != "true" && v != "false" {
						t.Errorf("%s: metadata is %q", path, v)
					}
				case "type":
					if !slices.Contains([]string{"realtime", "batch", "blackbox"}, v) {
						t.Errorf("%s: type is %q", path, v)
					}
				case "status":
					if v != "open" && v != "closed" {
						t.Errorf("%s: status is %q", path, v)
					}
				}
			}
			for name := range rows[i] {
				fields = append(fields, name)
			}
			want := slices.Sorted(slices.Values(georeport[kind]))
			slices.Sort(names)
			slices.Sort(fields)
			if !slices.Equal(names, want) || !slices.Equal(fields, want) {
				t.Errorf("%s answers\n%v\n%v, want\n%v", path, names, fields, want)
			}
		}
	}
}
