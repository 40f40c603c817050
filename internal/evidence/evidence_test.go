package evidence_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/evidence"
)

func TestNew(t *testing.T) {
	hash := strings.Repeat("0F", 32)
	for _, tt := range []struct {
		name string
		in   evidence.Input
		want hearback.Evidence
		err  error
	}{
		{"as it is", evidence.Input{URL: "https://lab.example/3?b=2&a=1", Title: "Sheet", Primary: true},
			hearback.Evidence{URL: "https://lab.example/3?b=2&a=1", Title: "Sheet", Primary: true}, nil},
		{"cleaned", evidence.Input{URL: " HTTPS://me:secret@Lab.Example/3?utm_source=x&id=5&fbclid=abc#top ", Title: "  A \n sheet ", Note: " six samples\n", Hash: " " + hash[:10] + " " + hash[10:]},
			hearback.Evidence{URL: "https://lab.example/3?id=5", Title: "A sheet", Note: "six samples", Hash: strings.ToLower(hash)}, nil},
		{"only trackers", evidence.Input{URL: "https://lab.example/?spm=1&share_id=9", Title: "x"}, hearback.Evidence{URL: "https://lab.example/", Title: "x"}, nil},
		{"no scheme", evidence.Input{URL: "www.lab.example/3"}, hearback.Evidence{URL: "https://www.lab.example/3", Title: "lab.example"}, nil},
		{"in Chinese", evidence.Input{URL: "https://例子.example/水质", Title: "水质检测报告"}, hearback.Evidence{URL: "https://%E4%BE%8B%E5%AD%90.example/%E6%B0%B4%E8%B4%A8", Title: "水质检测报告"}, nil},
		{"paper", evidence.Input{Title: "会议纪要", Primary: true}, hearback.Evidence{Title: "会议纪要", Primary: true}, nil},
		{"nothing", evidence.Input{}, hearback.Evidence{}, hearback.ErrInvalid},
		{"a script", evidence.Input{URL: "javascript:alert(1)", Title: "x"}, hearback.Evidence{}, hearback.ErrInvalid},
		{"a file", evidence.Input{URL: "file:///etc/passwd", Title: "x"}, hearback.Evidence{}, hearback.ErrInvalid},
		{"a path", evidence.Input{URL: "/admin", Title: "x"}, hearback.Evidence{}, hearback.ErrInvalid},
		{"data", evidence.Input{URL: "data:text/html,<script>", Title: "x"}, hearback.Evidence{}, hearback.ErrInvalid},
		{"half a hash", evidence.Input{Title: "x", Hash: "0f"}, hearback.Evidence{}, hearback.ErrInvalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := evidence.New(tt.in)
			if !errors.Is(err, tt.err) {
				t.Fatalf("New = %v, want %v", err, tt.err)
			}
			if err == nil && got != tt.want {
				t.Errorf("New =\n%+v, want\n%+v", got, tt.want)
			}
		})
	}
}

func TestCopy(t *testing.T) {
	hash, n, err := evidence.Copy(strings.NewReader("abc"))
	if want := "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; hash != want || n != 3 || err != nil {
		t.Errorf("Copy = %s, %d, %v, want %s", hash, n, err, want)
	}
	if _, _, err := evidence.Copy(strings.NewReader("")); !errors.Is(err, hearback.ErrInvalid) {
		t.Errorf("Copy of nothing: %v, want ErrInvalid", err)
	}
	if _, n, err := evidence.Copy(endless{}); !errors.Is(err, hearback.ErrInvalid) || n > evidence.MaxCopy+1 {
		t.Errorf("Copy without end: %v after %d bytes, want ErrInvalid", err, n)
	}
	broken := errors.New("broken")
	if _, _, err := evidence.Copy(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("Copy of a broken reader: %v", err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

var _ io.Reader = endless{}

func TestStandAndChecks(t *testing.T) {
	gone := hearback.Evidence{ID: 3, Title: "gone", Primary: true, Retracted: time.Date(2026, 3, 18, 9, 0, 0, 0, time.UTC)}
	c := &hearback.Case{Verdict: hearback.Unverifiable, Evidence: []hearback.Evidence{gone, {ID: 1, Title: "report", URL: "https://a.example/"}}}
	s := evidence.Stand(c.Evidence)
	if s.Primary != 0 || s.Independent != 1 || s.Retracted != 1 || s.Copies != 0 || !slices.Equal(s.Allowed, []hearback.Verdict{hearback.Unverifiable, hearback.NotYetKnown}) {
		t.Errorf("Stand = %+v", s)
	}
	oks := func() (list []bool) {
		for _, x := range evidence.Checks(c) {
			list = append(list, x.OK)
		}
		return list
	}
	if got := oks(); !slices.Equal(got, []bool{false, false, false, true}) {
		t.Errorf("Checks = %v", got)
	}
	c.Verdict = hearback.False
	if got := oks(); got[3] {
		t.Error("a verdict without evidence passes")
	}
	c.Evidence = []hearback.Evidence{
		{ID: 1, Title: "report", URL: "https://a.example/", Hash: strings.Repeat("a", 64)},
		{ID: 2, Title: "sheet", Primary: true, Hash: strings.Repeat("b", 64)},
	}
	if got := oks(); !slices.Equal(got, []bool{true, true, true, true}) {
		t.Errorf("Checks = %v", got)
	}
	if s := evidence.Stand(c.Evidence); len(s.Allowed) != len(hearback.Verdicts()) || s.Copies != 2 {
		t.Errorf("Stand = %+v", s)
	}
	if got := evidence.Checks(&hearback.Case{}); len(got) != 4 || got[2].OK || got[3].OK {
		t.Errorf("Checks of nothing = %v", got)
	}
}

func FuzzNew(f *testing.F) {
	f.Add("https://lab.example/3?utm_source=x&id=5#top", "Laboratory sheet", "0f")
	f.Add("例子.example/水质?分享=1", "水质检测报告", "")
	f.Add("//user:pw@host", "", "zz")
	f.Add("https://[::1]:80/%zz", "x", "")
	f.Fuzz(func(t *testing.T, url, title, hash string) {
		e, err := evidence.New(evidence.Input{URL: url, Title: title, Hash: hash})
		if err != nil {
			return
		}
		if err := e.Check(); err != nil {
			t.Errorf("New let %+v pass, which cannot be kept: %v", e, err)
		}
		if e.URL != "" && !strings.HasPrefix(e.URL, "http://") && !strings.HasPrefix(e.URL, "https://") {
			t.Errorf("New let the address %q pass", e.URL)
		}
		again, err := evidence.New(evidence.Input{URL: e.URL, Title: e.Title, Hash: e.Hash})
		if err != nil || again.URL != e.URL || again.Title != e.Title {
			t.Errorf("cleaning again gave %+v, %v, was %+v", again, err, e)
		}
	})
}
