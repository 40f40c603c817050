package conformance

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
)

// A service is the program under test, with a drill beside it.
type service struct {
	console, drill, setup string
}

func serve(t *testing.T) *service {
	t.Helper()
	file := filepath.Join(t.TempDir(), "hearback")
	build := exec.Command("go", "build", "-o", file, "./cmd/hearback")
	build.Dir, build.Env = "..", append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	const any = "127.0.0.1:0"
	cmd := exec.Command(file, "serve", "--data", t.TempDir(), "--console-listen", any, "--public-listen", any,
		"--drill-file", "water", "--drill-listen", any, "--drill-public", any, "--drill-speed", "3600", "--log-level", "warn")
	var log bytes.Buffer
	cmd.Stderr = &log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_, _ = io.Copy(io.Discard, out)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the program ended with %v\n%s", err, &log)
		}
	})
	s := &service{}
	address := regexp.MustCompile(`http://\S+`)
	lines := bufio.NewScanner(out)
	for before := ""; lines.Scan(); before = lines.Text() {
		line := lines.Text()
		switch at := address.FindString(line); {
		case strings.Contains(line, "/setup?token="):
			s.setup = at
		case strings.HasPrefix(before, "A drill is running"):
			s.drill = at
		case strings.HasPrefix(strings.TrimSpace(line), "Console"):
			s.console = at
		}
		if strings.Contains(line, "Ctrl-C") {
			return s
		}
	}
	t.Fatalf("the program did not start:\n%s", &log)
	return nil
}

// token makes the first administrator and a token that reads.
func (s *service) token(t *testing.T) string {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	post := func(path string, form url.Values) string {
		t.Helper()
		res, err := browser.PostForm(s.console+path, form)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode >= 400 {
			t.Fatalf("%s = %s %v\n%s", path, res.Status, err, b)
		}
		return string(b)
	}
	u, err := url.Parse(s.setup)
	if err != nil {
		t.Fatal(err)
	}
	const word = "several unrelated words 7"
	post("/setup", url.Values{"token": {u.Query().Get("token")}, "name": {"First"}, "login": {"first"}, "lang": {"en"}, "password": {word}, "again": {word}})
	page := post("/account/tokens", url.Values{"name": {"Assistant"}, "days": {"1"}, "scope": {"read"}})
	token := regexp.MustCompile(`hb_[0-9a-z]+_[0-9a-z]{40}`).FindString(page)
	if token == "" {
		t.Fatal("no token was made")
	}
	return token
}

// bearer sends a token with every request.
type bearer string

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if b != "" {
		r.Header.Set("Authorization", "Bearer "+string(b))
	}
	return http.DefaultTransport.RoundTrip(r)
}

// connect begins a session with the client of the protocol's own Go SDK.
func connect(t *testing.T, ctx context.Context, base, token string) *mcp.ClientSession {
	t.Helper()
	client := mcp.NewClient(&mcp.Implementation{Name: "conformance", Version: "1"}, nil)
	x, err := client.Connect(ctx, &mcp.StreamableClientTransport{Endpoint: base + "/mcp", HTTPClient: &http.Client{Transport: bearer(token)}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = x.Close() })
	return x
}

// use calls a tool and reads what it says.
func use(t *testing.T, ctx context.Context, x *mcp.ClientSession, name string, args map[string]any) map[string]any {
	t.Helper()
	res, err := x.CallTool(ctx, &mcp.CallToolParams{Name: name, Arguments: args})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	text := res.Content[0].(*mcp.TextContent).Text
	v := map[string]any{}
	if res.IsError || json.Unmarshal([]byte(text), &v) != nil {
		t.Fatalf("%s: %s", name, text)
	}
	return v
}

// TestMCP has the tools used by the client of the protocol's own SDK: in an
// office with a token, and in a drill, where there is something to read.
func TestMCP(t *testing.T) {
	s := serve(t)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	office := connect(t, ctx, s.console, s.token(t))
	if v := office.InitializeResult(); v.ServerInfo.Name != "hearback" || v.Instructions == "" {
		t.Errorf("initialize = %+v", v)
	}
	tools, err := office.ListTools(ctx, nil)
	if err != nil || len(tools.Tools) != 11 {
		t.Fatalf("tools = %+v, %v", tools, err)
	}
	for _, x := range tools.Tools {
		if x.Annotations == nil || !x.Annotations.ReadOnlyHint {
			t.Errorf("%s may do more than read", x.Name)
		}
	}
	if err := office.Ping(ctx, nil); err != nil {
		t.Error(err)
	}
	use(t, ctx, office, "list_sources", nil)
	if v := use(t, ctx, office, "log_record", map[string]any{"seq": 0}); v["seq"] != 0.0 {
		t.Errorf("the first record = %v", v)
	}
	if _, err := mcp.NewClient(&mcp.Implementation{Name: "stranger", Version: "1"}, nil).Connect(ctx, &mcp.StreamableClientTransport{Endpoint: s.console + "/mcp"}, nil); err == nil {
		t.Error("a stranger is let in")
	}

	drill := connect(t, ctx, s.drill, "")
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	var items []any
	for len(items) == 0 {
		items, _ = use(t, ctx, drill, "list_concerns", map[string]any{"view": "all", "small": true, "limit": 5})["items"].([]any)
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("the drill brings nothing")
		}
	}
	id := items[0].(map[string]any)["id"]
	said := use(t, ctx, drill, "list_messages", map[string]any{"id": id, "limit": 3})["items"].([]any)
	if len(said) == 0 {
		t.Fatal("a concern without messages")
	}
	if text, _ := said[0].(map[string]any)["text"].(map[string]any)["untrusted_public_text"].(string); text == "" {
		t.Errorf("a message is not marked as what the public said: %v", said[0])
	}
}

// TestOpenAPI has the document read, and answers held against it, by a library
// that others wrote.
func TestOpenAPI(t *testing.T) {
	s := serve(t)
	get := func(path string) (*http.Request, *http.Response) {
		t.Helper()
		r, err := http.NewRequest("GET", s.drill+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { res.Body.Close() })
		return r, res
	}
	_, res := get("/api/v1/openapi.json")
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := libopenapi.NewDocument(b)
	if err != nil {
		t.Fatal(err)
	}
	if doc.GetVersion() != "3.1.1" {
		t.Errorf("the document is of version %s", doc.GetVersion())
	}
	model, err := doc.BuildV3Model()
	if err != nil {
		t.Fatal(err)
	}
	if n := model.Model.Paths.PathItems.Len(); n < 70 {
		t.Errorf("the document has %d paths", n)
	}
	v, errs := validator.NewValidator(doc)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if ok, faults := v.ValidateDocument(); !ok {
		for _, f := range faults {
			t.Errorf("%s: %s %v", f.Message, f.Reason, f.SchemaValidationErrors)
		}
	}
	for _, path := range []string{"/me", "/today", "/concerns?view=all", "/themes", "/cases", "/answers", "/alerts?view=all", "/sources", "/topics", "/desks", "/playbooks", "/log", "/settings", "/calibration", "/concerns/zzz"} {
		r, res := get("/api/v1" + path)
		if ok, faults := v.ValidateHttpResponse(r, res); !ok {
			for _, f := range faults {
				t.Errorf("%s: %s: %s %v", path, f.Message, f.Reason, f.SchemaValidationErrors)
			}
		}
	}
}
