// Package follow tells residents by e-mail of the answers that they asked to be
// told of: when one is published, corrected or withdrawn.
//
// Nothing is kept of anybody but an address, a language, what is followed and
// since when. The address is sealed with a key beside the store, and known
// again by a keyed hash; what is still to be sent names the row and not the
// address, so that nothing more is sent once the row is gone. A letter that
// asks for confirmation is all that an address gets before its owner said yes,
// and whoever asks for one learns nothing about the address.
package follow

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access/seal"
	"example.org/hearback/internal/notify"
	"example.org/hearback/internal/publish"
)

// A Wish is what somebody wants to be told of, and in which language.
type Wish struct {
	Lang   string        `json:"-"`
	All    bool          `json:"all,omitempty"`
	Topics []hearback.ID `json:"topics,omitempty"`
	Areas  []string      `json:"areas,omitempty"` // and what lies within
	Cases  []hearback.ID `json:"cases,omitempty"` // one question, and what is said of it later
	// In narrows all of this but Cases to answers that are given in one of these
	// languages; none means any. Alone it means all answers in them.
	In []string `json:"in,omitempty"`
}

// maxThings is how many topics, areas and questions one may follow.
const maxThings = 50

// tidy puts w in order, and returns [hearback.ErrInvalid] with a sentence if it
// names nothing, or too much.
func (w *Wish) tidy() error {
	slices.Sort(w.Topics)
	slices.Sort(w.Areas)
	slices.Sort(w.Cases)
	slices.Sort(w.In)
	w.Topics, w.Areas, w.Cases, w.In = slices.Compact(w.Topics), slices.Compact(w.Areas), slices.Compact(w.Cases), slices.Compact(w.In)
	w.In = slices.DeleteFunc(w.In, func(lang string) bool { return !slices.Contains(notify.Langs(), lang) })
	n := len(w.Topics) + len(w.Areas) + len(w.Cases)
	if w.All || n == 0 && len(w.In) > 0 {
		w.All, w.Topics, w.Areas, w.Cases = true, nil, nil, nil
	}
	switch {
	case !slices.Contains(notify.Langs(), w.Lang):
		return fmt.Errorf("%w: choose the language of the letters", hearback.ErrInvalid)
	case !w.All && n == 0:
		return fmt.Errorf("%w: choose what to follow", hearback.ErrInvalid)
	case n > maxThings:
		return fmt.Errorf("%w: that is too much to follow; choose all answers instead", hearback.ErrInvalid)
	}
	return nil
}

// Facets say what an answer is about.
type Facets struct {
	Topics []hearback.ID
	Areas  []string
	Langs  []string // in which it is or was given
}

// wants reports whether w asks for an answer.
func (w *Wish) wants(a *hearback.Answer, f Facets) bool {
	if slices.Contains(w.Cases, a.Case) {
		return true
	}
	given := func(lang string) bool {
		return slices.ContainsFunc(f.Langs, func(tag string) bool { return publish.Within(tag, lang) })
	}
	if len(w.In) > 0 && !slices.ContainsFunc(w.In, given) {
		return false
	}
	return w.All ||
		slices.ContainsFunc(w.Topics, func(id hearback.ID) bool { return slices.Contains(f.Topics, id) }) ||
		slices.ContainsFunc(w.Areas, func(area string) bool {
			return slices.ContainsFunc(f.Areas, func(x string) bool { return x == area || strings.HasPrefix(x, area+"/") })
		})
}

// A Follow is one address that is told.
type Follow struct {
	ID     hearback.ID
	Mark   []byte // keyed hash of the address
	Sealed []byte // the address
	Wish   Wish
	Since  time.Time
}

// An Ask is an address that has not confirmed yet.
type Ask struct {
	Mark   []byte
	Token  []byte // SHA-256 of what the link carries
	Sealed []byte // address and wish
	First  time.Time
	At     time.Time
	N      int // letters since First
}

// A Store keeps them. Package store implements it.
type Store interface {
	// FollowAsk returns what is not confirmed yet for an address, and
	// FollowAskBy for a link; [hearback.ErrNotFound] if there is nothing.
	FollowAsk(ctx context.Context, mark []byte) (*Ask, error)
	FollowAskBy(ctx context.Context, token []byte) (*Ask, error)
	// PutFollowAsk keeps a, in the place of an earlier one, with its letter.
	PutFollowAsk(ctx context.Context, a Ask, letter publish.Delivery) error
	// ConfirmFollow keeps f instead of what was asked under its mark. An address
	// that is told already keeps its id and since when.
	ConfirmFollow(ctx context.Context, f Follow) error
	// Follow and FollowBy return [hearback.ErrNotFound] if there is none.
	Follow(ctx context.Context, id hearback.ID) (*Follow, error)
	FollowBy(ctx context.Context, mark []byte) (*Follow, error)
	// PutWish changes what is followed, or returns [hearback.ErrNotFound].
	PutWish(ctx context.Context, id hearback.ID, w Wish) error
	// DropFollow forgets an address and what it asked, if it is there.
	DropFollow(ctx context.Context, id hearback.ID) error
	// Follows returns those after an id, in order.
	Follows(ctx context.Context, after hearback.ID, limit int) ([]Follow, error)
	// CountFollows counts them.
	CountFollows(ctx context.Context) (int64, error)
	// ForgetFollowAsks forgets what was not confirmed since a time.
	ForgetFollowAsks(ctx context.Context, before time.Time) error

	Answer(ctx context.Context, id hearback.ID) (*hearback.Answer, error)
}

// A Service does it. All fields are set before its first use.
type Service struct {
	Store  Store
	Key    []byte // 32 bytes: seals addresses, makes marks and links
	Now    func() time.Time
	NextID func() hearback.ID
	Site   func() publish.Site
	Mail   notify.Sender
	// About says what an answer is about, in all that was ever published of it,
	// so that a correction reaches those who were told of what it corrects.
	About func(ctx context.Context, a *hearback.Answer) (Facets, error)
	// Things names what a wish asks for, in its language.
	Things func(ctx context.Context, w Wish) ([]string, error)

	// Kick says that there is a letter to send; nil does nothing.
	Kick func()

	mu    sync.Mutex // one asks at a time, so that letters are counted right
	words writer
}

// Limits on letters that ask for confirmation: whoever types the address of
// somebody else in costs them no more than these.
const (
	Confirm   = 24 * time.Hour // how long a link holds
	perDay    = 3              // letters to one address
	askAgain  = 5 * time.Minute
	maxSealed = 16 << 10
)

// An asked is what is sealed until it is confirmed.
type asked struct {
	To   string
	Lang string
	Wish Wish
}

// mac makes 32 bytes that only the holder of the key can make.
func (s *Service) mac(what string, b []byte) []byte {
	m := hmac.New(sha256.New, s.Key)
	fmt.Fprintf(m, "follow %s\n", what)
	m.Write(b)
	return m.Sum(nil)
}

// Ask takes a wish for an address and sends it a letter with a link. What it
// does and returns is the same whether or not the address is told already; it
// returns [hearback.ErrInvalid] only for what cannot be an address or a wish.
func (s *Service) Ask(ctx context.Context, address string, w Wish) error {
	if err := w.tidy(); err != nil {
		return err
	}
	a, _, err := notify.ParseAddress(notify.Mail, address, "")
	if err != nil || len(a.To) > 254 {
		return fmt.Errorf("%w: that is not an e-mail address; write it like name@example.org", hearback.ErrInvalid)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.Now().UTC().Truncate(time.Microsecond)
	x := Ask{Mark: s.mac("address", []byte(strings.ToLower(a.To))), First: now, At: now, N: 1}
	switch old, err := s.Store.FollowAsk(ctx, x.Mark); {
	case errors.Is(err, hearback.ErrNotFound):
	case err != nil:
		return err
	case now.Sub(old.First) < Confirm && (old.N >= perDay || now.Sub(old.At) < askAgain):
		return nil // it has its letter
	case now.Sub(old.First) < Confirm:
		x.First, x.N = old.First, old.N+1
	}
	token := make([]byte, 24)
	rand.Read(token) // never fails
	sum := sha256.Sum256(token)
	x.Token = sum[:]
	plain, err := json.Marshal(asked{a.To, w.Lang, w})
	if err != nil {
		return err
	}
	if len(plain) > maxSealed {
		return fmt.Errorf("%w: that is too much to follow; choose all answers instead", hearback.ErrInvalid)
	}
	if x.Sealed, err = seal.Seal(s.Key, plain, x.Mark); err != nil {
		return err
	}
	d := publish.Delivery{ID: s.NextID(), Kind: publish.Letter, Target: x.Mark, Made: now, Due: now}
	// The link is in the letter alone; until that is sent it is sealed too.
	if d.Body, err = seal.Seal(s.Key, token, []byte(d.ID.String())); err != nil {
		return err
	}
	if err := s.Store.PutFollowAsk(ctx, x, d); err != nil {
		return err
	}
	if s.Kick != nil {
		s.Kick()
	}
	return nil
}

var (
	errOver  = fmt.Errorf("%w: this link was used already, or its day is over; ask for a new letter", hearback.ErrNotFound)
	errWrong = fmt.Errorf("%w: this link is not whole; open the one in your letter", hearback.ErrNotFound)
)

// open returns what a link asks to confirm.
func (s *Service) open(ctx context.Context, link string) (*Ask, asked, error) {
	var a asked
	token, err := base64.RawURLEncoding.DecodeString(link)
	if err != nil || len(token) == 0 || len(link) > 100 {
		return nil, a, errWrong
	}
	sum := sha256.Sum256(token)
	x, err := s.Store.FollowAskBy(ctx, sum[:])
	if errors.Is(err, hearback.ErrNotFound) || err == nil && s.Now().Sub(x.At) > Confirm {
		return nil, a, errOver
	}
	if err != nil {
		return nil, a, err
	}
	plain, err := seal.Open(s.Key, x.Sealed, x.Mark)
	if err != nil {
		return nil, a, errOver // another key sealed it
	}
	err = json.Unmarshal(plain, &a)
	a.Wish.Lang = a.Lang
	return x, a, err
}

// Asked returns what a link asks to confirm, or [hearback.ErrNotFound] if it
// was used or its time is over.
func (s *Service) Asked(ctx context.Context, link string) (Wish, error) {
	_, a, err := s.open(ctx, link)
	return a.Wish, err
}

// Confirm does what a link asks for, in the place of what its address followed
// before, and returns the key of the page where that can be changed and ended.
func (s *Service) Confirm(ctx context.Context, link string) (key string, err error) {
	x, a, err := s.open(ctx, link)
	if err != nil {
		return "", err
	}
	f := Follow{ID: s.NextID(), Mark: x.Mark, Wish: a.Wish, Since: s.Now()}
	if f.Sealed, err = seal.Seal(s.Key, []byte(a.To), x.Mark); err != nil {
		return "", err
	}
	if err := s.Store.ConfirmFollow(ctx, f); err != nil {
		return "", err
	}
	kept, err := s.Store.FollowBy(ctx, x.Mark)
	if err != nil {
		return "", err
	}
	return s.key(kept.ID), nil
}

// key is what the links of a letter carry: they work for one row and only as
// long as it is there.
func (s *Service) key(id hearback.ID) string {
	return id.String() + "." + base64.RawURLEncoding.EncodeToString(s.mac("key", []byte(id.String()))[:18])
}

// id reads a key.
func (s *Service) id(key string) (hearback.ID, error) {
	before, _, _ := strings.Cut(key, ".")
	id, err := hearback.ParseID(before)
	if err != nil || !hmac.Equal([]byte(s.key(id)), []byte(key)) {
		return 0, errWrong
	}
	return id, nil
}

// Wish returns what is followed under a key, and since when; nil if nothing is
// any more. It returns [hearback.ErrNotFound] if it is not a key.
func (s *Service) Wish(ctx context.Context, key string) (*Wish, time.Time, error) {
	id, err := s.id(key)
	if err != nil {
		return nil, time.Time{}, err
	}
	f, err := s.Store.Follow(ctx, id)
	if errors.Is(err, hearback.ErrNotFound) {
		return nil, time.Time{}, nil
	}
	if err != nil {
		return nil, time.Time{}, err
	}
	return &f.Wish, f.Since, nil
}

// Change follows something else under a key.
func (s *Service) Change(ctx context.Context, key string, w Wish) error {
	id, err := s.id(key)
	if err != nil {
		return err
	}
	if err := w.tidy(); err != nil {
		return err
	}
	return s.Store.PutWish(ctx, id, w)
}

// Leave forgets the address behind a key, and all that was to be sent to it.
// It says the same if that has been done already.
func (s *Service) Leave(ctx context.Context, key string) error {
	id, err := s.id(key)
	if err != nil {
		return err
	}
	return s.Store.DropFollow(ctx, id)
}

// Count says how many addresses are told: all that the office sees of them.
func (s *Service) Count(ctx context.Context) (int64, error) { return s.Store.CountFollows(ctx) }

// Forget forgets who has not confirmed in time.
func (s *Service) Forget(ctx context.Context) error {
	return s.Store.ForgetFollowAsks(ctx, s.Now().Add(-Confirm))
}

// A news is what a letter is to tell: an act on an answer.
type news struct {
	Answer hearback.ID
	Rev    int // 0 for a withdrawal
}

// batch is how many rows are read at once.
const batch = 500

// Tell returns the letters that an act on an answer causes: rev is the revision
// that was published, or 0 if the answer was withdrawn.
func (s *Service) Tell(ctx context.Context, a *hearback.Answer, rev int) (list []publish.Delivery, err error) {
	about, err := s.About(ctx, a)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(news{a.ID, rev})
	if err != nil {
		return nil, err
	}
	now := s.Now()
	for after := hearback.ID(0); ; {
		some, err := s.Store.Follows(ctx, after, batch)
		if err != nil || len(some) == 0 {
			return list, err
		}
		for _, f := range some {
			if f.Wish.wants(a, about) {
				list = append(list, publish.Delivery{ID: s.NextID(), Kind: publish.Letter, Target: []byte(f.ID.String()), Body: body, Made: now, Due: now})
			}
			after = f.ID
		}
	}
}

// Deliver sends one letter by a line of Mail, unless it is not wanted or not true
// any more. Whoever has no such address any more is forgotten.
func (s *Service) Deliver(ctx context.Context, d publish.Delivery, by notify.Sender) error {
	id, err := hearback.ParseID(string(d.Target))
	if err != nil {
		return s.sendLink(ctx, d, by)
	}
	var n news
	if err := json.Unmarshal(d.Body, &n); err != nil {
		return err
	}
	f, err := s.Store.Follow(ctx, id)
	if errors.Is(err, hearback.ErrNotFound) {
		return nil // whoever it was has left
	}
	if err != nil {
		return err
	}
	a, err := s.Store.Answer(ctx, n.Answer)
	if err != nil {
		return err
	}
	if cur := a.Current(); cur == nil || (a.Withdrawn != nil) != (n.Rev == 0) || n.Rev != 0 && cur.N != n.Rev {
		return nil // what came after it has a letter of its own
	}
	about, err := s.About(ctx, a)
	if err != nil || !f.Wish.wants(a, about) {
		return err
	}
	to, err := seal.Open(s.Key, f.Sealed, f.Mark)
	if err != nil {
		return &notify.Fault{Sentence: "An address cannot be opened: keys/follow.key is not the one it was sealed with.", Final: true, Err: err}
	}
	m, err := s.letter(a, f)
	if err != nil {
		return err
	}
	m.Key, m.At = "hb_"+d.ID.String(), s.Now()
	err = by.Send(ctx, notify.Address{To: string(to)}, m)
	var fault *notify.Fault
	if errors.As(err, &fault) && fault.Gone {
		return errors.Join(err, s.Store.DropFollow(context.WithoutCancel(ctx), f.ID))
	}
	return err
}

// sendLink sends the letter that asks for confirmation.
func (s *Service) sendLink(ctx context.Context, d publish.Delivery, by notify.Sender) error {
	x, err := s.Store.FollowAsk(ctx, d.Target)
	if errors.Is(err, hearback.ErrNotFound) {
		return nil // it was confirmed by another letter, or forgotten
	}
	if err != nil {
		return err
	}
	token, err := seal.Open(s.Key, d.Body, []byte(d.ID.String()))
	if sum := sha256.Sum256(token); err == nil && !bytes.Equal(sum[:], x.Token) {
		return nil // a newer letter is on its way
	}
	link := base64.RawURLEncoding.EncodeToString(token)
	var a asked
	if err == nil {
		_, a, err = s.open(ctx, link)
	}
	if errors.Is(err, hearback.ErrNotFound) {
		return nil // its time is over
	}
	if err != nil {
		return &notify.Fault{Sentence: "An address cannot be opened: keys/follow.key is not the one it was sealed with.", Final: true, Err: err}
	}
	m, err := s.invitation(ctx, a.Wish, link)
	if err != nil {
		return err
	}
	m.Key, m.At = "hb_"+d.ID.String(), s.Now()
	return by.Send(ctx, notify.Address{To: a.To}, m)
}
