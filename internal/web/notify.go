package web

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/notify"
)

// channels is the part of a page that lists the channels of one owner.
type channels struct {
	Key    string // in front of ids of the page
	Action string // address of the forms
	List   []channelForm
	New    channelForm
	May    bool
	Fault  string // why a test did not arrive
	Fresh  string // a signing secret that was just made, shown once
	Mail   bool   // e-mail can be sent
}

// A channelForm is a channel as its form shows it.
type channelForm struct {
	notify.Channel
	Key string

	Told   []string // kinds that it is told of at once
	Later  []string // kinds that come with the digest
	Kinds  []kindMode
	Ways   []notify.Way
	Whens  []notify.Mode
	Langs  []string
	IsNew  bool
	Topics []choice // of a receiver outside
	Areas  []choice
	HasWay bool // its way can deliver
}

// A kindMode is one row of the form: when a channel is told of a kind.
type kindMode struct {
	Kind notify.Kind
	Mode notify.Mode
}

// owned is whose channels a request is about: the owner, the page that shows
// them, and the act that changes them.
type owned struct {
	owner  notify.Owner
	act    access.Action
	action string
	page   func(*channels) error // writes the page, with what just happened
	back   string
}

func (q *request) officeChannels() owned {
	return owned{notify.Office, access.ChangeSettings, "/notifications", func(c *channels) error { return q.notificationsPage(c, nil) }, "/notifications"}
}

// outsideChannels are the receivers of others who asked to be told of answers.
func (q *request) outsideChannels() owned {
	return owned{notify.Outside, access.ChangeSettings, "/receivers", func(c *channels) error { return q.notificationsPage(nil, c) }, "/notifications#outside"}
}

// deskChannels are those of the desk in the path.
func (q *request) deskChannels() (owned, error) {
	slug := q.r.PathValue("slug")
	list, err := q.LiveDesks(q.ctx())
	if err == nil && !slices.ContainsFunc(list, func(d hearback.Desk) bool { return d.Slug == slug }) {
		err = fmt.Errorf("desk %.40q: %w", slug, hearback.ErrNotFound)
	}
	return q.channelsOfDesk(slug), err
}

func (q *request) channelsOfDesk(slug string) owned {
	return owned{notify.OfDesk(slug), access.ManageDesks, "/desks/" + slug + "/channels", q.desksPage, "/desks"}
}

func (q *request) ownChannels() owned {
	return owned{notify.OfStaff(q.Account.ID), access.ViewConsole, "/account/channels", func(c *channels) error {
		p, err := q.ownPage()
		if err != nil {
			return err
		}
		p.Channels = c
		return q.page("account", p)
	}, "/account"}
}

// channelsOf reads the channels of an owner; nil where nothing is sent.
func (q *request) channelsOf(o owned) (*channels, error) {
	if q.Notices() == nil {
		return nil, nil
	}
	list, err := q.o.Notices.Channels(q.ctx(), o.owner)
	if err != nil {
		return nil, err
	}
	c := &channels{Key: "ch-" + string(o.owner)[:2] + o.owner.Desk(), Action: o.action, May: q.may(o.act), Mail: q.o.Mail}
	for _, x := range list {
		c.List = append(c.List, q.channelForm(x, c.Key+"-"+x.ID.String()))
	}
	if o.owner == notify.Outside {
		c.New = q.channelForm(notify.Channel{Owner: o.owner, Way: notify.Webhook, Lang: q.l.Lang}, c.Key+"-new")
		c.New.IsNew = true
		topics, err := q.o.Store.Topics(q.ctx())
		if err != nil {
			return nil, err
		}
		for i := range c.List {
			q.offer(&c.List[i], topics)
		}
		q.offer(&c.New, topics)
		return c, nil
	}
	fresh := notify.Channel{Way: notify.Mail, Lang: q.l.Lang, Through: true, Digest: "08:00", Modes: map[notify.Kind]notify.Mode{}}
	for _, k := range notify.Kinds() {
		fresh.Modes[k] = notify.Now
	}
	fresh.Modes[notify.Source] = notify.InDigest
	c.New = q.channelForm(fresh, c.Key+"-new")
	c.New.IsNew = true
	return c, nil
}

// offer lists what a receiver outside can be told of, with what it is told of
// ticked.
func (q *request) offer(f *channelForm, topics []hearback.Topic) {
	for _, t := range topics {
		if on := slices.Contains(f.Wants.Topics, t.ID); on || t.State == hearback.TopicActive {
			f.Topics = append(f.Topics, choice{t.ID.String(), t.Name, on})
			if on {
				f.Told = append(f.Told, t.Name)
			}
		}
	}
	areas := slices.Clone(f.Wants.Areas)
	if q.o.FeedAreas != nil {
		areas = append(areas, q.o.FeedAreas()...)
	}
	slices.Sort(areas)
	for _, area := range slices.Compact(areas) {
		on := slices.Contains(f.Wants.Areas, area)
		f.Areas = append(f.Areas, choice{area, q.l.Place(area), on})
		if on {
			f.Told = append(f.Told, q.l.Place(area))
		}
	}
}

func (q *request) channelForm(x notify.Channel, key string) channelForm {
	f := channelForm{Channel: x, Key: key, Ways: notify.Ways(), Whens: notify.Modes(), Langs: notify.Langs(), HasWay: x.Way != notify.Mail || q.o.Mail}
	for _, k := range notify.Kinds() {
		m := x.Modes[k]
		f.Kinds = append(f.Kinds, kindMode{k, m})
		switch m {
		case notify.Now:
			f.Told = append(f.Told, q.l.Label("notekind", k))
		case notify.InDigest:
			f.Later = append(f.Later, q.l.Label("notekind", k))
		}
	}
	return f
}

// readChannel reads the form of a channel.
func (q *request) readChannel(o owned, id hearback.ID) notify.Channel {
	c := notify.Channel{ID: id, Owner: o.owner, Way: notify.Way(q.form("way")), Name: q.form("name"), Lang: q.form("lang"), Modes: map[notify.Kind]notify.Mode{},
		Zone: q.form("zone"), Quiet: notify.Quiet{From: q.form("quiet_from"), To: q.form("quiet_to")}, Through: q.form("through") == "1", Digest: q.form("digest")}
	for _, k := range notify.Kinds() {
		c.Modes[k] = notify.Mode(q.form("mode_" + string(k)))
	}
	c.Version, _ = strconv.Atoi(q.form("version"))
	if o.owner == notify.Outside {
		c.Way, c.Lang = notify.Webhook, q.l.Lang
		c.Wants = notify.Wants{Lang: q.form("answers"), Areas: q.r.PostForm["area"]}
		for _, v := range q.r.PostForm["topic"] {
			if t, err := hearback.ParseID(v); err == nil {
				c.Wants.Topics = append(c.Wants.Topics, t)
			}
		}
	}
	return c
}

// addChannel adds a channel.
func (q *request) addChannel(o owned) error {
	if q.Notices() == nil {
		return hearback.ErrNotFound
	}
	_, made, err := q.o.Notices.Put(q.ctx(), q.by(o.act), q.readChannel(o, 0), q.form("to"), q.form("secret"))
	if err != nil {
		return err
	}
	return q.channelDone(o, made, "channel_added")
}

// channelDone shows a secret that was made, in the answer to the form and
// nowhere else, or sends the browser on.
func (q *request) channelDone(o owned, made, done string) error {
	if made == "" {
		return q.see(o.back, done)
	}
	c, err := q.channelsOf(o)
	if err != nil {
		return err
	}
	c.Fresh = made
	return o.page(c)
}

// actOnChannel does what a button of a channel says.
func (q *request) actOnChannel(o owned) error {
	id, err := q.id()
	if err == nil && q.Notices() == nil {
		err = hearback.ErrNotFound
	}
	if err != nil {
		return err
	}
	by, done := q.by(o.act), "saved"
	switch act := q.form("act"); act {
	case "test":
		return q.testChannel(o, id)
	case "pause", "resume":
		done = "channel_" + act + "d"
		err = q.o.Notices.Pause(q.ctx(), by, o.owner, id, act == "pause")
	case "remove":
		done = "channel_removed"
		err = q.o.Notices.Remove(q.ctx(), by, o.owner, id)
	case "save":
		_, made, err := q.o.Notices.Put(q.ctx(), by, q.readChannel(o, id), q.form("to"), q.form("secret"))
		if err != nil {
			return err
		}
		return q.channelDone(o, made, done)
	default:
		err = fmt.Errorf("%w: the form cannot be read; send it again", hearback.ErrInvalid)
	}
	if err != nil {
		return err
	}
	return q.see(o.back, done)
}

// testChannel sends a test and says what came of it.
func (q *request) testChannel(o owned, id hearback.ID) error {
	err := q.o.Notices.Test(q.ctx(), o.owner, id)
	var f *notify.Fault
	if !errors.As(err, &f) {
		if err != nil {
			return err
		}
		return q.see(o.back, "channel_tested")
	}
	c, err := q.channelsOf(o)
	if err != nil {
		return err
	}
	c.Fault = q.SourceFault(f.Sentence)
	return o.page(c)
}

func (q *request) addOfficeChannel() error { return q.addChannel(q.officeChannels()) }
func (q *request) officeChannel() error    { return q.actOnChannel(q.officeChannels()) }
func (q *request) addReceiver() error      { return q.addChannel(q.outsideChannels()) }
func (q *request) receiver() error         { return q.actOnChannel(q.outsideChannels()) }
func (q *request) addOwnChannel() error    { return q.addChannel(q.ownChannels()) }
func (q *request) ownChannel() error       { return q.actOnChannel(q.ownChannels()) }

func (q *request) addDeskChannel() error {
	o, err := q.deskChannels()
	if err != nil {
		return err
	}
	return q.addChannel(o)
}

func (q *request) deskChannel() error {
	o, err := q.deskChannels()
	if err != nil {
		return err
	}
	return q.actOnChannel(o)
}

type notificationsPage struct {
	frame
	Channels *channels
	Outside  *channels
	Desks    []deskCount
	Staff    int // channels of members of staff
	Rows     []deliveryRow
	Tabs     []tab
	Mail     bool
	MayRetry bool
}

// A deskCount is how many channels a desk has.
type deskCount struct {
	Slug, Label string
	N           int
}

// A deliveryRow is one line of the log of deliveries.
type deliveryRow struct {
	notify.Delivery
	Where string
	URL   string // of its subject, as the reader may open it
	Class string
	Why   string
}

// deliveryViews are the parts of the log of deliveries.
func deliveryViews() map[string][]notify.State {
	return map[string][]notify.State{"all": nil, "failed": {notify.Failed}, "waiting": {notify.Waiting, notify.Held}}
}

func (q *request) notifications() error { return q.notificationsPage(nil, nil) }

// notificationsPage writes the page, with what just happened to the channels of
// the office or to receivers outside.
func (q *request) notificationsPage(c, outside *channels) error {
	p := &notificationsPage{frame: q.frame(q.t("nav.notifications"), "notifications"), Mail: q.o.Mail, MayRetry: q.may(access.ChangeSettings)}
	if q.Notices() == nil {
		return q.page("notifications", p)
	}
	var err error
	if p.Channels = c; c == nil {
		if p.Channels, err = q.channelsOf(q.officeChannels()); err != nil {
			return err
		}
	}
	if p.Outside = outside; outside == nil {
		if p.Outside, err = q.channelsOf(q.outsideChannels()); err != nil {
			return err
		}
	}
	all, err := q.o.Notices.Channels(q.ctx(), "")
	if err != nil {
		return err
	}
	owners := map[hearback.ID]notify.Owner{}
	of := map[string]int{}
	for _, x := range all {
		owners[x.ID] = x.Owner
		if slug := x.Owner.Desk(); slug != "" {
			of[slug]++
		} else if x.Owner.Staff() != 0 {
			p.Staff++
		}
	}
	desks, err := q.LiveDesks(q.ctx())
	if err != nil {
		return err
	}
	for _, d := range desks {
		p.Desks = append(p.Desks, deskCount{d.Slug, q.DeskName(d), of[d.Slug]})
	}
	view := q.r.URL.Query().Get("view")
	if _, ok := deliveryViews()[view]; !ok {
		view = "all"
	}
	for _, name := range []string{"all", "failed", "waiting"} {
		list, err := q.o.Notices.Deliveries(q.ctx(), notify.DeliveryFilter{States: deliveryViews()[name], Limit: 200})
		if err != nil {
			return err
		}
		p.Tabs = append(p.Tabs, tab{Label: q.t("noteview." + name), URL: "/notifications?view=" + name + "#log", On: name == view, Count: int64(len(list))})
		if name != view {
			continue
		}
		for _, d := range list {
			p.Rows = append(p.Rows, q.deliveryRow(d, owners[d.Channel]))
		}
	}
	return q.page("notifications", p)
}

// deliveryRow shows a delivery. What members of staff call their own channels
// is theirs.
func (q *request) deliveryRow(d notify.Delivery, owner notify.Owner) deliveryRow {
	r := deliveryRow{Delivery: d, Where: d.Name, Class: map[notify.State]string{
		notify.Waiting: "open", notify.Held: "busy", notify.Bundled: "done", notify.Sent: "done", notify.Failed: "bad", notify.Stopped: "off",
	}[d.State]}
	switch {
	case owner == "":
		r.Where = q.t("notify.gone")
	case owner.Staff() != 0 && owner.Staff() != q.Account.ID:
		r.Where = q.t("notify.staff_channel")
	}
	if d.Reason != "" {
		r.Why = q.SourceFault(d.Reason)
	}
	return r
}

func (q *request) retryDelivery() error {
	id, err := q.id()
	if err == nil && q.Notices() == nil {
		err = hearback.ErrNotFound
	}
	if err == nil {
		err = q.o.Notices.Retry(q.ctx(), id)
	}
	if err != nil {
		return err
	}
	return q.see("/notifications", "delivery_retried")
}
