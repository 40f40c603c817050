package safedial_test

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/source/safedial"
)

func client(t *testing.T, o safedial.Options) *http.Client {
	t.Helper()
	c, err := safedial.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// get returns the body, or the sentence that the operator would read.
func get(c *http.Client, address string) (body, sentence string) {
	u, _ := url.Parse(address)
	resp, err := c.Get(address)
	if err == nil {
		defer resp.Body.Close()
		var b []byte
		if b, err = io.ReadAll(resp.Body); err == nil {
			return string(b), ""
		}
	}
	return "", safedial.Explain(err, u.Hostname())
}

func TestAllow(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.UserAgent())
	}))
	defer srv.Close()
	host := strings.TrimPrefix(srv.URL, "http://")
	_, port, _ := net.SplitHostPort(host)
	local := "http://localhost:" + port
	const refused = "The address 127.0.0.1 is this machine itself. To allow it, add it to network.allow in hearback.toml."
	for _, tt := range []struct {
		allow []string
		url   string
		want  string // sentence; "" if it may be read
	}{
		{nil, srv.URL, refused},
		{nil, "http://10.0.0.5/feed", "The address 10.0.0.5 is inside a private network. To allow it, add it to network.allow in hearback.toml."},
		{nil, "http://169.254.169.254/latest/meta-data", "The address 169.254.169.254 is inside the local network. To allow it, add it to network.allow in hearback.toml."},
		{nil, "http://[::1]:" + port, "The address ::1 is this machine itself. To allow it, add it to network.allow in hearback.toml."},
		{nil, "http://[::ffff:127.0.0.1]:" + port, refused},
		{nil, "http://[64:ff9b::7f00:1]/", "The address 64:ff9b::7f00:1 is in a range that is not part of the public internet. To allow it, add it to network.allow in hearback.toml."},
		{nil, "http://192.0.2.1:25/", "The address 192.0.2.1 is in a range that is not part of the public internet. To allow it, add it to network.allow in hearback.toml."},
		{nil, "http://8.8.8.8:25/", "Port 25 is not one that web pages are served on. To allow it, add the host with this port to network.allow in hearback.toml."},
		{nil, "file:///etc/passwd", `The address begins with "file:", and only http and https are read.`},
		{nil, "gopher://example.org/", `The address begins with "gopher:", and only http and https are read.`},
		{[]string{"127.0.0.0/8"}, srv.URL, ""},
		{[]string{"127.0.0.1"}, srv.URL, ""},
		{[]string{host}, srv.URL, ""},
		{[]string{"127.0.0.1:1"}, srv.URL, refused},
		{[]string{"10.0.0.0/8"}, srv.URL, refused},
		{[]string{" LOCALHOST "}, local, ""},
		{[]string{"localhost:" + port}, local, ""},
		{[]string{"localhost"}, srv.URL, refused}, // the name was allowed, not its address
	} {
		t.Run(strings.Join(tt.allow, " ")+" "+tt.url, func(t *testing.T) {
			body, got := get(client(t, safedial.Options{Allow: tt.allow, Version: "1.2", Contact: "press@example.org\r\n"}), tt.url)
			if got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
			if tt.want == "" && body != "Hearback/1.2 (+press@example.org)" {
				t.Errorf("user agent = %q", body)
			}
		})
	}
}

func TestAllowInvalid(t *testing.T) {
	for _, entry := range []string{"", "http://example.org", "10.0.0.0/99", "example.org:port", "example.org:0", "*.example.org", "a b", "user@host"} {
		if _, err := safedial.New(safedial.Options{Allow: []string{entry}}); !errors.Is(err, hearback.ErrInvalid) {
			t.Errorf("allow %q: %v, want one that is ErrInvalid", entry, err)
		}
	}
	for _, entry := range []string{"fd00::/8", "::1", "[::1]:8080", "intranet", "intranet.example.org:8443", "10.1.2.3"} {
		if _, err := safedial.New(safedial.Options{Allow: []string{entry}}); err != nil {
			t.Errorf("allow %q: %v", entry, err)
		}
	}
}

// A redirect is checked like any other request: a public page must not lead
// into the private network.
func TestRedirects(t *testing.T) {
	secret := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Error("the private host was reached")
	}))
	defer secret.Close()
	mux := http.NewServeMux()
	mux.Handle("/in", http.RedirectHandler(strings.Replace(secret.URL, "127.0.0.1", "localhost", 1), http.StatusFound))
	mux.Handle("/file", http.RedirectHandler("file:///etc/passwd", http.StatusFound))
	mux.Handle("/loop", http.RedirectHandler("/loop", http.StatusMovedPermanently))
	mux.HandleFunc("/hop/{n}", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.PathValue("n"))
		if n == 0 {
			io.WriteString(w, "there")
			return
		}
		http.Redirect(w, r, "/hop/"+strconv.Itoa(n-1), http.StatusFound)
	})
	srv := httptest.NewServer(mux)
	defer srv.Close()
	c := client(t, safedial.Options{Allow: []string{strings.TrimPrefix(srv.URL, "http://")}})
	for _, tt := range []struct{ path, body, sentence string }{
		{"/in", "", "is this machine itself. To allow it"},
		{"/file", "", `begins with "file:"`},
		{"/loop", "", "sends us on more than 5 times"},
		{"/hop/5", "there", ""},
		{"/hop/6", "", "sends us on more than 5 times"},
	} {
		body, got := get(c, srv.URL+tt.path)
		if body != tt.body || !strings.Contains(got, tt.sentence) {
			t.Errorf("%s: %q, %q, want %q, %q", tt.path, body, got, tt.body, tt.sentence)
		}
	}
}

func TestSize(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.Query().Get("n"))
		out := io.Writer(w)
		if r.URL.Path == "/gzip" {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			defer z.Close()
			out = z
		}
		block := make([]byte, 64<<10)
		for n > 0 {
			k, err := out.Write(block[:min(n, len(block))])
			if n -= k; err != nil {
				return
			}
		}
	}))
	defer srv.Close()
	c := client(t, safedial.Options{Allow: []string{"127.0.0.1"}, MaxBytes: 1 << 20})
	for _, path := range []string{"/plain", "/gzip"} {
		if body, got := get(c, srv.URL+path+"?n=1048576"); len(body) != 1<<20 {
			t.Errorf("%s: just as much as is allowed: %d bytes, %q", path, len(body), got)
		}
		// The packed form of 200 MiB of zeroes has 200 kB.
		if _, got := get(c, srv.URL+path+"?n=209715200"); got != "127.0.0.1 sends more than 1 MiB, which is the most that is read. Ask for a shorter feed." {
			t.Errorf("%s: a bomb gives %q", path, got)
		}
	}
}

func TestProxy(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "by proxy: "+r.URL.String())
	}))
	defer proxy.Close()
	u, _ := url.Parse(proxy.URL)
	t.Setenv("HTTP_PROXY", proxy.URL)
	c := client(t, safedial.Options{Proxy: u})
	if body, got := get(c, "http://example.org/feed"); body != "by proxy: http://example.org/feed" {
		t.Errorf("got %q, %q", body, got)
	}
	if _, got := get(c, "http://10.0.0.5/"); !strings.Contains(got, "private network") {
		t.Errorf("a private address through the proxy: %q", got)
	}
	// The environment does not choose a proxy.
	if body, _ := get(client(t, safedial.Options{Timeout: time.Second}), "http://127.0.0.1:9/"); body != "" {
		t.Errorf("the proxy of the environment was used: %q", body)
	}
}

func TestExplain(t *testing.T) {
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, "short")
	}))
	defer broken.Close()
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer slow.Close()
	safe := httptest.NewTLSServer(http.NotFoundHandler())
	defer safe.Close()
	dead := httptest.NewServer(http.NotFoundHandler())
	dead.Close()
	c := client(t, safedial.Options{Allow: []string{"127.0.0.1"}, Timeout: 300 * time.Millisecond})
	for _, tt := range []struct{ url, want string }{
		{broken.URL, "127.0.0.1 broke off in the middle of its answer."},
		{slow.URL, "127.0.0.1 did not answer in time."},
		{safe.URL, "The certificate of 127.0.0.1 was signed by nobody this machine trusts."},
		{strings.Replace(broken.URL, "http:", "https:", 1), "127.0.0.1 does not speak https on this port."},
		{dead.URL, "127.0.0.1 refuses connections on this port."},
	} {
		if _, got := get(c, tt.url); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.url, got, tt.want)
		}
	}
	for _, tt := range []struct {
		err  error
		want string
	}{
		{&net.DNSError{IsNotFound: true}, "There is no host named example.org."},
		{&net.DNSError{IsTemporary: true}, "The name example.org could not be looked up."},
		{context.Canceled, "Reading from example.org was broken off because Hearback stopped."},
		{errors.New("malformed HTTP response"), "example.org sent something that is no answer of a web server."},
	} {
		if got := safedial.Explain(tt.err, "example.org"); !strings.HasPrefix(got, tt.want) {
			t.Errorf("Explain(%v) = %q, want %q", tt.err, got, tt.want)
		}
	}
}
