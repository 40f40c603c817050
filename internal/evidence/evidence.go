// Package evidence helps people to add evidence to a case and to see what a
// verdict still needs. It cleans what was typed, takes the hash of an archived
// copy, and explains the rule of verdicts, which itself stands in the root
// package ([hearback.Supports]). It fetches nothing and keeps nothing: package
// desk writes evidence and verdicts.
package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"example.org/hearback"
)

// An Input is a piece of evidence as somebody typed it.
type Input struct {
	URL     string
	Title   string
	Note    string // what it shows
	Hash    string // SHA-256 of the archived copy, or ""
	Primary bool   // it is the origin, not a report of it
}

// New returns the input cleaned. It returns [hearback.ErrInvalid], with a
// sentence that says what would be accepted, for input that cannot be used.
func New(in Input) (hearback.Evidence, error) {
	e := hearback.Evidence{
		Title:   strings.Join(strings.Fields(in.Title), " "),
		Note:    strings.TrimSpace(in.Note),
		Hash:    strings.ToLower(strings.Join(strings.Fields(in.Hash), "")),
		Primary: in.Primary,
	}
	var err error
	if e.URL, err = cleanURL(in.URL); err != nil {
		return hearback.Evidence{}, err
	}
	if e.Title == "" && e.URL != "" {
		e.Title = Host(e)
	}
	return e, e.Check()
}

// trackers are query parameters that say who shared an address, not what it
// names. They are dropped, because they may lead to a person.
var trackers = []string{
	"fbclid", "gclid", "dclid", "msclkid", "yclid", "igshid", "mc_cid", "mc_eid", "share_token", "share_id",
	"spm", "scene", "sharer_shareid", "sharer_sharetime", "weibo_id", "wt_mc", "_ga", "si",
}

// cleanURL returns an address without a name and password, without trackers
// and without a fragment that only marks a place on the page.
func cleanURL(s string) (string, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return "", nil
	}
	u, err := url.Parse(s)
	if err == nil && u.Scheme == "" && !strings.HasPrefix(s, "/") {
		u, err = url.Parse("https://" + s)
	}
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", fmt.Errorf("%w: %.60q is not a web address; use one that begins with https:// or http://", hearback.ErrInvalid, s)
	}
	u.User, u.Host = nil, strings.ToLower(u.Host)
	u.Fragment, u.RawFragment = "", ""
	if q := u.Query(); len(q) > 0 {
		n := len(q)
		for key := range q {
			if strings.HasPrefix(strings.ToLower(key), "utm_") || slices.Contains(trackers, strings.ToLower(key)) {
				q.Del(key)
			}
		}
		if len(q) != n { // leave an address alone that had none: order may matter
			u.RawQuery = q.Encode()
		}
	}
	return u.String(), nil
}

// Host returns the host of a piece of evidence without "www.", or "" if it is
// not on the web.
func Host(e hearback.Evidence) string {
	u, err := url.Parse(e.URL)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")
}

// MaxCopy is the longest document whose copy is hashed, in bytes.
const MaxCopy = 64 << 20

// Copy returns the SHA-256, in hex, of a document, and its length. It returns
// [hearback.ErrInvalid] for a document longer than [MaxCopy] or without bytes.
func Copy(r io.Reader) (hash string, n int64, err error) {
	h := sha256.New()
	n, err = io.Copy(h, io.LimitReader(r, MaxCopy+1))
	switch {
	case err != nil:
		return "", n, fmt.Errorf("read the copy: %w", err)
	case n > MaxCopy:
		return "", n, fmt.Errorf("%w: the document is longer than %d MB; keep a shorter copy", hearback.ErrInvalid, MaxCopy>>20)
	case n == 0:
		return "", n, fmt.Errorf("%w: the document is empty", hearback.ErrInvalid)
	}
	return hex.EncodeToString(h.Sum(nil)), n, nil
}

// A Standing is how far the evidence of a case carries.
type Standing struct {
	Primary     int // primary sources that hold
	Independent int // sources that hold and do not repeat each other
	Retracted   int
	Copies      int                // how many of those that hold have an archived copy
	Allowed     []hearback.Verdict // verdicts the evidence allows, in the order screens show them
}

// Stand says how far the evidence carries.
func Stand(list []hearback.Evidence) Standing {
	var s Standing
	for _, e := range list {
		if !e.Retracted.IsZero() {
			s.Retracted++
			continue
		}
		if e.Primary {
			s.Primary++
		}
		if e.Hash != "" {
			s.Copies++
		}
	}
	s.Independent = hearback.Independent(list)
	for _, v := range hearback.Verdicts() {
		if hearback.Supports(v, list) == nil {
			s.Allowed = append(s.Allowed, v)
		}
	}
	return s
}

// A Check is one line of the list beside a case: what a sound verdict needs,
// and whether it is there. Key names the sentence in the locale files.
type Check struct {
	Key string // "evidence.primary", "evidence.independent", "evidence.copies", "evidence.verdict"
	OK  bool
}

// Checks returns the list for a case, in the order screens show it. Only the
// last one binds: a verdict must be allowed by the evidence.
func Checks(c *hearback.Case) []Check {
	s := Stand(c.Evidence)
	held := len(c.Evidence) - s.Retracted
	return []Check{
		{"evidence.primary", s.Primary > 0},
		{"evidence.independent", s.Independent >= 2},
		{"evidence.copies", held > 0 && s.Copies == held},
		{"evidence.verdict", c.Verdict != "" && slices.Contains(s.Allowed, c.Verdict)},
	}
}
