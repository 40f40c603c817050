package office

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/web/locale"
)

// Every class of fault has one status and one sentence, in both languages, and
// what another package says when it refuses reaches whoever reads Chinese in
// Chinese, or with a word of warning in English.
func TestSay(t *testing.T) {
	all, err := locale.Load(time.UTC, time.Now, nil)
	if err != nil {
		t.Fatal(err)
	}
	own := &Fault{Status: http.StatusPreconditionFailed, Class: "changed since it was read"}
	for _, tt := range []struct {
		err    error
		status int
		en, zh string
	}{
		{fmt.Errorf("%w: a view needs a name", hearback.ErrInvalid), 422, "A view needs a name.", "视图需要名称。"},
		{fmt.Errorf("%w: nobody translated this", hearback.ErrRefused), 403, "Nobody translated this.", ""},
		{fmt.Errorf("store: %w", hearback.ErrNotFound), 404, all["en"].T("error.404.say"), all["zh"].T("error.404.say")},
		{fmt.Errorf("the disk of %s is full", "db-7"), 500, all["en"].T("error.500.say"), all["zh"].T("error.500.say")},
		{own, 412, all["en"].T("error.412.say"), all["zh"].T("error.412.say")},
		{&http.MaxBytesError{}, 413, all["en"].T("error.413.say"), all["zh"].T("error.413.say")},
		{NotScoped{access.ScopeTriage}, 403, all["en"].T("error.scope", all["en"].Label("scope", access.ScopeTriage)), all["zh"].T("error.scope", all["zh"].Label("scope", access.ScopeTriage))},
		{NotAllowed{Action: access.Approve, Asleep: true}, 403, all["en"].T("error.asleep"), all["zh"].T("error.asleep")},
		{access.Locked{Program: true}, 429, all["en"].T("error.429.say"), all["zh"].T("error.429.say")},
	} {
		if got := StatusOf(tt.err); got != tt.status {
			t.Errorf("%v has the status %d, want %d", tt.err, got, tt.status)
		}
		en, zh := (&Caller{Locale: all["en"]}).Say(tt.err), (&Caller{Locale: all["zh"]}).Say(tt.err)
		if en != tt.en {
			t.Errorf("%v is said %q, want %q", tt.err, en, tt.en)
		}
		if tt.zh == "" {
			tt.zh = all["zh"].T("error.403.say") + all["zh"].T("error.original", "nobody translated this")
		}
		if zh != tt.zh {
			t.Errorf("%v is said %q, want %q", tt.err, zh, tt.zh)
		}
	}
}
