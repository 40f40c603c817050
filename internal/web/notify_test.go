package web_test

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/notify"
)

// A mailbox is a way to deliver that keeps what came.
type mailbox struct {
	got  []notify.Message
	to   []notify.Address
	fail error
}

func (m *mailbox) Send(_ context.Context, to notify.Address, x notify.Message) error {
	if m.fail != nil {
		return m.fail
	}
	m.got, m.to = append(m.got, x), append(m.to, to)
	return nil
}

// form is the form of a channel, filled in.
func form(kv ...string) []string {
	list := []string{"name", "Duty mail", "way", "mail", "to", "duty@linmere.example", "lang", "zh", "zone", "Asia/Shanghai", "digest", "08:00", "quiet_from", "22:00", "quiet_to", "07:00", "through", "1"}
	for _, k := range notify.Kinds() {
		list = append(list, "mode_"+string(k), "now")
	}
	for i := 0; i < len(kv); i += 2 {
		for j := 0; j < len(list); j += 2 {
			if list[j] == kv[i] {
				list = append(list[:j], list[j+2:]...)
				break
			}
		}
	}
	return append(list, kv...)
}

// act finds the address of a form with a button in a page.
var channelAction = regexp.MustCompile(`action="((?:/notifications|/account/channels|/desks/[a-z]+/channels)/[0-9a-z]+)"`)

func TestChannels(t *testing.T) {
	w := newWorld(t)
	w.fill(plain)
	box := &mailbox{}
	w.notices.Senders = map[notify.Way]notify.Sender{notify.Mail: box, notify.Webhook: box}
	opt := w.options()
	admin := w.join(opt, "First", access.Administrator)
	officer := w.join(opt, "Officer", access.Officer)
	for _, tt := range []struct {
		name, page, add string
		b               *browser
	}{
		{"office", "/notifications", "/notifications", admin},
		{"desk", "/desks", "/desks/water/channels", admin},
		{"own", "/account", "/account/channels", officer},
	} {
		t.Run(tt.name, func(t *testing.T) {
			box.got, box.to, box.fail = nil, nil, nil
			if rec := tt.b.post(tt.add, form()...); rec.Code != http.StatusSeeOther || !strings.Contains(rec.Header().Get("Location"), "done=channel_added") {
				t.Fatalf("add = %d %s", rec.Code, rec.Body)
			}
			body := tt.b.get(tt.page).Body.String()
			action := channelAction.FindStringSubmatch(body)
			if action == nil || !strings.Contains(body, "Duty mail") || !strings.Contains(body, "d…@linmere.example") || strings.Contains(body, "duty@linmere.example") {
				t.Fatalf("the page does not show the channel, or shows its address:\n%s", body)
			}
			if rec := tt.b.post(action[1], "act", "test"); rec.Code != http.StatusSeeOther || len(box.got) != 1 || box.to[0].To != "duty@linmere.example" || !strings.HasPrefix(box.got[0].Subject, "测试") {
				t.Fatalf("test = %d, sent %+v", rec.Code, box.got)
			}
			if rec := tt.b.post(action[1], "act", "test"); rec.Code != http.StatusForbidden || !strings.Contains(rec.Body.String(), "wait ten seconds") {
				t.Errorf("a second test at once = %d", rec.Code)
			}
			w.pass(time.Minute)
			box.fail = &notify.Fault{Sentence: "hooks.example knows no such address (it answered 404). Check the address.", Final: true}
			rec := tt.b.post(action[1]+"?lang=zh", "act", "test")
			if rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), "没有这个地址（返回404）") {
				t.Errorf("a test that fails = %d, and does not say why in Chinese", rec.Code)
			}
			tt.b.get(tt.page + "?lang=en")
			for _, act := range []string{"pause", "resume"} {
				if rec := tt.b.post(action[1], "act", act); rec.Code != http.StatusSeeOther {
					t.Errorf("%s = %d", act, rec.Code)
				}
				if paused := strings.Contains(tt.b.get(tt.page).Body.String(), "paused</span>"); paused != (act == "pause") {
					t.Errorf("after %s the page says paused: %t", act, paused)
				}
			}
			version := regexp.MustCompile(`action="` + action[1] + `">(?:<input type="hidden" name="once"[^>]*>)?<input type="hidden" name="version" value="(\d+)"`).FindStringSubmatch(tt.b.get(tt.page).Body.String())
			if version == nil {
				t.Fatal("the form has no version")
			}
			if rec := tt.b.post(action[1], form("act", "save", "version", version[1], "to", "", "name", "Night mail")...); rec.Code != http.StatusSeeOther {
				t.Errorf("save = %d %s", rec.Code, rec.Body)
			}
			if rec := tt.b.post(action[1], form("act", "save", "version", version[1], "to", "")...); rec.Code != http.StatusConflict {
				t.Errorf("save of an old version = %d", rec.Code)
			}
			box.fail, box.got = nil, nil
			w.pass(time.Minute)
			if tt.b.post(action[1], "act", "test"); len(box.got) != 1 || box.to[len(box.to)-1].To != "duty@linmere.example" {
				t.Error("the address was lost when the rest was changed")
			}
			for _, bad := range [][]string{{"to", "nobody"}, {"name", ""}, {"zone", "Mars/Olympus"}, {"quiet_from", "25:00"}, {"quiet_to", "22:00"}, {"digest", "", "mode_alert", "digest"}, {"way", "pigeon"}, {"way", "webhook"}} {
				if rec := tt.b.post(tt.add, form(bad...)...); rec.Code != http.StatusUnprocessableEntity {
					t.Errorf("%q = %d, want 422", bad, rec.Code)
				}
			}
			// A secret that is made is shown once.
			rec = tt.b.post(tt.add, form("way", "webhook", "to", "https://hooks.example/T0PS3CRET")...)
			secret := regexp.MustCompile(`whsec_[A-Za-z0-9+/=&#;]+`).FindString(rec.Body.String())
			if rec.Code != http.StatusOK || secret == "" {
				t.Errorf("a webhook = %d without its secret", rec.Code)
			}
			if body := tt.b.get(tt.page).Body.String(); strings.Contains(body, "whsec_") || strings.Contains(body, "T0PS3CRET") || !strings.Contains(body, "hooks.example") {
				t.Error("the page shows a secret again, or not the channel")
			}
			for range 2 {
				a := channelAction.FindStringSubmatch(tt.b.get(tt.page).Body.String())
				if rec := tt.b.post(a[1], "act", "remove"); rec.Code != http.StatusSeeOther {
					t.Errorf("remove = %d", rec.Code)
				}
			}
			if channelAction.MatchString(tt.b.get(tt.page).Body.String()) {
				t.Error("a removed channel is still there")
			}
		})
	}
	// Nobody reaches the channels of others by their ids.
	if rec := officer.post("/account/channels", form()...); rec.Code != http.StatusSeeOther {
		t.Fatal(rec.Code)
	}
	own := channelAction.FindStringSubmatch(officer.get("/account").Body.String())[1]
	id := own[strings.LastIndex(own, "/"):]
	other := w.join(opt, "Other", access.Officer)
	for _, try := range []struct {
		b    *browser
		path string
		want int
	}{
		{other, "/account/channels" + id, http.StatusNotFound}, {admin, "/account/channels" + id, http.StatusNotFound}, {admin, "/notifications" + id, http.StatusNotFound},
		{admin, "/desks/water/channels" + id, http.StatusNotFound}, {admin, "/desks/nosuch/channels", http.StatusNotFound}, {officer, "/notifications" + id, http.StatusForbidden}, {officer, "/desks/water/channels" + id, http.StatusForbidden},
	} {
		for _, act := range []string{"test", "pause", "remove", "save"} {
			if rec := try.b.post(try.path, form("act", act)...); rec.Code != try.want {
				t.Errorf("%s %s = %d, want %d", try.path, act, rec.Code, try.want)
			}
		}
	}
	if body := admin.get("/notifications").Body.String(); strings.Contains(body, "Duty mail") || strings.Contains(body, "d…@") {
		t.Error("the administrator sees the name or the address of somebody's own channel")
	}
}

// TestDeliveries: what was given up stands in the console with its reason and
// a button, and acknowledging a case stops its reminders.
func TestDeliveries(t *testing.T) {
	w := newWorld(t)
	o := w.fill(plain)
	box := &mailbox{fail: &notify.Fault{Sentence: "hooks.example does not let us in (it answered 401). Enter the address again with a valid secret.", Final: true}}
	w.notices.Senders = map[notify.Way]notify.Sender{notify.Mail: box}
	opt := w.options()
	all := w.join(opt, "Everything", access.Roles()...)
	if rec := all.post("/notifications", form("lang", "en")...); rec.Code != http.StatusSeeOther {
		t.Fatal(rec.Code)
	}
	ctx := context.Background()
	w.must(w.notices.Tick(ctx)) // what happened before
	w.pass(time.Minute)
	k, err := w.db.Case(ctx, o.damCase)
	w.must(err)
	d := k.Next()
	if d == nil {
		t.Fatal("the case has no clock that runs")
	}
	w.must(w.db.AddAlerts(ctx, []hearback.Alert{{ID: w.id(), Concern: o.dam, Kind: hearback.AlertDeadline, Rules: "alert/1", At: w.Now(), Stat: 1, Limit: 1, Window: time.Hour, Case: k.ID, Clock: d.Kind, Due: d.Due}}, nil))
	w.must(w.notices.Tick(ctx))
	body := all.get("/notifications?view=failed").Body.String()
	retry := regexp.MustCompile(`action="(/notifications/[0-9a-z]+/retry)"`).FindStringSubmatch(body)
	if retry == nil || !strings.Contains(body, "OVERDUE") || !strings.Contains(body, "does not let us in (it answered 401)") || !strings.Contains(body, "given up") {
		t.Fatalf("the page does not say what was given up:\n%s", body)
	}
	if body := all.get("/notifications?view=failed&lang=zh").Body.String(); !strings.Contains(body, "拒绝访问（返回401）") {
		t.Error("the reason is not said in Chinese")
	}
	all.get("/notifications?lang=en")
	box.fail = nil
	if rec := all.post(retry[1]); rec.Code != http.StatusSeeOther {
		t.Errorf("retry = %d", rec.Code)
	}
	w.must(w.notices.Tick(ctx))
	if len(box.got) != 1 || !strings.Contains(box.got[0].Subject, "OVERDUE") {
		t.Fatalf("tried again: %+v", box.got)
	}
	if rec := all.post(retry[1]); rec.Code != http.StatusForbidden {
		t.Errorf("retry of what was sent = %d", rec.Code)
	}
	if body := all.get("/cases/" + k.ID.String()).Body.String(); !strings.Contains(body, "/ack\"") {
		t.Error("the case offers nothing to stop its reminders")
	}
	if rec := all.post("/cases/" + k.ID.String() + "/ack"); rec.Code != http.StatusSeeOther {
		t.Errorf("ack = %d", rec.Code)
	}
	w.pass(48 * time.Hour)
	w.must(w.notices.Tick(ctx))
	for _, m := range box.got[1:] {
		if m.Kind == notify.Overdue {
			t.Errorf("reminded after it was acknowledged: %s", m.Subject)
		}
	}
}
