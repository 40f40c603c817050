package app

import (
	"slices"
	"testing"
	"time"

	"example.org/hearback/internal/source"
)

// TestLabels names a concern in both of its languages, as people wrote, and
// takes the words of a deleted message back out of the names.
func TestLabels(t *testing.T) {
	in := begin(t)
	for i, text := range []string{
		"Is the tap water safe to drink after the flood?", "洪水后饮用自来水安全吗？", "Is tap water safe to drink after the flood today",
		"洪水过后自来水饮用安全吗？", "Tap water safe to drink or not after the flood?",
	} {
		in.take(in.say(string(rune('a'+i)), string(rune('A'+i)), text))
	}
	id := in.concernOf("a").ID
	in.set(morning.Add(10 * time.Minute))
	if err := in.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	c, err := in.Store.Concern(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if in.concernOf("b").ID != id || in.concernOf("d").ID != id {
		t.Fatal("a Chinese message did not join the concern: the test needs others")
	}
	if len(c.Labels) != 2 || c.Labels[0].Lang != "en" || c.Labels[1].Lang != "zh" {
		t.Fatalf("labels %+v, want en and zh", c.Labels)
	}
	if !slices.Contains(c.Labels[0].Phrases, "tap water") && !slices.Contains(c.Labels[0].Phrases, "tap water safe") || !slices.Equal(c.Phrases, c.Labels[0].Phrases) {
		t.Errorf("phrases %q, want what people wrote", c.Phrases)
	}
	zh := c.In("zh")
	if zh.Title == "" || len(zh.Phrases) == 0 {
		t.Errorf("%+v, want a Chinese title and phrases", zh)
	}
	// What is deleted is nobody's title.
	post := map[string]string{}
	for _, p := range []string{"b", "d"} {
		post[in.message(p).Text] = p
	}
	gone := post[zh.Title]
	in.take(source.Raw{Post: gone, Deleted: true})
	if c, err = in.Store.Concern(t.Context(), id); err != nil || c.In("zh").Title != "" {
		t.Errorf("the title of a deleted message stays: %+v, %v", c.Labels, err)
	}
	in.set(morning.Add(20 * time.Minute))
	if err := in.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c, err = in.Store.Concern(t.Context(), id); err != nil || c.In("zh").Title == "" || c.In("zh").Title == zh.Title {
		t.Errorf("%+v, %v, want the title of the other message", c.Labels, err)
	}
}
