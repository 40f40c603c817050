package activitypub

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access/seal"
	"example.org/hearback/internal/publish"
)

// A Store keeps where to deliver to. Package store implements it.
type Store interface {
	// AddAudience keeps a place of delivery under the mark of who asked; it
	// replaces an earlier one. DropAudience forgets it.
	AddAudience(ctx context.Context, mark, sealed []byte, now time.Time) error
	DropAudience(ctx context.Context, mark []byte) error
	// Audience counts them, and Inboxes returns them, sealed.
	Audience(ctx context.Context) (int64, error)
	Inboxes(ctx context.Context) ([][]byte, error)
	// SeenActivity keeps the mark of an activity and reports whether it was
	// kept before; marks older than before are forgotten.
	SeenActivity(ctx context.Context, mark []byte, now, before time.Time) (bool, error)
	// AddNeighbour keeps what another office published, in the place of what it
	// said under the same address; title "" forgets it. At most keep of one
	// office are kept.
	AddNeighbour(ctx context.Context, n Neighbour, keep int) error

	SendLater(ctx context.Context, list ...publish.Delivery) error
	Answer(ctx context.Context, id hearback.ID) (*hearback.Answer, error)
}

// A Neighbour is an answer that another office published, whose actor this one
// follows.
type Neighbour struct {
	ID    string // address of the object
	Host  string
	Title string
	URL   string
	At    time.Time
}

// keepNeighbour is how many answers of one other office are kept.
const keepNeighbour = 50

// A Server is the actor of an office.
type Server struct {
	Name       string // before the @
	Site       func() publish.Site
	Key        *rsa.PrivateKey
	Secret     []byte // 32 bytes: seals places of delivery and makes marks
	Store      Store
	Client     *http.Client
	Neighbours []string // actors of other offices that this one follows
	Answers    func(ctx context.Context) ([]hearback.Answer, error)
	NextID     func() hearback.ID
	Now        func() time.Time
	Log        *slog.Logger
	Version    string

	rate rate
}

// Limits of what is read from others.
const (
	maxActivity = 64 << 10
	maxDepth    = 24
	maxActor    = 256 << 10
	perMinute   = 300 // requests to the inbox that make us ask for a key
)

// rate bounds how often others can make us fetch something.
type rate struct {
	mu    sync.Mutex
	begun time.Time
	n     int
}

func (r *rate) take(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.begun) > time.Minute || now.Before(r.begun) {
		r.begun, r.n = now, 0
	}
	r.n++
	return r.n <= perMinute
}

// mark is how an address is recognised without being kept.
func (s *Server) mark(kind, address string) []byte {
	m := hmac.New(sha256.New, s.Secret)
	fmt.Fprintf(m, "activitypub %s\n%s", kind, address)
	return m.Sum(nil)
}

// fail says what was wrong, as briefly as machines need it.
func (s *Server) fail(w http.ResponseWriter, err error) {
	code := http.StatusInternalServerError
	switch {
	case errors.Is(err, hearback.ErrNotFound):
		code = http.StatusNotFound
	case errors.Is(err, hearback.ErrRefused):
		code = http.StatusUnauthorized
	case errors.Is(err, hearback.ErrInvalid):
		code = http.StatusBadRequest
	default:
		s.Log.Error("the fediverse could not be served", slog.Any("err", err))
		err = errors.New("this went wrong here; try again later")
	}
	http.Error(w, err.Error(), code)
}

// received is what is read of an activity; everything else of it is not.
type received struct {
	ID     string          `json:"id"`
	Type   string          `json:"type"`
	Actor  string          `json:"actor"`
	Object json.RawMessage `json:"object"`
}

// objectID is the address of an object that is given whole or by its address.
func objectID(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var o struct {
		ID string `json:"id"`
	}
	_ = json.Unmarshal(raw, &o) // what is neither has no address
	return o.ID
}

// shallow refuses JSON that nests too deep, before it is read.
func shallow(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	depth := 0
	for {
		t, err := d.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: this is not JSON", hearback.ErrInvalid)
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			if depth++; depth > maxDepth {
				return fmt.Errorf("%w: this nests too deep", hearback.ErrInvalid)
			}
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
	}
}

// inbox takes what others send. The kinds we do not care for are dropped before
// anything about them is checked or fetched.
func (s *Server) inbox(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxActivity))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		http.Error(w, "this is too long", http.StatusRequestEntityTooLarge)
		return
	}
	if err == nil {
		err = shallow(body)
	}
	var x received
	if err == nil && json.Unmarshal(body, &x) != nil {
		err = fmt.Errorf("%w: this is not an activity", hearback.ErrInvalid)
	}
	if err != nil {
		s.fail(w, fmt.Errorf("%w: this cannot be read: %w", hearback.ErrInvalid, err))
		return
	}
	next := slices.Contains(s.Neighbours, x.Actor)
	switch {
	case !slices.Contains([]string{"Follow", "Undo", "Delete", "Create", "Update"}, x.Type),
		(x.Type == "Create" || x.Type == "Update") && !next,
		x.Type == "Delete" && !next && objectID(x.Object) != x.Actor:
		w.WriteHeader(http.StatusAccepted)
		return
	}
	if !s.rate.take(s.Now()) {
		http.Error(w, "this was too often", http.StatusTooManyRequests)
		return
	}
	if err := s.take(r, body, x); err != nil {
		s.fail(w, err)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

func (s *Server) take(r *http.Request, body []byte, x received) error {
	ctx, now := r.Context(), s.Now()
	who, err := url.Parse(x.Actor)
	id, err2 := url.Parse(x.ID)
	if err != nil || err2 != nil || who.Host == "" || who.Scheme != "https" && who.Scheme != "http" || id.Host != who.Host || len(x.ID) > 2000 {
		return fmt.Errorf("%w: an activity must name itself and its actor, both of one host", hearback.ErrInvalid)
	}
	sig, err := readSignature(r, body, s.Site().Base, now)
	if err != nil {
		return err
	}
	// Mastodon deletes accounts by telling every server: nobody is asked for the
	// key of an account that is gone. Only the actor's own mark is dropped, and
	// only if its host cannot show the account any more.
	doc, err := s.fetchActor(ctx, x.Actor)
	var gone goneError
	if errors.As(err, &gone) && x.Type == "Delete" {
		return s.Store.DropAudience(ctx, s.mark("actor", x.Actor))
	}
	if err != nil {
		return fmt.Errorf("%w: the sender cannot be asked for its key: %w", hearback.ErrRefused, err)
	}
	if sig.keyID != doc.PublicKey.ID || doc.PublicKey.Owner != x.Actor || doc.ID != x.Actor {
		return bad("the signature is not of the actor that the activity names")
	}
	key, err := parseKey(doc.PublicKey.PEM)
	if err != nil {
		return err
	}
	if err := sig.verify(key); err != nil {
		return err
	}
	// What was seen within the time in which its signature is good is a replay.
	seen, err := s.Store.SeenActivity(ctx, s.mark("activity", x.Type+"\n"+x.ID), now, now.Add(-4*fresh))
	if err != nil || seen {
		return err
	}
	switch x.Type {
	case "Follow":
		return s.follow(ctx, x, body, doc)
	case "Undo":
		var inner received
		if json.Unmarshal(x.Object, &inner) == nil && (inner.Type != "Follow" || inner.Actor != x.Actor) && inner.Type != "" {
			return nil
		}
		return s.Store.DropAudience(ctx, s.mark("actor", x.Actor))
	case "Delete":
		if objectID(x.Object) == x.Actor {
			return s.Store.DropAudience(ctx, s.mark("actor", x.Actor))
		}
	}
	return s.heard(ctx, x, who.Host)
}

// follow keeps where to deliver to, and says yes.
func (s *Server) follow(ctx context.Context, x received, body []byte, doc *actorDoc) error {
	if objectID(x.Object) != s.actor() {
		return fmt.Errorf("%w: this actor is not here", hearback.ErrNotFound)
	}
	to := doc.Inbox
	if doc.Endpoints.SharedInbox != "" {
		to = doc.Endpoints.SharedInbox
	}
	for _, address := range []string{to, doc.Inbox} {
		u, err := url.Parse(address)
		who, err2 := url.Parse(x.Actor)
		if err != nil || err2 != nil || u.Host != who.Host || u.Scheme != who.Scheme || len(address) > 2000 {
			return fmt.Errorf("%w: an inbox must be on the host of its actor", hearback.ErrInvalid)
		}
	}
	sealed, err := seal.Seal(s.Secret, []byte(to), nil)
	if err != nil {
		return err
	}
	if err := s.Store.AddAudience(ctx, s.mark("actor", x.Actor), sealed, s.Now()); err != nil {
		return err
	}
	yes, err := json.Marshal(object{"@context": "https://www.w3.org/ns/activitystreams", "id": s.actor() + "#accept-" + fmt.Sprintf("%x", s.mark("accept", x.ID)[:8]), "type": "Accept", "actor": s.actor(), "object": json.RawMessage(body)})
	if err != nil {
		return err
	}
	d, err := s.delivery(doc.Inbox, yes)
	if err != nil {
		return err
	}
	return s.Store.SendLater(ctx, d)
}

// heard keeps what a neighbouring office says.
func (s *Server) heard(ctx context.Context, x received, host string) error {
	var o struct {
		ID, Type, Content, URL string
	}
	if err := json.Unmarshal(x.Object, &o); err != nil {
		o.ID = objectID(x.Object) // a Delete may name it only
	}
	u, err := url.Parse(o.ID)
	if err != nil || u.Host != host {
		return fmt.Errorf("%w: an office speaks of its own answers only", hearback.ErrInvalid)
	}
	n := Neighbour{ID: o.ID, Host: host, At: s.Now()}
	if x.Type != "Delete" && o.Type == "Note" {
		page, err := url.Parse(o.URL)
		if err != nil || page.Host != host {
			return fmt.Errorf("%w: an answer must be on the host of its office", hearback.ErrInvalid)
		}
		n.URL, n.Title = o.URL, firstWords(o.Content)
	}
	return s.Store.AddNeighbour(ctx, n, keepNeighbour)
}

// firstWords is the plain text of the first paragraph of a post.
func firstWords(content string) string {
	content, _, _ = strings.Cut(content, "</p>")
	var b strings.Builder
	in := false
	for _, r := range content {
		switch {
		case r == '<':
			in = true
		case r == '>' && in:
			in = false
		case !in && b.Len() < 600:
			b.WriteRune(r)
		}
	}
	return strings.Join(strings.Fields(plain.Replace(b.String())), " ")
}

var plain = strings.NewReplacer("&lt;", "‹", "&gt;", "›", "&#39;", "’", "&#34;", "”", "&quot;", "”", "&amp;", "&", "\x00", "")

// actorDoc is what is read of another actor.
type actorDoc struct {
	ID        string `json:"id"`
	Inbox     string `json:"inbox"`
	Endpoints struct {
		SharedInbox string `json:"sharedInbox"`
	} `json:"endpoints"`
	PublicKey struct {
		ID    string `json:"id"`
		Owner string `json:"owner"`
		PEM   string `json:"publicKeyPem"`
	} `json:"publicKey"`
}

// A goneError says that an account is no more.
type goneError struct{ error }

// fetchActor asks a host for one of its actors, with a signed request, because
// some answer no others.
func (s *Server) fetchActor(ctx context.Context, address string) (*actorDoc, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", mediaType)
	if err := signCavage(req, nil, s.Key, s.keyID(), s.Now()); err != nil {
		return nil, err
	}
	res, err := s.Client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode == http.StatusGone || res.StatusCode == http.StatusNotFound:
		return nil, goneError{fmt.Errorf("%w: the host answers %s", hearback.ErrNotFound, res.Status)}
	case res.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("the host answers %s", res.Status)
	}
	b, err := io.ReadAll(io.LimitReader(res.Body, maxActor+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxActor {
		return nil, fmt.Errorf("%w: the actor is too long", hearback.ErrInvalid)
	}
	if err := shallow(b); err != nil {
		return nil, err
	}
	var doc actorDoc
	if err := json.Unmarshal(b, &doc); err != nil || doc.Inbox == "" {
		return nil, fmt.Errorf("%w: the host shows no actor", hearback.ErrInvalid)
	}
	return &doc, nil
}

func parseKey(text string) (*rsa.PublicKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, bad("the actor shows no key")
	}
	k, err := x509.ParsePKIXPublicKey(block.Bytes)
	key, ok := k.(*rsa.PublicKey)
	if err != nil || !ok || key.Size() < 256 || key.Size() > 1024 {
		return nil, bad("the actor shows a key that we do not use")
	}
	return key, nil
}

// delivery makes one delivery of an activity.
func (s *Server) delivery(inbox string, activity []byte) (publish.Delivery, error) {
	sealed, err := seal.Seal(s.Secret, []byte(inbox), nil)
	return publish.Delivery{ID: s.NextID(), Kind: "activity", Target: sealed, Body: activity, Made: s.Now(), Due: s.Now()}, err
}

// Tell returns the deliveries that tell everybody who follows about an answer:
// one for each server that shares an inbox.
func (s *Server) Tell(ctx context.Context, a *hearback.Answer) (list []publish.Delivery, err error) {
	body, err := s.Activity(a)
	if err != nil {
		return nil, err
	}
	sealed, err := s.Store.Inboxes(ctx)
	if err != nil {
		return nil, err
	}
	var told []string
	for _, b := range sealed {
		opened, err := seal.Open(s.Secret, b, nil)
		if err != nil {
			return nil, fmt.Errorf("where to deliver to: %w", err)
		}
		inbox := string(opened)
		if slices.Contains(told, inbox) {
			continue
		}
		told = append(told, inbox)
		d, err := s.delivery(inbox, body)
		if err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, nil
}

// Greet returns the request to follow a neighbouring office.
func (s *Server) Greet(ctx context.Context, other string) (publish.Delivery, error) {
	doc, err := s.fetchActor(ctx, other)
	if err != nil {
		return publish.Delivery{}, err
	}
	body, err := s.Follow(other)
	if err != nil {
		return publish.Delivery{}, err
	}
	return s.delivery(doc.Inbox, body)
}

// Deliver sends one delivery, signed in the older way and, if that is refused,
// in the newer one.
func (s *Server) Deliver(ctx context.Context, d publish.Delivery, do func(*http.Request) error) error {
	opened, err := seal.Open(s.Secret, d.Target, nil)
	if err != nil {
		return err
	}
	inbox := string(opened)
	var first error
	for _, signing := range []func(*http.Request, []byte, *rsa.PrivateKey, string, time.Time) error{signCavage, sign9421} {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, inbox, bytes.NewReader(d.Body))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", mediaType)
		if err := signing(req, d.Body, s.Key, s.keyID(), s.Now()); err != nil {
			return err
		}
		if err = do(req); err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
		if !errors.Is(err, hearback.ErrRefused) {
			break
		}
	}
	return first
}
