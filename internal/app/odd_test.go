package app

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/source"
)

// TestReplayedWeek: a source that sends a week at once is counted where its
// messages were said. What it says is old is no rise, and hides none.
func TestReplayedWeek(t *testing.T) {
	s := newStreet(t)
	const asks = "Is the tap water safe to drink?" // too short for an echo
	s.pass(8*24, func() { s.hears(s.src, 1, "", "en", asks) })
	now := time.Unix(0, s.at.Load())
	var week []source.Raw
	for h := range 7 * 24 {
		s.n++
		raw := s.say(fmt.Sprint("p", s.n), fmt.Sprint("account ", s.n), tails[s.n%len(tails)]+" "+asks)
		raw.At, raw.Lang = now.Add(-time.Duration(h)*time.Hour), "en"
		week = append(week, raw)
	}
	if _, err := s.Pipeline.Take(t.Context(), s.forum, week, nil); err != nil {
		t.Fatal(err)
	}
	s.pass(3, func() { s.hears(s.src, 1, "", "en", asks) })
	for _, kind := range []hearback.AlertKind{hearback.AlertRising, hearback.AlertSlowBurn} {
		if got := s.told(kind); len(got) != 0 {
			t.Errorf("a week sent at once raised %+v", got)
		}
	}
	s.pass(4, func() { s.hears(s.src, 25, "", "en", asks) })
	if got := s.told(hearback.AlertRising); len(got) != 1 {
		t.Errorf("a true rise after it raised %d alerts, want 1", len(got))
	}
}

// TestOneVoice: one account that posts ten thousand times is one voice, raises
// nothing, and is a flag on the concern.
func TestOneVoice(t *testing.T) {
	s := newStreet(t)
	ctx := t.Context()
	const asks = "Is the tap water in the old quarter safe to drink? Can I give it to the children?"
	s.hears(s.src, 5, "", "en", asks)
	s.pass(1, nil)
	before := s.concernOf("p1")
	told := len(s.told(hearback.AlertRising)) + len(s.told(hearback.AlertNovel))
	for range 10 {
		var list []source.Raw
		for range 1000 {
			s.n++
			list = append(list, s.say(fmt.Sprint("p", s.n), "the same account", fmt.Sprint(tails[s.n%len(tails)], " ", asks, " ", s.n)))
		}
		if _, err := s.Pipeline.Take(ctx, s.src, list, nil); err != nil {
			t.Fatal(err)
		}
	}
	s.pass(1, nil)
	list, err := s.Store.Living(ctx, morning.Add(-time.Hour), 0, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var messages, voices int64
	for _, c := range list {
		messages, voices = messages+c.Messages, voices+c.Voices
		if c.ID != before.ID && c.Voices > 1 {
			t.Errorf("one account is %d voices of %s", c.Voices, c.ID)
		}
	}
	if messages != 10_005 || voices > before.Voices+int64(len(list)) {
		t.Errorf("%d messages and %d voices in %d concerns", messages, voices, len(list))
	}
	if got := len(s.told(hearback.AlertRising)) + len(s.told(hearback.AlertNovel)); got != told {
		t.Errorf("it raised %d more alerts", got-told)
	}
	if c := s.concernOf("p1"); c.Messages > 100 && !slices.Contains(c.Score.Flags, "loud_few") {
		t.Errorf("%d messages of %d voices are flagged %v", c.Messages, c.Voices, c.Score.Flags)
	}
}

// TestCopies: a hundred accounts that post one text of some length are a hundred
// voices, and count for alerts and heat as a handful; those who speak for
// themselves beside them count in full.
func TestCopies(t *testing.T) {
	s := newStreet(t)
	const asks = "Is the tap water in the old quarter safe to drink? Can I give it to the children?"
	s.pass(3*24, func() { s.hears(s.src, 2, "", "en", asks) })
	id := s.concernOf("p1").ID
	before := *s.concernOf("p1")
	var list []source.Raw
	for range 100 {
		s.n++
		list = append(list, s.say(fmt.Sprint("p", s.n), fmt.Sprint("account ", s.n), "Share this before they delete it: the tap water in the old quarter is not safe to drink for children"))
	}
	if _, err := s.Pipeline.Take(t.Context(), s.src, list, nil); err != nil {
		t.Fatal(err)
	}
	s.pass(1, nil)
	wave := s.concernOf(fmt.Sprint("p", s.n))
	voices := wave.Voices
	if wave.ID == id {
		voices -= before.Voices
	}
	if voices != 100 || wave.Copies < 99 {
		t.Errorf("a hundred accounts are %d voices and %d copies", voices, wave.Copies)
	}
	if r := s.steps.readings[wave.ID]; r.Observed < 4 || r.Observed > 14 {
		t.Errorf("a hundred copies count as %v voices of the hour, want about 1 + log2(100)", r.Observed)
	}
	s.pass(1, func() { s.hears(s.src, 6, "", "en", "My child got sick from the water, who helps?") })
	rolls, err := s.Store.Rolls(t.Context(), s.concernOf(fmt.Sprint("p", s.n)).ID, time.Unix(0, s.at.Load()).Add(-time.Hour))
	if err != nil || len(rolls) == 0 || rolls[len(rolls)-1].Voices != 6 || rolls[len(rolls)-1].Echoes != 0 {
		t.Errorf("six who speak for themselves are %+v, %v", rolls, err)
	}
}
