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
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"example.org/hearback"
)

// an exchange is one question and its answer.
type exchange struct {
	name         string
	method, path string
	form         url.Values
	status       int
	kind         string
	body         string
}

// exchanges reads a fixture: files "N > METHOD path", which hold the fields of
// the question, one a line, and "N < status type", which hold the answer.
func exchanges(t *testing.T, file string) (list []exchange) {
	t.Helper()
	ar, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(ar.Files); i += 2 {
		ask, answer := strings.Fields(ar.Files[i].Name), strings.SplitN(ar.Files[i+1].Name, " ", 4)
		if len(ask) != 4 || ask[1] != ">" || len(answer) != 4 || answer[1] != "<" || ask[0] != answer[0] {
			t.Fatalf("%s: %q and %q are not a question and its answer", file, ar.Files[i].Name, ar.Files[i+1].Name)
		}
		x := exchange{name: ask[0], method: ask[2], path: ask[3], form: url.Values{}, kind: answer[3], body: string(ar.Files[i+1].Data)}
		if x.status, err = strconv.Atoi(answer[2]); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(ar.Files[i].Data)) {
			name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
			x.form.Set(name, strings.NewReplacer(`\r`, "\r", `\n`, "\n").Replace(value))
		}
		list = append(list, x)
	}
	return list
}

// TestFixMyStreet: our client and a desk of the FixMyStreet family, as the
// fixture has it, which says where each form is from. What the client asks must
// be what stands there to the letter; nothing of whoever asked goes out.
func TestFixMyStreet(t *testing.T) {
	list := exchanges(t, "testdata/fixmystreet.txtar")
	next := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if next == len(list) {
			t.Errorf("%s %s was asked after the end", r.Method, r.URL)
			return
		}
		x := list[next]
		next++
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		if r.Method != x.method || r.URL.Path != "/open311/v2"+x.path || r.Form.Encode() != x.form.Encode() {
			t.Errorf("exchange %s is %s %s %s, want %s %s %s", x.name, r.Method, r.URL.Path, r.Form.Encode(), x.method, x.path, x.form.Encode())
		}
		if kind := r.Header.Get("Content-Type"); r.Method == http.MethodPost && kind != "application/x-www-form-urlencoded; charset=utf-8" {
			t.Errorf("exchange %s is sent as %q", x.name, kind)
		}
		w.Header().Set("Content-Type", x.kind)
		w.WriteHeader(x.status)
		io.WriteString(w, x.body)
	}))
	defer s.Close()
	c := Client{URL: s.URL + "/open311/v2", Key: "k", Jurisdiction: "linmere.example", HTTP: s.Client()}

	services, err := c.Services(t.Context())
	if err != nil || len(services) != 2 || services[0].Code != "POT" || !services[0].Metadata || services[1].Type != "batch" || services[1].Metadata {
		t.Errorf("Services = %+v, %v", services, err)
	}
	attributes, err := c.Definition(t.Context(), "POT")
	if err != nil || len(attributes) != 2 || attributes[0] != (Attribute{"depth", "how deep it is, in centimetres", true}) || attributes[1].Required {
		t.Errorf("Definition = %+v, %v", attributes, err)
	}
	if _, _, err := c.Send(t.Context(), "POT", "Hole at the school gate", "School gate", nil); !errors.Is(err, hearback.ErrRefused) || !strings.Contains(err.Error(), "attribute[depth] cannot be null") {
		t.Errorf("Send without what the desk asks for = %v", err)
	}
	id, token, err := c.Send(t.Context(), "POT", "Hole at the school gate", "School gate", map[string]string{"depth": "12"})
	if err != nil || id != "4231" || token != "" {
		t.Fatalf("Send = %q, %q, %v", id, token, err)
	}
	x, err := c.Status(t.Context(), id)
	if err != nil || x.Status != "open" || x.Notes != "" || !x.Updated.Equal(time.Date(2026, 3, 18, 1, 12, 0, 0, time.UTC)) {
		t.Errorf("Status = %+v, %v", x, err)
	}
	updates, err := c.Updates(t.Context(), time.Date(2026, 3, 18, 0, 0, 0, 0, time.UTC), time.Date(2026, 3, 20, 12, 0, 0, 0, time.UTC))
	if err != nil || len(updates) != 3 {
		t.Fatalf("Updates = %+v, %v", updates, err)
	}
	if u := updates[0]; u.Request != "4231" || u.Status != "action_scheduled" || u.Description != "The road crew comes on Friday." || !u.At.Equal(time.Date(2026, 3, 19, 2, 0, 0, 0, time.UTC)) {
		t.Errorf("the first update is %+v", u)
	}
	if u := updates[1]; u.Status != "fixed" || !u.At.Equal(time.Date(2026, 3, 20, 2, 30, 0, 0, time.UTC)) {
		t.Errorf("the second update is %+v", u)
	}
	if u := updates[2]; u.Request != "4232" || !u.At.IsZero() || u.Description != "" {
		t.Errorf("the third update is %+v", u)
	}
	if id, token, err = c.Send(t.Context(), "LAMP", "The lamp is dark", "Dam Street", nil); err != nil || id != "" || token != "lamp-77" {
		t.Errorf("Send to a desk that gives a token = %q, %q, %v", id, token, err)
	}
	if id, err := c.Redeem(t.Context(), token); err != nil || id != "4240" {
		t.Errorf("Redeem = %q, %v", id, err)
	}
	if x, err = c.Status(t.Context(), "4231"); err != nil || x.Status != Closed || !x.Updated.Equal(time.Date(2026, 3, 20, 2, 30, 0, 0, time.UTC)) {
		t.Errorf("Status from FixMyStreet itself = %+v, %v", x, err)
	}
	if _, err := c.Status(t.Context(), "9999"); !errors.Is(err, hearback.ErrNotFound) {
		t.Errorf("Status of a report that it does not know = %v", err)
	}
	if _, err := c.Status(t.Context(), "4231"); !errors.Is(err, hearback.ErrInvalid) {
		t.Errorf("a page instead of an answer = %v", err)
	}
	c.Key = "old"
	if _, _, err := c.Send(t.Context(), "POT", "Hole at the school gate", "School gate", nil); !errors.Is(err, hearback.ErrRefused) || !strings.Contains(err.Error(), "Invalid api_key") {
		t.Errorf("Send with a wrong key = %v", err)
	}
	if next != len(list) {
		t.Errorf("%d of %d exchanges took place", next, len(list))
	}
}

// TestFixMyStreetAsks: FixMyStreet files reports with our server and asks what
// became of them; it gets what the fixture has, and what we keep is the text
// alone.
func TestFixMyStreetAsks(t *testing.T) {
	d, c := serve(t)
	base := strings.TrimSuffix(c.URL, "/open311/v2/")
	for _, x := range exchanges(t, "testdata/fixmystreet-asks.txtar") {
		var res *http.Response
		var err error
		if x.method == http.MethodPost {
			res, err = http.PostForm(base+x.path, x.form)
		} else {
			res, err = http.Get(base + x.path + "?" + x.form.Encode())
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if got, want := strings.TrimSpace(string(b)), strings.TrimSpace(x.body); res.StatusCode != x.status || res.Header.Get("Content-Type") != x.kind || got != want {
			t.Errorf("exchange %s answers %s, %s\n%s\nwant %d, %s\n%s", x.name, res.Status, res.Header.Get("Content-Type"), got, x.status, x.kind, want)
		}
	}
	want := []string{"Hole at the school gate\nTwo hands deep.\nIt fills with water.", "自来水发黄\n今天早上起，自来水一直发黄。", "It is deeper now."}
	if !slices.Equal(d.taken, want) {
		t.Errorf("taken %q, want %q", d.taken, want)
	}
}

// TestSearch: cases are found as GeoReport v2 has it: numbers override the rest.
func TestSearch(t *testing.T) {
	_, c := serve(t)
	for query, want := range map[string]int{
		"": 1, "?status=open": 1, "?status=closed": 0, "?status=open,closed": 1, "?service_code=roads": 1, "?service_code=water": 0, "?service_code=water,roads&status=open": 1,
		"?start_date=2026-03-18T00:00:00Z": 1, "?start_date=2026-03-18T08:59:00%2B08:00&end_date=2026-03-18T09:01:00%2B08:00": 1, "?end_date=2026-03-17T00:00:00Z": 0,
		"?service_request_id=1k3x&status=closed": 1, "?service_request_id=zzzz": 0, "?start_date=yesterday": -1, "?service_request_id=" + strings.Repeat("1k3x,", 101): -1,
	} {
		res, err := http.Get(strings.TrimSuffix(c.URL, "/") + "/requests.json" + query)
		if err != nil {
			t.Fatal(err)
		}
		var list []map[string]any
		err = json.NewDecoder(res.Body).Decode(&list)
		res.Body.Close()
		if want == -1 {
			if res.StatusCode != http.StatusBadRequest {
				t.Errorf("%s: %s", query, res.Status)
			}
			continue
		}
		if err != nil || res.StatusCode != http.StatusOK || len(list) != want {
			t.Errorf("%s: %s, %d found, %v; want %d", query, res.Status, len(list), err, want)
		}
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
	id, _, err := c.Send(t.Context(), list[0].Code, "There is a hole in the road.", "", nil)
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
