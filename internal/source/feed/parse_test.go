package feed_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"example.org/hearback/internal/source"
	"example.org/hearback/internal/source/feed"
)

const rss2 = `<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>
<title>河东论坛</title><language>zh-CN</language><link>https://forum.example.org/</link>
<item><guid>p1</guid><title>停水通知</title><description><![CDATA[<p>河东路今天<b>停水</b>吗？</p><p>什么时候恢复？</p><script>alert(1)</script>]]></description>
<pubDate>Tue, 05 Mar 2024 14:05:00 +0800</pubDate><dc:creator>li</dc:creator></item>
<item><link>https://forum.example.org/2</link><title>Is it safe to drink &amp;amp; cook?</title><description>Is it safe to drink &amp; cook? Nobody says.</description><pubDate>2024年3月6日 09:00</pubDate></item>
<item><title>No id at all</title><description>but &lt;i&gt;words&lt;/i&gt;</description><pubDate>Fri, 31 Dec 9999 23:59:59 GMT</pubDate></item>
<item><guid>empty</guid></item>
</channel></rss>`

func parse(t *testing.T, s string) *feed.Parsed {
	t.Helper()
	got, err := feed.NewParser().Parse([]byte(s), "")
	if err != nil {
		t.Fatalf("%v (%v)", err, errors.Unwrap(err))
	}
	return got
}

func TestParseRSS(t *testing.T) {
	got := parse(t, rss2)
	if got.Title != "河东论坛" || len(got.Items) != 3 {
		t.Fatalf("title %q, %d items, want 3: %+v", got.Title, len(got.Items), got.Items)
	}
	want := source.Raw{
		Post: "p1", Account: "li", Lang: "zh", At: time.Date(2024, 3, 5, 6, 5, 0, 0, time.UTC),
		Text: "停水通知\n河东路今天停水吗？\n什么时候恢复？",
	}
	if got.Items[0] != want {
		t.Errorf("item 0 = %+v, want %+v", got.Items[0], want)
	}
	if i := got.Items[1]; i.Post != "https://forum.example.org/2" || i.Text != "Is it safe to drink & cook? Nobody says." || !i.At.Equal(time.Date(2024, 3, 6, 9, 0, 0, 0, time.UTC)) || i.Account != "" {
		t.Errorf("item 1 = %+v", i)
	}
	if i := got.Items[2]; !strings.HasPrefix(i.Post, "sha256:") || i.Text != "No id at all\nbut words" || !i.At.IsZero() {
		t.Errorf("item 2 = %+v, want no time: year 9999 is no time", i)
	}
	// An entry keeps its Post when its words are corrected, and so does one
	// without an id when nothing changes.
	again := parse(t, strings.Replace(rss2, "什么时候", "几点", 1))
	if again.Items[0].Post != "p1" || again.Items[0].Text == want.Text || again.Items[2] != got.Items[2] {
		t.Errorf("after an edit: %+v", again.Items)
	}
}

func TestParseFormats(t *testing.T) {
	for _, tt := range []struct{ name, in, post, text, account, lang string }{
		{"atom", `<feed xmlns="http://www.w3.org/2005/Atom"><title>x</title><entry><id>urn:1</id><title type="html">Tap &lt;b&gt;water&lt;/b&gt;</title><author><name>Ana</name><email>a@example.org</email></author><updated>2024-03-05T14:05:00Z</updated><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Is it safe?</p><p>Since when?</p></div></content></entry></feed>`,
			"urn:1", "Tap water\nIs it safe?\nSince when?", "a@example.org Ana", ""},
		{"rdf", `<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"><title>t</title></channel><item rdf:about="https://example.org/1"><title>Water</title><link>https://example.org/1</link><description>No water.</description><dc:date>2024-03-05T14:05:00Z</dc:date></item></rdf:RDF>`,
			"https://example.org/1", "Water\nNo water.", "", ""},
		{"rss 0.91", `<?xml version="1.0"?><!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.com/publish/formats/rss-0.91.dtd"><rss version="0.91"><channel><title>t</title><language>fr-fr</language><item><title>De l'eau</title><link>https://example.org/1</link></item></channel></rss>`,
			"https://example.org/1", "De l'eau", "", "fr"},
		{"json feed", `{"version":"https://jsonfeed.org/version/1.1","title":"t","language":"en-US","items":[{"id":"7","content_html":"<p>No water<br>since noon</p>","authors":[{"name":"Ana"}],"date_published":"2024-03-05T14:05:00Z"}]}`,
			"7", "No water\nsince noon", "Ana", "en"},
		{"a long comment before the root", `<?xml version="1.0"?><!--` + strings.Repeat("x", 10000) + `--><rss version="2.0"><channel><item><guid>1</guid><title>Water</title></item></channel></rss>`,
			"1", "Water", "", ""},
		{"parameter entity", `<!DOCTYPE rdf:RDF [<!ENTITY % HTMLlat1 PUBLIC "-//W3C//ENTITIES Latin 1 for XHTML//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml-lat1.ent">]><rss version="2.0"><channel><item><guid>1</guid><title>Caf&eacute;</title></item></channel></rss>`,
			"1", "Café", "", ""},
		{"unescaped markup", `<rss version="2.0"><channel><item><guid>1</guid><title>Water & power <unclosed</title></item></channel></rss>`,
			"1", "", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := feed.NewParser().Parse([]byte(tt.in), "")
			if err != nil {
				if tt.text != "" {
					t.Fatal(err, errors.Unwrap(err))
				}
				return
			}
			if len(got.Items) != 1 {
				t.Fatalf("%d items, want 1", len(got.Items))
			}
			if i := got.Items[0]; tt.text != "" && (i.Post != tt.post || i.Text != tt.text || i.Account != tt.account || i.Lang != tt.lang) {
				t.Errorf("item = %+v, want %+v", i, tt)
			}
		})
	}
}

func TestParseCharsets(t *testing.T) {
	gb := func(s string) string {
		b, err := simplifiedchinese.GB18030.NewEncoder().String(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	plain := strings.TrimPrefix(rss2, `<?xml version="1.0" encoding="UTF-8"?>`)
	for _, tt := range []struct{ name, in, declared string }{
		{"gb18030, declared", `<?xml version="1.0" encoding="gb2312"?>` + gb(plain), ""},
		{"gb18030, declared by the server", gb(plain), "gbk"},
		{"gb18030 that says it is UTF-8", gb(rss2), "utf-8"},
		{"gb18030, undeclared", gb(plain), ""},
		{"UTF-8 that says it is gb2312", strings.Replace(rss2, "UTF-8", "gb2312", 1), "gb2312"},
		{"UTF-8 with an unknown set", strings.Replace(rss2, "UTF-8", "x-klingon", 1), "bogus"},
	} {
		got, err := feed.NewParser().Parse([]byte(tt.in), tt.declared)
		if err != nil || got.Title != "河东论坛" || !strings.Contains(got.Items[0].Text, "河东路今天停水吗") {
			t.Errorf("%s: %+v, %v", tt.name, got, err)
		}
	}
	// A broken byte costs one character.
	got := parse(t, strings.Replace(rss2, "停水通知", "停水\xff通知", 1))
	if !strings.HasPrefix(got.Items[0].Text, "停水\uFFFD通知") || !utf8.ValidString(got.Items[0].Text) {
		t.Errorf("a broken byte: %q", got.Items[0].Text)
	}
}

func TestParseRefuses(t *testing.T) {
	lol := `<!DOCTYPE lolz [<!ENTITY lol "lol">`
	for i := range 9 {
		lol += fmt.Sprintf(`<!ENTITY lol%d "%s">`, i, strings.Repeat("&lol;", 10))
	}
	for _, tt := range []struct{ name, in, want string }{
		{"empty", "  \n", "answers with nothing"},
		{"text", "hello", "neither XML nor JSON"},
		{"bomb", lol + `]><rss version="2.0"><channel><title>&lol8;</title></channel></rss>`, "declares entities of its own"},
		{"file entity", `<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss version="2.0"><channel><title>&x;</title></channel></rss>`, "declares entities of its own"},
		{"nesting", `<rss version="2.0"><channel><item>` + strings.Repeat("<a>", 200_000) + strings.Repeat("</a>", 200_000), "nested more than 256 levels"},
		{"json nesting", `{"version":"https://jsonfeed.org/version/1","items":` + strings.Repeat("[", 200_000), "nested more than 256 levels"},
		{"page", `<!DOCTYPE html><html><head><title>x</title></head><body></body></html>`, "the page names no feed"},
		{"page with a feed", `<!doctype html><HTML><head><link rel="alternate" type="application/rss+xml" href="/feed.xml"></head></html>`, "The page names this feed: /feed.xml"},
		{"other xml", `<svg xmlns="http://www.w3.org/2000/svg"><g/></svg>`, "neither RSS nor Atom"},
		{"cut off", rss2[:600], "is broken"},
		{"other json", `{"hello":`, "is broken"},
		{"only a comment", `<!-- -->`, "holds no element"},
		{"too large", "<rss>" + strings.Repeat("x", feed.MaxBody), "larger than 8 MiB"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := feed.NewParser().Parse([]byte(tt.in), "")
			var f *source.Fault
			if !errors.As(err, &f) || !strings.Contains(f.Sentence, tt.want) || strings.Count(f.Sentence, "\n") > 0 {
				t.Errorf("Parse = %v, %v, want a fault that says %q", got, err, tt.want)
			}
		})
	}
}

func TestParseLimits(t *testing.T) {
	var b strings.Builder
	b.WriteString(`<rss version="2.0"><channel>`)
	for i := range feed.MaxItems + 5 {
		fmt.Fprintf(&b, "<item><guid>%d</guid><title>Water %d</title></item>", i, i)
	}
	b.WriteString(`</channel></rss>`)
	got := parse(t, b.String())
	if len(got.Items) != feed.MaxItems || got.Left != 5 {
		t.Errorf("%d items, %d left, want %d and 5", len(got.Items), got.Left, feed.MaxItems)
	}
	long := strings.Repeat("停水。", 350_000) // more than 1 MB in one entry
	got = parse(t, `<rss version="2.0"><channel><item><guid>`+strings.Repeat("g", 5000)+`</guid><description>`+long+`</description></item></channel></rss>`)
	if i := got.Items[0]; len(i.Text) > 64<<10 || len(i.Text) < 60<<10 || !utf8.ValidString(i.Text) || len(i.Post) > 100 {
		t.Errorf("a long entry gives %d bytes of text, id %.50q", len(i.Text), i.Post)
	}
}

func TestText(t *testing.T) {
	p := feed.NewParser()
	for _, tt := range []struct{ in, want string }{
		{"plain", "plain"},
		{"a &lt; b &amp;&amp; c", "a < b && c"},
		{"<p>one</p><p>two</p>", "one\ntwo"},
		{"你<b>好</b>吗", "你好吗"},
		{"one<br/>two<br>three", "one\ntwo\nthree"},
		{"<ul><li>a</li><li>b</li></ul>", "a\nb"},
		{"x<script>alert('停')</script><style>p{}</style>y", "xy"},
		{"a <img src=x onerror=alert(1)> b", "a b"},
		{"3 < 5 and 7 > 2", "3 < 5 and 7 > 2"},
		{"a\u200b\u0007  b\r\n\r\n\r\nc", "a b\nc"},
	} {
		if got := p.Text(tt.in); got != tt.want {
			t.Errorf("Text(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(rss2), "")
	f.Add([]byte(`<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id><content>Is the water safe?</content></entry></feed>`), "gb2312")
	f.Add([]byte(`{"version":"https://jsonfeed.org/version/1","items":[{"id":1,"content_text":"停水了吗"}]}`), "utf-8")
	f.Add([]byte("<rss><channel><item><title>\xcd\xa3\xcb\xae</title>"), "gbk")
	p := feed.NewParser()
	f.Fuzz(func(t *testing.T, b []byte, declared string) {
		got, err := p.Parse(b, declared)
		if err != nil {
			var fault *source.Fault
			if !errors.As(err, &fault) || fault.Sentence == "" {
				t.Errorf("Parse(%q): %v is no sentence", b, err)
			}
			return
		}
		for _, i := range got.Items {
			if !utf8.ValidString(i.Text) || i.Text == "" || i.Post == "" || len(i.Text) > 64<<10 || len(i.Post) > 1<<10 {
				t.Errorf("Parse(%q) gives %+v", b, i)
			}
		}
	})
}

func FuzzReadOPML(f *testing.F) {
	f.Add([]byte(opml))
	f.Add([]byte(`<opml><body><outline text="水务" xmlUrl="https://example.org/a"/></body></opml>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		list, _, err := feed.ReadOPML(bytes.NewReader(b))
		if err != nil {
			return
		}
		for _, e := range list {
			if source.CheckURL(e.URL) != nil || e.Title == "" {
				t.Errorf("ReadOPML(%q) gives %+v", b, e)
			}
		}
	})
}
