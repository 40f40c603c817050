package app

import (
	"strings"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/score"
	"example.org/hearback/internal/store"
)

// echoWords is how many words a text needs for its copies to count as echoes:
// shorter ones people write alike without having seen each other's.
const echoWords = 12

// grow adds a message to its concern.
func grow(c *hearback.Concern, m *hearback.Message, voices int64) {
	if c.Messages == 0 {
		c.First, c.Last = m.At, m.At
		c.Langs, c.Kinds, c.Areas = map[string]int64{}, map[hearback.Kind]int64{}, map[string]int64{}
		c.Title = short(m.Text)
	}
	if m.At.Before(c.First) {
		c.First = m.At
	}
	if m.At.After(c.Last) {
		c.Last = m.At
	}
	c.Messages++
	c.Voices += voices
	reach(c, m, voices)
	c.Langs[m.Lang]++
	c.Kinds[m.Kind]++
	c.Areas[m.Area]++
	if m.CopyOf != 0 {
		c.Copies++
		return
	}
	if len(c.Recent) < hearback.RecentMessages {
		c.Recent = append(c.Recent, 0)
	}
	copy(c.Recent[1:], c.Recent)
	c.Recent[0] = m.ID
}

// freshFor is how long a place counts as new to a concern, and how old a
// concern must be before a place can be new to it.
const freshFor = 24 * time.Hour

// reach notes that a concern that is not new itself is heard in a new area or
// language, and counts the voices there for a day. It goes before the message
// is counted.
func reach(c *hearback.Concern, m *hearback.Message, voices int64) {
	if len(c.Fresh) > 0 && m.At.Sub(c.Fresh[0].At) > 2*freshFor {
		c.Fresh = c.Fresh[1:]
	}
	if m.At.Sub(c.First) >= freshFor {
		if m.Area != "" && c.Areas[m.Area] == 0 {
			c.Fresh = append(c.Fresh, hearback.Place{What: "area", Name: m.Area, At: m.At})
		}
		if m.Lang != "und" && c.Langs[m.Lang] == 0 {
			c.Fresh = append(c.Fresh, hearback.Place{What: "lang", Name: m.Lang, At: m.At})
		}
	}
	for i := range c.Fresh {
		if f := &c.Fresh[i]; m.At.Sub(f.At) < freshFor && (f.What == "area" && f.Name == m.Area || f.What == "lang" && f.Name == m.Lang) {
			f.Voices += voices
		}
	}
}

// short cuts a text to the length of a title.
func short(s string) string {
	n := 0
	for i := range s {
		if n++; n > 80 {
			if at := strings.LastIndexByte(s[:i], ' '); s[i] != ' ' && at > i*2/3 {
				i = at // not in the middle of a word
			}
			return strings.TrimRight(s[:i], " ,;:") + "…"
		}
	}
	return s
}

// hear counts a voice: it returns 1 if it is new to the concern in this
// window, and 0 if it is not.
func (b *build) hear(c *living, voice uint64) int64 {
	if c.voices == nil {
		c.voices = &score.Sketch{}
	}
	n := c.voices.Add(voice)
	if n > 0 {
		b.sketches[c.ID] = c.voices
	}
	return n
}

// heardFrom counts a message for its area in its hour, unless that is too long
// ago to be shown.
func (b *build) heardFrom(m *hearback.Message, voices int64) {
	if b.now.Sub(m.At) > store.AreaKept {
		return
	}
	hour := m.At.Truncate(time.Hour)
	key := areaKey{hour.UnixMicro(), m.Area}
	a := b.areas[key]
	if a == nil {
		a = &store.AreaHour{Hour: hour, Area: m.Area}
		b.areas[key] = a
	}
	a.Messages++
	a.Voices += voices
}

// sum adds the counts of part to c, or takes them away if sign is -1.
func sum(c, part *hearback.Concern, sign int64) {
	c.Messages += sign * part.Messages
	c.Copies += sign * part.Copies
	c.Voices += sign * part.Voices
	addTo(&c.Langs, part.Langs, sign)
	addTo(&c.Kinds, part.Kinds, sign)
	addTo(&c.Areas, part.Areas, sign)
	if part.First.Before(c.First) && !part.First.IsZero() {
		c.First = part.First
	}
}

// addTo adds the counts of b, and leaves out what comes to nothing.
func addTo[K comparable](a *map[K]int64, b map[K]int64, sign int64) {
	if *a == nil {
		*a = map[K]int64{}
	}
	for k, n := range b {
		if (*a)[k] += sign * n; (*a)[k] == 0 {
			delete(*a, k)
		}
	}
}
