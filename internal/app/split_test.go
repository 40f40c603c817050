package app

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/store"
	"example.org/hearback/internal/web/office"
)

// Messages about two things, and the ones that brought them together.
var (
	about = []string{
		"No water in our street, when is it back on, and where is the refund on the water bill",
		"refund of the water bill for no water since morning, when is it back on in our street",
	}
	aboutOutage = []string{
		"The water is off again in our street, when is it back on", "our street has no water, when is it back on", "no water since the morning, back on when?",
		"no water in the street since morning, is it back on soon", "when is the water back on in our street, no water here",
	}
	aboutBill = []string{
		"How do I get a refund on the water bill", "The water bill is too high, who gives a refund", "Water bill refund: where do I apply",
		"refund for the high water bill, where to apply", "who decides on a refund of the water bill",
	}
)

// split is a concern that holds two things, and a proposal to split it.
func twoThings(t *testing.T) (*instance, *hearback.Concern, concerns) {
	in := begin(t)
	n := 0
	say := func(s string) {
		in.set(morning.Add(time.Duration(n) * 7 * time.Minute))
		in.take(in.say(fmt.Sprint("m", n), fmt.Sprint("who", n), s))
		n++
	}
	for _, s := range about {
		say(s)
	}
	for i := range aboutBill {
		say(aboutBill[i])
		say(aboutOutage[i])
	}
	c := in.concernOf("m0")
	for i := range n {
		if got := in.concernOf(fmt.Sprint("m", i)); got.ID != c.ID {
			t.Fatalf("message %d is in another concern: the test needs other messages", i)
		}
	}
	in.step()
	return in, in.concernOf("m0"), concerns{in.App}
}

func (in *instance) step() {
	in.t.Helper()
	in.set(time.Unix(0, in.at.Load()).Add(time.Hour))
	if err := in.Step(in.t.Context()); err != nil {
		in.t.Fatal(err)
	}
}

func (in *instance) proposed(id hearback.ID) *office.Proposal {
	in.t.Helper()
	list, err := concerns{in.App}.Proposals(in.t.Context(), id)
	if err != nil {
		in.t.Fatal(err)
	}
	for i := range list {
		if list[i].Kind == "split" {
			return &list[i]
		}
	}
	return nil
}

// counted is all that a split moves and an undo brings back.
type counted struct {
	Messages, Copies, Voices int64
	Langs                    map[string]int64
	Kinds                    map[hearback.Kind]int64
	Areas                    map[string]int64
	Recent                   []hearback.ID
	Rolls                    []store.Roll
	State                    string
}

func (in *instance) counts(id hearback.ID) counted {
	in.t.Helper()
	c, err := in.Store.Concern(in.t.Context(), id)
	if err != nil {
		in.t.Fatal(err)
	}
	rolls, err := in.Store.Rolls(in.t.Context(), id, morning.Add(-time.Hour))
	if err != nil {
		in.t.Fatal(err)
	}
	var failed error
	var state string
	for of, b := range in.Store.Grouping(in.t.Context(), morning.Add(-time.Hour), 1000, &failed) {
		if of == id {
			state = string(b)
		}
	}
	if failed != nil {
		in.t.Fatal(failed)
	}
	return counted{c.Messages, c.Copies, c.Voices, c.Langs, c.Kinds, c.Areas, c.Recent, rolls, state}
}

func TestSplit(t *testing.T) {
	in, c, do := twoThings(t)
	ctx := t.Context()
	p := in.proposed(c.ID)
	if p == nil {
		t.Fatal("no split is proposed")
	}
	if p.Here.Messages+p.There.Messages != len(c.Recent) || len(p.Here.Said) == 0 || len(p.There.Said) == 0 || p.Why != "words" {
		t.Errorf("the proposal is %+v", p)
	}
	words := strings.Join(slices.Concat(p.Here.Words, p.There.Words), " ")
	if !strings.Contains(words, "refund") || !strings.Contains(words, "back on") && !strings.Contains(words, "street") {
		t.Errorf("words %q, want what tells the two apart", words)
	}
	in.step()
	if now := in.concernOf("m0"); !slices.Contains(now.Score.Flags, "mixed") {
		t.Errorf("a concern that a split is proposed of has the flags %q", now.Score.Flags)
	}
	before := in.counts(c.ID)

	by := hearback.Actor{Role: "officer", ID: 7}
	if err := do.Decide(ctx, by, p.Key, true, "Two things."); err != nil {
		t.Fatal(err)
	}
	var part, rest hearback.ID
	at := map[hearback.ID]int{}
	for i := range 12 {
		id := in.concernOf(fmt.Sprint("m", i)).ID
		at[id]++
		if id != c.ID {
			part = id
		}
	}
	rest = c.ID
	if len(at) != 2 || at[part] != p.There.Messages {
		t.Fatalf("messages are in %v, want %d to have left %s", at, p.There.Messages, rest)
	}
	x, y := in.counts(rest), in.counts(part)
	if x.Messages+y.Messages != before.Messages || x.Voices+y.Voices != before.Voices || len(x.Recent)+len(y.Recent) != len(before.Recent) {
		t.Errorf("%+v and %+v are not all of %+v", x, y, before)
	}
	if got := len(x.Rolls) + len(y.Rolls); got < len(before.Rolls) {
		t.Errorf("%d counts by time, want at least %d", got, len(before.Rolls))
	}
	if in.proposed(c.ID) != nil {
		t.Error("the split is still proposed")
	}
	if list := in.records(hearback.ConcernSplit); len(list) != 1 || !strings.Contains(list[0], part.String()) {
		t.Errorf("records %q, want one that names the part", list)
	}

	// What comes now goes to the side it belongs to, also after a restart.
	bill, outage := in.concernOf("m2").ID, in.concernOf("m3").ID
	if bill == outage {
		t.Fatal("the two things are on one side")
	}
	in.again()
	do = concerns{in.App}
	in.take(in.say("n0", "x0", "where to apply for a refund of my water bill"), in.say("n1", "x1", "still no water in our street, when is it back on?"))
	if got := in.concernOf("n0").ID; got != bill {
		t.Errorf("a refund went to %s, want %s", got, bill)
	}
	if got := in.concernOf("n1").ID; got != outage {
		t.Errorf("an outage went to %s, want %s", got, outage)
	}

	if err := do.Undo(ctx, by, c.ID, "It is one after all."); err != nil {
		t.Fatal(err)
	}
	for i := range 12 {
		m := in.message(fmt.Sprint("m", i))
		if m.Concern != c.ID {
			t.Errorf("message %d is in %s after the undo", i, m.Concern)
		}
	}
	after := in.counts(c.ID)
	if after.Messages != before.Messages+2 || after.Voices != before.Voices+2 {
		t.Errorf("%d messages and %d voices, want %d and %d and those that came since", after.Messages, after.Voices, before.Messages, before.Voices)
	}
	gone, err := in.Store.Concern(ctx, part)
	if err != nil || gone.State != hearback.Merged || gone.Into != c.ID {
		t.Errorf("the part is %+v, %v, want it merged", gone, err)
	}
	if err := do.Undo(ctx, by, c.ID, ""); err == nil {
		t.Error("there is something left to undo")
	}
	in.step()
	if in.proposed(c.ID) != nil {
		t.Error("what was taken back is proposed again")
	}
	in.take(in.say("n2", "x2", "please: where to apply for a refund on the water bill"))
	if got := in.concernOf("n2").ID; got != c.ID {
		t.Errorf("a refund went to %s after the undo, want %s", got, c.ID)
	}
}

// TestSplitUndoIsExact takes a split back before anything else came.
func TestSplitUndoIsExact(t *testing.T) {
	in, c, do := twoThings(t)
	before := in.counts(c.ID)
	for range 2 { // from the memory of the service, and from the store
		p := in.proposed(c.ID)
		if p == nil {
			t.Fatal("no split is proposed")
		}
		if err := do.Decide(t.Context(), Operator(), p.Key, true, ""); err != nil {
			t.Fatal(err)
		}
		in.again()
		do = concerns{in.App}
		if err := do.Undo(t.Context(), Operator(), c.ID, ""); err != nil {
			t.Fatal(err)
		}
		if after := in.counts(c.ID); !reflect.DeepEqual(after, before) {
			t.Fatalf("after the undo %+v, want %+v", after, before)
		}
		// Somebody could ask for it again once the concern has doubled.
		list, err := in.Store.Splits(t.Context(), c.ID, store.SplitUndone, 10)
		if err != nil || len(list) == 0 {
			t.Fatalf("%v, %v", list, err)
		}
		x := list[len(list)-1]
		x.ID, x.State, x.Part, x.Left, x.Rolls = in.Pipeline.ids.Next(in.now()), store.SplitProposed, 0, store.Left{}, nil
		if err := in.Store.Propose(t.Context(), c.ID, &x); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSplitTurnedDown is not asked about again.
func TestSplitTurnedDown(t *testing.T) {
	in, c, do := twoThings(t)
	p := in.proposed(c.ID)
	if p == nil {
		t.Fatal("no split is proposed")
	}
	if err := do.Decide(t.Context(), Operator(), p.Key, false, ""); err != nil {
		t.Fatal(err)
	}
	if in.proposed(c.ID) != nil {
		t.Error("it is still proposed")
	}
	in.step()
	if now := in.concernOf("m0"); slices.Contains(now.Score.Flags, "mixed") {
		t.Errorf("a concern that somebody held together has the flags %q", now.Score.Flags)
	}
	for i := range 6 {
		in.take(in.say(fmt.Sprint("o", i), fmt.Sprint("y", i), fmt.Sprintf("where to apply for a refund on the water bill of flat %d", i)))
	}
	in.step()
	if in.proposed(c.ID) != nil {
		t.Error("it is proposed again")
	}
	if err := do.Decide(t.Context(), Operator(), p.Key, true, ""); err == nil {
		t.Error("what is not proposed was done")
	}
}

// TestTwoLanguages holds that saying one thing in two languages is no reason
// to split.
func TestTwoLanguages(t *testing.T) {
	in := begin(t)
	for i, s := range []string{
		"Is the tap water safe to drink after the flood?", "洪水过后自来水还能喝吗？", "Is the tap water safe to drink now, after the flood", "洪水之后自来水还能喝吗，有人知道吗",
		"After the flood, is tap water safe to drink?", "请问洪水过后自来水能喝吗", "Can anyone say if the tap water is safe to drink after the flood", "洪水以后自来水到底能不能喝",
		"Is tap water safe to drink for a baby after the flood", "洪水过后自来水能给孩子喝吗",
	} {
		in.set(morning.Add(time.Duration(i) * 5 * time.Minute))
		in.take(in.say(fmt.Sprint("m", i), fmt.Sprint("who", i), s))
	}
	in.step()
	c := in.concernOf("m0")
	if c.Langs["en"] < 4 || c.Langs["zh"] < 4 {
		t.Fatalf("the concern has the languages %v: the test needs other messages", c.Langs)
	}
	if p := in.proposed(c.ID); p != nil {
		t.Errorf("a split by %s is proposed", p.Why)
	}
}
