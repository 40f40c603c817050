package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"example.org/hearback"
)

// keyActs are the acts that have a key, each with the key it has unless
// whoever looks has chosen another, in the order of the help page.
var keyActs = []struct{ Act, Key string }{
	{"next", "j"}, {"previous", "k"}, {"open", "o"}, {"select", "x"}, {"merge", "m"}, {"split", "s"}, {"case", "c"}, {"assign", "a"},
	{"mute", "u"}, {"harm", "h"}, {"why", "w"}, {"revise", "r"}, {"undo", "z"}, {"search", "/"}, {"go", "g"}, {"help", "?"},
}

const keymapCookie = "hb_keymap"

// A keymap holds the keys that somebody chose, by act.
type keymap map[string]string

// String writes a keymap as it stands in its cookie and in a page: act.key,
// the key as its code point.
func (m keymap) String() string {
	var list []string
	for _, k := range keyActs {
		if key := m[k.Act]; key != "" && key != k.Key {
			r, _ := utf8.DecodeRuneInString(key)
			list = append(list, fmt.Sprintf("%s.%x", k.Act, r))
		}
	}
	return strings.Join(list, "-")
}

// keymapOf reads the keymap of a request. What it cannot read it leaves out.
func keymapOf(r *http.Request) keymap {
	m := keymap{}
	c, err := r.Cookie(keymapCookie)
	if err != nil {
		return m
	}
	for one := range strings.SplitSeq(c.Value, "-") {
		var code rune
		act, hex, _ := strings.Cut(one, ".")
		if _, err := fmt.Sscanf(hex, "%x", &code); err == nil && usableKey(code) && slices.ContainsFunc(keyActs, func(k struct{ Act, Key string }) bool { return k.Act == act }) {
			m[act] = string(code)
		}
	}
	return m
}

func usableKey(r rune) bool { return unicode.IsPrint(r) && !unicode.IsSpace(r) && r < 0x3000 }

// A keyRow is one act of the form for keys and of the help page.
type keyRow struct{ Act, Key, Usual string }

// keyRows lists the acts with the keys that they have for whoever looks.
func (q *request) keyRows() (rows []keyRow) {
	m := keymapOf(q.r)
	for _, k := range keyActs {
		r := keyRow{k.Act, k.Key, k.Key}
		if own := m[k.Act]; own != "" {
			r.Key = own
		}
		rows = append(rows, r)
	}
	return rows
}

// setKeys keeps the keys that somebody chose.
func (q *request) setKeys() error {
	m, taken := keymap{}, map[string]string{}
	for _, k := range keyActs {
		key := q.form("key_" + k.Act)
		if key == "" || q.form("usual") == "1" {
			key = k.Key
		}
		r, n := utf8.DecodeRuneInString(key)
		if n != len(key) || !usableKey(r) {
			return fmt.Errorf("%w: a key is one character", hearback.ErrInvalid)
		}
		if taken[key] != "" {
			return fmt.Errorf("%w: two acts have the same key; give each its own", hearback.ErrInvalid)
		}
		m[k.Act], taken[key] = key, k.Act
	}
	age := 365 * 24 * time.Hour
	if m.String() == "" {
		age = 0
	}
	q.cookie(keymapCookie, m.String(), age)
	return q.see("/account#keys", "")
}
