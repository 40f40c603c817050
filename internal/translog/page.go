package translog

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"example.org/hearback"
)

// maxPage is the longest page we read, in bytes, and maxDepth how deep its
// elements may stand in each other.
const (
	maxPage  = 8 << 20
	maxDepth = 500
)

// VerifyPage checks the proof in a page, and that the words which a reader sees
// are the words that the log vouches for. Elements with a data-part attribute
// (title, lead, do, known, going, why, next), if there are any, must hold
// exactly that part and nothing else; without them, every part must stand
// somewhere among the visible words. It returns [hearback.ErrInvalid] if the
// page carries no proof that can be read.
func VerifyPage(page []byte, o VerifyOptions) (Report, error) {
	return verifyPage(context.Background(), page, o)
}

func verifyPage(ctx context.Context, page []byte, o VerifyOptions) (Report, error) {
	if len(page) > maxPage {
		return Report{}, fmt.Errorf("%w: the page has more than %d bytes", hearback.ErrInvalid, maxPage)
	}
	root, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		return Report{}, fmt.Errorf("%w: the page cannot be read: %v", hearback.ErrInvalid, err)
	}
	var p seen
	if err := p.walk(root, 0); err != nil {
		return Report{}, err
	}
	if len(p.proofs) == 0 {
		return Report{}, fmt.Errorf("%w: the page carries no proof (a script element of type application/json with the id %s)", hearback.ErrInvalid, BundleID)
	}
	r, texts, err := verifyBundle(ctx, []byte(p.proofs[0]), o)
	if err != nil {
		return r, err
	}
	r.check(len(p.proofs) == 1, "block", len(p.proofs))
	if len(texts) == 0 {
		r.skip("page")
	} else {
		lang, fault := p.shows(texts)
		r.Lang = lang
		if fault == "" {
			r.check(true, "page", lang)
		} else {
			r.check(false, "page", fault)
		}
	}
	r.skip("beside")
	return r, nil
}

// VerifyFile checks a page or a bare bundle in a file.
func VerifyFile(path string, o VerifyOptions) (Report, error) {
	f, err := os.Open(path)
	if err != nil {
		return Report{}, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxPage+1))
	if err != nil {
		return Report{}, err
	}
	return verify(context.Background(), b, o)
}

// VerifyURL checks a page or a bare bundle on the web, and that the log served
// at /log on the same host still continues it.
func VerifyURL(ctx context.Context, client *http.Client, address string, o VerifyOptions) (Report, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return Report{}, fmt.Errorf("%w: %.200q is not a web address", hearback.ErrInvalid, address)
	}
	b, err := fetch(ctx, client, address, maxPage)
	if err != nil {
		return Report{}, err
	}
	if o.Log == nil {
		o.Log = Remote{client, u.Scheme + "://" + u.Host + "/log"}
	}
	return verify(ctx, b, o)
}

// Verify checks what is at a web address, or else in a file.
func Verify(ctx context.Context, where string, o VerifyOptions) (Report, error) {
	if !strings.HasPrefix(where, "http://") && !strings.HasPrefix(where, "https://") {
		return VerifyFile(where, o)
	}
	return VerifyURL(ctx, o.client(), where, o)
}

func (o VerifyOptions) client() *http.Client {
	if o.Client == nil {
		return &http.Client{Timeout: 30 * time.Second}
	}
	return o.Client
}

func verify(ctx context.Context, b []byte, o VerifyOptions) (Report, error) {
	if t := bytes.TrimLeft(b, " \t\r\n\ufeff"); len(t) > 0 && t[0] == '{' {
		r, _, err := verifyBundle(ctx, t, o)
		return r, err
	}
	return verifyPage(ctx, b, o)
}

// seen is what a reader of a page sees, and the proofs in it.
type seen struct {
	proofs []string
	text   strings.Builder
	parts  []*part
	open   []int // parts that the walk is inside of
}

// A part is the visible text of an element with a data-part attribute.
type part struct {
	name string
	text strings.Builder
}

// hidden are elements whose text no reader sees.
var hidden = []atom.Atom{atom.Script, atom.Style, atom.Template, atom.Head, atom.Noscript, atom.Textarea, atom.Select, atom.Iframe, atom.Object, atom.Svg, atom.Math, atom.Del, atom.S}

// inline are elements that do not break a line: words go on through them.
var inline = []atom.Atom{atom.A, atom.Abbr, atom.B, atom.Bdi, atom.Bdo, atom.Cite, atom.Code, atom.Data, atom.Dfn, atom.Em, atom.Font, atom.I, atom.Ins, atom.Kbd, atom.Mark, atom.Q, atom.Small, atom.Span, atom.Strong, atom.Sub, atom.Sup, atom.Time, atom.U, atom.Var, atom.Wbr}

func (p *seen) write(s string) {
	p.text.WriteString(s)
	for _, i := range p.open {
		p.parts[i].text.WriteString(s)
	}
}

func (p *seen) walk(n *html.Node, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("%w: the page nests its elements too deep", hearback.ErrInvalid)
	}
	if n.Type == html.TextNode {
		p.write(n.Data)
		return nil
	}
	if n.Type == html.ElementNode {
		if n.DataAtom == atom.Script && attr(n, "id") == BundleID && attr(n, "type") == "application/json" && n.FirstChild != nil {
			p.proofs = append(p.proofs, n.FirstChild.Data)
		}
		_, isHidden := has(n, "hidden")
		if isHidden || slices.Contains(hidden, n.DataAtom) {
			// A proof may stand in the head.
			return p.proofsIn(n, depth)
		}
		block := !slices.Contains(inline, n.DataAtom)
		if block {
			p.write(" ")
		}
		if name, ok := has(n, "data-part"); ok {
			// Each part that is open costs the text once more.
			if len(p.open) == 8 {
				return fmt.Errorf("%w: the page nests the parts of its answer too deep", hearback.ErrInvalid)
			}
			p.parts = append(p.parts, &part{name: name})
			p.open = append(p.open, len(p.parts)-1)
			defer func() { p.open = p.open[:len(p.open)-1] }()
		}
		if block {
			defer p.write(" ")
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if err := p.walk(c, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// proofsIn looks for proofs where nothing is shown.
func (p *seen) proofsIn(n *html.Node, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("%w: the page nests its elements too deep", hearback.ErrInvalid)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.DataAtom == atom.Script && attr(c, "id") == BundleID && attr(c, "type") == "application/json" && c.FirstChild != nil {
			p.proofs = append(p.proofs, c.FirstChild.Data)
		}
		if err := p.proofsIn(c, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func has(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

func attr(n *html.Node, name string) string {
	v, _ := has(n, name)
	return v
}

// words brings text to the form in which it is compared.
func words(s string) string { return strings.Join(strings.Fields(s), " ") }

// named lists the parts of a text that are not empty.
func (t answerText) named() (list [][2]string) {
	for _, x := range [][2]string{{"title", t.Title}, {"lead", t.Lead}, {"do", t.Do}, {"known", t.Known}, {"going", t.Going}, {"why", t.Why}, {"next", t.Next}} {
		if x[1] = words(x[1]); x[1] != "" {
			list = append(list, x)
		}
	}
	return list
}

// shows returns the language in which the page shows an answer, or what is
// wrong with the language that comes nearest.
func (p *seen) shows(texts []answerText) (lang, fault string) {
	all := words(p.text.String())
	best := -1
	for i, t := range texts {
		var faults []string
		if len(p.parts) > 0 {
			faults = p.exactly(t)
		} else {
			for _, x := range t.named() {
				if !strings.Contains(all, x[1]) {
					faults = append(faults, x[0])
				}
			}
		}
		if len(t.named()) == 0 {
			faults = append(faults, "title")
		}
		if len(faults) == 0 {
			return t.Lang, ""
		}
		if n := len(t.named()) - len(faults); i == 0 || n > best {
			best, lang, fault = n, t.Lang, strings.Join(faults, ", ")
		}
	}
	return lang, fault
}

// exactly compares the marked parts of the page with a text: each once, and
// none besides.
func (p *seen) exactly(t answerText) (faults []string) {
	want := map[string]string{}
	for _, x := range t.named() {
		want[x[0]] = x[1]
	}
	for _, x := range p.parts {
		name := x.name
		if w, ok := want[name]; !ok || words(x.text.String()) != w {
			faults = append(faults, name)
		}
		delete(want, name)
	}
	for _, x := range t.named() {
		if _, left := want[x[0]]; left {
			faults = append(faults, x[0])
		}
	}
	return faults
}
