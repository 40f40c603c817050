package notify

import (
	"encoding/base64"
	"fmt"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"example.org/hearback"
)

// A Channel is one way to somebody: where it leads, what it is told, and when.
type Channel struct {
	ID      hearback.ID
	Owner   Owner
	Way     Way
	Name    string        // for the people of the office
	Shown   string        // as much of the address as pages may show
	Lang    string        // of what it is told
	Modes   map[Kind]Mode // a kind that is not named is [Off]
	Zone    string        // IANA name; of Quiet and DigestAt
	Quiet   Quiet
	Through bool   // what is urgent comes through quiet hours
	Digest  string // time of day of the digest, as 08:00; "" for none
	Paused  bool
	Wants   Wants  // of a receiver outside
	Sealed  []byte `json:"-"` // its [Address]
	Version int    // counts writes
}

// Way says how a channel delivers.
type Way string

// The ways.
const (
	Mail    Way = "mail"
	Webhook Way = "webhook"
	Ntfy    Way = "ntfy"
	Matrix  Way = "matrix"
)

// Ways lists the ways in the order of the form.
func Ways() []Way { return []Way{Mail, Webhook, Ntfy, Matrix} }

// Mode says when a channel is told of a kind.
type Mode string

// The modes.
const (
	Now      Mode = "now"
	InDigest Mode = "digest"
	Off      Mode = "off"
)

// Modes lists the modes in the order of the form.
func Modes() []Mode { return []Mode{Now, InDigest, Off} }

// An Owner is whose channel it is: the office, "desk:" and a slug, or "staff:"
// and the id of an account.
type Owner string

// Office owns the channels that are told of every desk.
const Office Owner = "office"

// Outside owns the receivers of others who asked to be told of answers: a
// newsroom, another office, a map. They are told of nothing else.
const Outside Owner = "outside"

// Wants say which answers a receiver outside is told of; empty fields ask for
// nothing.
type Wants struct {
	Topics []hearback.ID // one of these
	Areas  []string      // one of these, or within
	Lang   string        // given in this language
}

// OfDesk and OfStaff name the other owners.
func OfDesk(slug string) Owner     { return Owner("desk:" + slug) }
func OfStaff(id hearback.ID) Owner { return Owner("staff:" + id.String()) }

// Desk returns the slug of the desk that owns the channel, or "".
func (o Owner) Desk() string { return o.part("desk") }

// Staff returns the account that owns the channel, or 0.
func (o Owner) Staff() hearback.ID {
	id, err := hearback.ParseID(o.part("staff"))
	if err != nil {
		return 0
	}
	return id
}

func (o Owner) part(kind string) string {
	if before, rest, ok := strings.Cut(string(o), ":"); ok && before == kind {
		return rest
	}
	return ""
}

// Limits of a channel.
const (
	maxName    = 80
	maxAddress = 1000
	maxSecret  = 500
	perOwner   = 10 // channels
	perOutside = 200
	maxWants   = 50 // topics and areas
)

// check returns [hearback.ErrInvalid] with a sentence if c cannot be used, and
// puts in order what can be.
func (c *Channel) check() error {
	c.Name = strings.TrimSpace(c.Name)
	switch {
	case c.Name == "" || utf8.RuneCountInString(c.Name) > maxName || strings.ContainsFunc(c.Name, unicode.IsControl):
		return fmt.Errorf("%w: give the channel a name of 1 to %d characters on one line", hearback.ErrInvalid, maxName)
	case !slices.Contains(Ways(), c.Way):
		return fmt.Errorf("%w: choose how the channel delivers", hearback.ErrInvalid)
	case !slices.Contains(Langs(), c.Lang):
		return fmt.Errorf("%w: choose the language of the channel", hearback.ErrInvalid)
	}
	if c.Owner == Outside {
		switch {
		case c.Way != Webhook:
			return fmt.Errorf("%w: receivers outside are told by webhook", hearback.ErrInvalid)
		case len(c.Wants.Topics)+len(c.Wants.Areas) > maxWants:
			return fmt.Errorf("%w: choose %d topics and areas at the most, or none for all", hearback.ErrInvalid, maxWants)
		case c.Wants.Lang != "" && !slices.Contains(Langs(), c.Wants.Lang):
			return fmt.Errorf("%w: choose the language of the answers", hearback.ErrInvalid)
		}
		c.Modes, c.Zone, c.Quiet, c.Digest = nil, "", Quiet{}, "" // whatever the form held
	} else {
		c.Wants = Wants{}
	}
	if _, err := time.LoadLocation(c.Zone); err != nil || len(c.Zone) > 60 || c.Zone == "Local" {
		return fmt.Errorf("%w: %.40q is not a time zone; write it like Asia/Shanghai", hearback.ErrInvalid, c.Zone)
	}
	if _, err := ParseClock(c.Digest); c.Digest != "" && err != nil {
		return err
	}
	if err := c.Quiet.check(); err != nil {
		return err
	}
	modes := map[Kind]Mode{}
	for _, k := range Kinds() {
		switch m := c.Modes[k]; {
		case m == "":
			modes[k] = Off
		case !slices.Contains(Modes(), m):
			return fmt.Errorf("%w: choose when the channel is told of each kind", hearback.ErrInvalid)
		case m == InDigest && c.Digest == "":
			return fmt.Errorf("%w: name the time of the digest, or put nothing into it", hearback.ErrInvalid)
		default:
			modes[k] = m
		}
	}
	c.Modes = modes
	return nil
}

// zone is where the channel's hours are; the office's zone if it names none.
func (c *Channel) zone(office *time.Location) *time.Location {
	if c.Zone == "" {
		return office
	}
	if z, err := time.LoadLocation(c.Zone); err == nil {
		return z
	}
	return office
}

// ParseAddress reads where a channel leads. It returns [hearback.ErrInvalid]
// with a sentence, which never repeats the address.
func ParseAddress(way Way, to, secret string) (a Address, shown string, err error) {
	a = Address{strings.TrimSpace(to), strings.TrimSpace(secret)}
	switch {
	case a.To == "" || len(a.To) > maxAddress || !utf8.ValidString(a.To) || strings.ContainsFunc(a.To, unicode.IsControl):
		return a, "", fmt.Errorf("%w: give the address of the channel on one line", hearback.ErrInvalid)
	case len(a.Secret) > maxSecret || strings.ContainsFunc(a.Secret, func(r rune) bool { return r <= ' ' || r > '~' }):
		return a, "", fmt.Errorf("%w: the secret of the channel may hold letters, digits and signs without spaces, %d at the most", hearback.ErrInvalid, maxSecret)
	}
	if way == Mail {
		m, err := mail.ParseAddress(a.To)
		if err != nil || m.Name != "" || m.Address != a.To || strings.ContainsFunc(a.To, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return a, "", fmt.Errorf("%w: that is not an e-mail address; write it like name@example.org", hearback.ErrInvalid)
		}
		a.Secret = ""
		local, host, _ := cutLast(a.To, "@")
		return a, local[:1] + "…@" + host, nil
	}
	u, err := url.Parse(a.To)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.Fragment != "" {
		return a, "", fmt.Errorf("%w: that is not a web address; write it like https://example.org/hook, without a name or password in it", hearback.ErrInvalid)
	}
	switch way {
	case Webhook:
		if _, err := WebhookKey(a.Secret); err != nil {
			return a, "", err
		}
	case Ntfy:
		if topic := strings.Trim(u.Path, "/"); topic == "" || strings.Contains(topic, "/") || u.RawQuery != "" {
			return a, "", fmt.Errorf("%w: write the address of an ntfy topic like https://ntfy.example.org/topic", hearback.ErrInvalid)
		}
	case Matrix:
		if room := MatrixRoom(u); room == "" || u.RawQuery != "" {
			return a, "", fmt.Errorf("%w: write a Matrix room like https://matrix.example.org/!room:example.org", hearback.ErrInvalid)
		}
		if a.Secret == "" {
			return a, "", fmt.Errorf("%w: a Matrix room needs the access token of an account that is in it", hearback.ErrInvalid)
		}
	}
	return a, u.Hostname(), nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// MatrixRoom returns the id of the room that an address names, or "".
func MatrixRoom(u *url.URL) string {
	room := strings.TrimPrefix(u.Path, "/")
	if !strings.HasPrefix(room, "!") || len(room) < 2 || strings.Contains(room, "/") {
		return ""
	}
	return room
}

// keyPrefix begins a signing secret of Standard Webhooks.
const keyPrefix = "whsec_"

// WebhookKey returns the key that a signing secret holds. Standard Webhooks
// asks for 24 to 64 bytes.
func WebhookKey(secret string) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, keyPrefix))
	if err != nil || len(key) < 24 || len(key) > 64 {
		return nil, fmt.Errorf("%w: a signing secret is whsec_ and 24 to 64 bytes in base 64; leave it empty to have one made", hearback.ErrInvalid)
	}
	return key, nil
}
