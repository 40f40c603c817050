package open311

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"example.org/hearback"
)

// desk is a desk of an office, for tests.
type desk struct{ taken []string }

func (d *desk) Services(context.Context) ([]Service, error) {
	return []Service{{Code: "roads", Name: "Roads & paths", Type: "realtime"}, {Code: "water", Name: "供水", Type: "realtime"}}, nil
}

func (d *desk) Take(_ context.Context, text string) (string, error) {
	d.taken = append(d.taken, text)
	return "1k3x", nil
}

func (d *desk) Find(_ context.Context, id string) (Request, error) {
	if id != "1k3x" {
		return Request{}, hearback.ErrNotFound
	}
	return Request{ID: id, Status: "open", ServiceCode: "roads", Notes: "<read> & taken on", Requested: Datetime{time.Date(2026, 3, 18, 9, 0, 0, 0, time.FixedZone("", 8*3600))}}, nil
}

func (d *desk) Cases(ctx context.Context) ([]Request, error) {
	r, err := d.Find(ctx, "1k3x")
	return []Request{r}, err
}

func (d *desk) About() About {
	return About{URL: "https://answers.linmere.example", Contact: "Linmere Information Desk", Since: time.Date(2026, 3, 1, 9, 0, 0, 0, time.FixedZone("", 8*3600))}
}

func serve(t *testing.T) (*desk, Client) {
	t.Helper()
	d := &desk{}
	s := httptest.NewServer((&Server{Desk: d}).Handler())
	t.Cleanup(s.Close)
	return d, Client{URL: s.URL + "/open311/v2/", Key: "k", HTTP: s.Client()}
}

// TestClientAndServer: our client speaks with our server.
func TestClientAndServer(t *testing.T) {
	d, c := serve(t)
	list, err := c.Services(t.Context())
	if err != nil || len(list) != 2 || list[0].Name != "Roads & paths" {
		t.Fatalf("Services = %+v, %v", list, err)
	}
	id, token, err := c.Send(t.Context(), "roads", "The bridge is closed <b>since</b> & Monday.", "City Hall", nil)
	if err != nil || id != "1k3x" || token != "" || len(d.taken) != 1 || d.taken[0] != "The bridge is closed <b>since</b> & Monday." {
		t.Fatalf("Send = %q, %q, %v; taken %q", id, token, err, d.taken)
	}
	r, err := c.Status(t.Context(), id)
	if err != nil || r.Status != "open" || r.Notes != "<read> & taken on" || r.Requested.Format("-07:00") != "+08:00" {
		t.Errorf("Status = %+v, %v", r, err)
	}
	if _, err := c.Status(t.Context(), "zzzz"); !errors.Is(err, hearback.ErrNotFound) {
		t.Errorf("Status of another = %v", err)
	}
	for name, send := range map[string][2]string{"another service": {"sewers", "There is a hole."}, "no service": {"", "There is a hole."}, "too short": {"roads", "x"}, "too long": {"roads", strings.Repeat("长", 2001)}} {
		if _, _, err := c.Send(t.Context(), send[0], send[1], "", nil); !errors.Is(err, hearback.ErrRefused) && !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(d.taken) != 1 {
		t.Errorf("taken %q", d.taken)
	}
	busy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }))
	defer busy.Close()
	slow := Client{URL: busy.URL, HTTP: busy.Client()}
	if _, _, err := slow.Send(t.Context(), "roads", "There is a hole.", "", nil); err == nil || errors.Is(err, hearback.ErrRefused) {
		t.Errorf("too often: %v, which must be tried again", err)
	}
}

// TestServerFormats: every answer is what GeoReport v2 asks for, in XML and in
// JSON; names and places that are sent along are not kept.
func TestServerFormats(t *testing.T) {
	d, c := serve(t)
	get := func(path string, want int) string {
		t.Helper()
		res, err := http.Get(strings.TrimSuffix(c.URL, "/") + path)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != want {
			t.Fatalf("%s: %s, %v", path, res.Status, err)
		}
		return string(b)
	}
	for _, path := range []string{"/services", "/services/roads", "/requests", "/requests/1k3x"} {
		var any any
		if err := json.Unmarshal([]byte(get(path+".json", 200)), &any); err != nil {
			t.Errorf("%s.json: %v", path, err)
		}
		var doc struct{ XMLName xml.Name }
		body := get(path+".xml", 200)
		if err := xml.Unmarshal([]byte(body), &doc); err != nil || doc.XMLName.Local == "" || !strings.HasPrefix(body, "<?xml") {
			t.Errorf("%s.xml: %v %s", path, err, body)
		}
	}
	for path, code := range map[string]int{"/services/nope.xml": 404, "/requests/zzzz.json": 404, "/services": 404, "/secrets.xml": 404} {
		get(path, code)
	}
	res, err := http.PostForm(strings.TrimSuffix(c.URL, "/")+"/requests.json", url.Values{"service_code": {"water"}, "description": {"The tap is dry."}, "first_name": {"Li"}, "phone": {"13800138000"}, "lat": {"31.2"}, "long": {"121.4"}, "media_url": {"https://x/y.jpg"}})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusCreated || d.taken[0] != "The tap is dry." {
		t.Errorf("POST = %s, taken %q", res.Status, d.taken)
	}
	big, err := http.PostForm(strings.TrimSuffix(c.URL, "/")+"/requests.xml", url.Values{"service_code": {"water"}, "description": {strings.Repeat("x", 100<<10)}})
	if err != nil {
		t.Fatal(err)
	}
	defer big.Body.Close()
	if big.StatusCode != http.StatusBadRequest {
		t.Errorf("a huge report: %s", big.Status)
	}
}

// TestCityDesk: an exchange in the manner of a city's server, from files: a
// token first, the number later, states of its own, times without a zone.
func TestCityDesk(t *testing.T) {
	file := func(name string) []byte {
		t.Helper()
		b, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	redeemed := false
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Method + " " + r.URL.Path {
		case "POST /open311/v2/requests.xml":
			if r.FormValue("api_key") != "k" || r.FormValue("jurisdiction_id") != "city.example" || r.FormValue("address_string") == "" {
				w.WriteHeader(400)
				w.Write(file("refused.xml"))
				return
			}
			w.Write(file("token.xml"))
		case "GET /open311/v2/tokens/t-12345.xml":
			if !redeemed {
				redeemed = true
				w.Write([]byte(`<service_requests><request><token>t-12345</token></request></service_requests>`))
				return
			}
			w.Write(file("redeemed.xml"))
		case "GET /open311/v2/requests/638344.xml":
			w.Write(file("status.xml"))
		default:
			w.WriteHeader(404)
		}
	}))
	defer s.Close()
	c := Client{URL: s.URL + "/open311/v2", Key: "k", Jurisdiction: "city.example", HTTP: s.Client()}
	if _, _, err := c.Send(t.Context(), "POT", "Hole in the road", "", nil); !errors.Is(err, hearback.ErrRefused) || !strings.Contains(err.Error(), "address_string") {
		t.Errorf("Send without an address = %v", err)
	}
	id, token, err := c.Send(t.Context(), "POT", "Hole in the road", "City Hall", nil)
	if err != nil || id != "" || token != "t-12345" {
		t.Fatalf("Send = %q, %q, %v", id, token, err)
	}
	for _, want := range []string{"", "638344"} {
		if id, err = c.Redeem(t.Context(), token); err != nil || id != want {
			t.Errorf("Redeem = %q, %v, want %q", id, err, want)
		}
	}
	r, err := c.Status(t.Context(), id)
	if err != nil || r.Status != "investigating" || !strings.Contains(r.Notes, "inspector") || r.Updated.IsZero() {
		t.Errorf("Status = %+v, %v", r, err)
	}
}

// FuzzReadRequests: whatever a desk answers, fields stay within their limits.
func FuzzReadRequests(f *testing.F) {
	for _, name := range []string{"token.xml", "status.xml", "redeemed.xml"} {
		b, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte("<requests><request><status>打开</status></request></requests>"))
	f.Add([]byte("<service_request_updates><request_update><service_request_id>1</service_request_id><status>FIXED</status><description>已修好</description></request_update></service_request_updates>"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if updates, err := readUpdates(b); err == nil {
			for _, x := range updates {
				if len(x.Request) > 200 || len(x.Status) > 400 || len(x.Description) > 4000 {
					t.Errorf("%+v", x)
				}
			}
		}
		list, err := readRequests(b)
		if err != nil {
			return
		}
		for _, x := range list {
			if len(x.ID) > 200 || len(x.Status) > 400 || x.Status != strings.ToLower(x.Status) {
				t.Errorf("%+v", x)
			}
		}
	})
}
