package notify

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/publish"
)

// A Service keeps channels and delivers notices. One process runs one for a
// store: two would send everything twice.
type Service struct {
	Store   Store
	Now     func() time.Time
	NextID  func() hearback.ID
	Log     *slog.Logger
	Key     []byte         // 32 bytes; seals addresses
	Senders map[Way]Sender // a way that is missing cannot deliver
	Zone    *time.Location // of the office
	Office  map[string]string
	Console func() string // where the console is reached, without a slash at the end
	// Outward writes an answer for receivers outside, and says what it is about;
	// nil tells them nothing.
	Outward func(ctx context.Context, a *hearback.Answer) (Outward, error)

	mu     sync.Mutex
	flying map[hearback.ID]bool // deliveries that are being tried
	words  writer
}

// An Outward is an answer as receivers outside get it.
type Outward struct {
	Topics []hearback.ID
	Areas  []string
	Langs  []string
	Title  string
	URL    string
	JSON   []byte // an object
}

// wants reports whether w asks for o.
func (w *Wants) wants(o *Outward) bool {
	if w.Lang != "" && !slices.ContainsFunc(o.Langs, func(l string) bool { return publish.Within(l, w.Lang) }) {
		return false
	}
	return len(w.Topics)+len(w.Areas) == 0 ||
		slices.ContainsFunc(w.Topics, func(id hearback.ID) bool { return slices.Contains(o.Topics, id) }) ||
		slices.ContainsFunc(w.Areas, func(area string) bool {
			return slices.ContainsFunc(o.Areas, func(x string) bool { return x == area || strings.HasPrefix(x, area+"/") })
		})
}

// now returns the time as exactly as the store keeps it.
func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Microsecond) }

// Channels lists the channels of one owner, or all for "".
func (s *Service) Channels(ctx context.Context, owner Owner) ([]Channel, error) {
	return s.Store.Channels(ctx, owner)
}

// Put adds c, or changes it if it has an id. For a change, an empty to keeps
// the address and the secret. It returns the id. A webhook without a secret
// gets one, which is returned too and cannot be read again. Channels of the office and of desks are
// on the public log, without their addresses.
func (s *Service) Put(ctx context.Context, by hearback.Actor, c Channel, to, secret string) (id hearback.ID, made string, err error) {
	act, old := "added", &Channel{}
	if c.ID != 0 {
		act = "changed"
		if old, err = s.Store.Channel(ctx, c.ID); err != nil {
			return 0, "", err
		}
		if old.Owner != c.Owner {
			return 0, "", fmt.Errorf("channel %s: %w", c.ID, hearback.ErrNotFound)
		}
		c.Way, c.Shown, c.Sealed, c.Paused = old.Way, old.Shown, old.Sealed, old.Paused
	} else if err := s.room(ctx, c.Owner); err != nil {
		return 0, "", err
	}
	if err := c.check(); err != nil {
		return 0, "", err
	}
	if c.ID == 0 {
		c.ID = s.NextID()
	}
	if old.ID == 0 || strings.TrimSpace(to) != "" {
		if c.Way == Webhook && strings.TrimSpace(secret) == "" {
			secret = newSecret()
			made = secret
		}
		a, shown, err := ParseAddress(c.Way, to, secret)
		if err != nil {
			return 0, "", err
		}
		if c.Shown = shown; c.Sealed == nil || to != "" {
			if c.Sealed, err = conceal(s.Key, c.ID, a); err != nil {
				return 0, "", err
			}
		}
	} else if strings.TrimSpace(secret) != "" {
		return 0, "", fmt.Errorf("%w: enter the address together with a new secret", hearback.ErrInvalid)
	}
	return c.ID, made, s.Store.PutChannel(ctx, &c, s.record(by, &c, act)...)
}

// room refuses more channels than one owner may have.
func (s *Service) room(ctx context.Context, o Owner) error {
	list, err := s.Store.Channels(ctx, o)
	if err != nil {
		return err
	}
	most := perOwner
	if o == Outside {
		most = perOutside
	}
	if len(list) >= most {
		return fmt.Errorf("%w: there are %d channels already; remove one first", hearback.ErrRefused, len(list))
	}
	return nil
}

// record is what the public log says of an act on a channel. What members of
// staff set for themselves is theirs.
func (s *Service) record(by hearback.Actor, c *Channel, act string) []hearback.Record {
	if c.Owner.Staff() != 0 {
		return nil
	}
	return []hearback.Record{{
		Type: hearback.ChannelChanged, At: s.now(), Actor: by, Subject: "channel:" + c.ID.String(),
		Pub: map[string]any{"act": act, "owner": string(c.Owner), "way": string(c.Way)},
	}}
}

// own returns a channel if it has this owner.
func (s *Service) own(ctx context.Context, o Owner, id hearback.ID) (*Channel, error) {
	c, err := s.Store.Channel(ctx, id)
	if err == nil && c.Owner != o {
		err = fmt.Errorf("channel %s: %w", id, hearback.ErrNotFound)
	}
	return c, err
}

// Pause stops a channel, or lets it go on.
func (s *Service) Pause(ctx context.Context, by hearback.Actor, o Owner, id hearback.ID, on bool) error {
	c, err := s.own(ctx, o, id)
	if err != nil {
		return err
	}
	act := "resumed"
	if on {
		act = "paused"
	}
	c.Paused = on
	return s.Store.PutChannel(ctx, c, s.record(by, c, act)...)
}

// Remove takes a channel away, with its address and all that waits for it.
func (s *Service) Remove(ctx context.Context, by hearback.Actor, o Owner, id hearback.ID) error {
	c, err := s.own(ctx, o, id)
	if err != nil {
		return err
	}
	return s.Store.DropChannel(ctx, id, "The channel was removed.", s.record(by, c, "removed")...)
}

// testPause is how long one must wait between two tests of a channel.
const testPause = 10 * time.Second

// Test sends a test to a channel at once and waits for what comes of it. What
// goes wrong is the [*Fault] that is returned.
func (s *Service) Test(ctx context.Context, o Owner, id hearback.ID) error {
	c, err := s.own(ctx, o, id)
	if err != nil {
		return err
	}
	now := s.now()
	list, err := s.Store.Deliveries(ctx, DeliveryFilter{Channel: id, Kind: Test, Since: now.Add(-testPause), Limit: 1})
	if err != nil {
		return err
	}
	if len(list) > 0 {
		return fmt.Errorf("%w: this channel was tested a moment ago; wait ten seconds", hearback.ErrRefused)
	}
	d := &Delivery{ID: s.NextID(), Channel: id, Name: c.Name, Kind: Test, State: Waiting, Due: now, Made: now, Text: s.test(c)}
	if err := s.Store.SaveDelivery(ctx, d, nil); err != nil {
		return err
	}
	line := OpenLine(s.Senders[Mail])
	defer line.Close()
	if _, err := s.deliver(ctx, d, line); err != nil {
		return err
	}
	if d.State != Sent {
		return &Fault{Sentence: d.Reason}
	}
	return nil
}

// Deliveries lists deliveries, newest first.
func (s *Service) Deliveries(ctx context.Context, f DeliveryFilter) ([]Delivery, error) {
	return s.Store.Deliveries(ctx, f)
}

// Retry tries a delivery again that was given up. Its key stays the same.
func (s *Service) Retry(ctx context.Context, id hearback.ID) error {
	d, err := s.Store.Delivery(ctx, id)
	if err != nil {
		return err
	}
	if d.State != Failed {
		return fmt.Errorf("%w: this delivery was not given up", hearback.ErrRefused)
	}
	d.State, d.Tries, d.Due = Waiting, 0, s.now()
	return s.Store.SaveDelivery(ctx, d, nil)
}

// Keep is how long deliveries are remembered after they are over.
const Keep = 30 * 24 * time.Hour

// Forget removes what has been over for [Keep].
func (s *Service) Forget(ctx context.Context) error {
	return s.Store.ForgetNotices(ctx, s.now().Add(-Keep))
}
