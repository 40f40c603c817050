// Package deident takes out of a message what points at a person, before the
// message is written anywhere: telephone numbers, mail addresses, handles,
// identity, card and record numbers, number plates, home addresses,
// coordinates, names in self-introductions, and everything of a link but its
// host. What it takes out it replaces by a word in brackets, such as [phone],
// so that later steps and readers see that something was there.
//
// It works by rules and word lists, without a model. It does not find every
// name: a name that nobody introduces ("met Alice there") stays. It does not
// decide what is kept (package topic does), and it keeps nothing itself.
package deident

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"example.org/hearback"
)

// The kinds of things that are masked. Each stands in the text as the same
// word in brackets, but for Link: a link is replaced by its host.
const (
	Phone   = "phone"
	Email   = "email"
	Handle  = "handle" // @handles, accounts in messengers and networks
	ID      = "id"     // identity, passport, record, order and other numbers that name one person's thing
	Card    = "card"   // bank cards and accounts
	Plate   = "plate"  // number plates
	Address = "address"
	Place   = "place" // coordinates
	Name    = "name"
	IP      = "ip"
	Link    = "link"
)

// Withheld stands in place of a whole text that could not be masked.
const Withheld = "[withheld]"

// Options sets what a [Masker] leaves alone.
type Options struct {
	// Keep lists public service numbers that survive in addition to the
	// short ones every masker knows (12345, 110, 911, …), as people write
	// them: "400-820-8820", "0800 123 456". Separators do not matter.
	Keep []string
}

// A Masker masks texts. It is safe for many goroutines.
type Masker struct {
	keep map[string]struct{} // digits of the numbers that survive
	pool sync.Pool           // of *scan
	pass func(*scan)         // finds what to mask; replaced by tests only
}

// New returns a Masker.
func New(o Options) *Masker {
	m := &Masker{keep: make(map[string]struct{}, len(hotlines)+len(o.Keep)), pass: (*scan).run}
	for _, n := range hotlines {
		m.keep[n] = struct{}{}
	}
	for _, n := range o.Keep {
		var digits []byte
		for _, r := range n {
			if f, fl, _ := fold(r); fl&fDigit != 0 {
				digits = append(digits, byte(f))
			}
		}
		if len(digits) > 0 {
			m.keep[string(digits)] = struct{}{}
		}
	}
	m.pool.New = func() any { return &scan{} }
	return m
}

var std = New(Options{}) // never changed

// Text masks s and names the kinds of things it masked, sorted. Masking twice
// changes nothing. A text that cannot be masked becomes [Withheld].
func Text(s string) (masked string, kinds []string) { return std.Text(s) }

// Text is the function [Text] with m's options.
func (m *Masker) Text(s string) (masked string, kinds []string) {
	masked, kinds, err := m.mask(s, len(s))
	if err != nil {
		return Withheld, []string{"withheld"}
	}
	return masked, kinds
}

// maxPasses bounds the work on one text. Each pass replaces at least one
// character by a mask and one pass is nearly always enough; a text that needs
// more is an attack on the masker and is refused.
const maxPasses = 16

// mask masks the first limit characters of s, and to its end whatever begins
// in them. It fails rather than return a text that it is not sure of.
func (m *Masker) mask(s string, limit int) (masked string, kinds []string, err error) {
	defer func() {
		if p := recover(); p != nil {
			// The panic's value may quote the text: it is not passed on.
			masked, kinds, err = "", nil, fmt.Errorf("%w: the text could not be de-identified, so it was forgotten", hearback.ErrRefused)
		}
	}()
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	sc := m.pool.Get().(*scan)
	// Not deferred: after a panic the scan is in an unknown state and is left
	// to the collector.
	sc.keep = m.keep
	var found mark
	for range maxPasses {
		sc.load(s)
		m.pass(sc)
		next, did := sc.write(s, limit)
		if next == s {
			sc.wipe()
			m.pool.Put(sc)
			return s, found.kinds(), nil
		}
		found |= did
		s, limit = next, len(next)
	}
	sc.wipe()
	m.pool.Put(sc)
	return "", nil, fmt.Errorf("%w: the text could not be de-identified, so it was forgotten", hearback.ErrRefused)
}

// tokens are the words that stand for what was masked, by bit of [mark].
var tokens = [...]string{
	"[phone]", "[email]", "[handle]", "[id]", "[card]", "[plate]", "[address]", "[place]", "[name]", "[ip]", "",
}

var kindNames = [...]string{Phone, Email, Handle, ID, Card, Plate, Address, Place, Name, IP, Link}

// A mark is a set of kinds, one bit each, in the order of kindNames.
type mark uint16

const (
	mPhone mark = 1 << iota
	mEmail
	mHandle
	mID
	mCard
	mPlate
	mAddress
	mPlace
	mName
	mIP
	mLink
)

func (m mark) kinds() []string {
	if m == 0 {
		return nil
	}
	var k []string
	for i, name := range kindNames {
		if m&(1<<i) != 0 {
			k = append(k, name)
		}
	}
	slices.Sort(k)
	return k
}
