package main

import (
	"strings"

	"example.org/hearback"
	"example.org/hearback/internal/cluster"
	"example.org/hearback/internal/text"
)

// spoken shows the words of explanations as they stand in messages, and not as
// the stems that are compared. It remembers what concerns began with.
type spoken struct {
	a     *text.Analyzer
	began map[hearback.ID]text.Doc
}

// say puts the words of the message and of its concern in the place of stems.
func (s spoken) say(as *cluster.Assignment, d *text.Doc) {
	other := as.Concern
	for _, w := range as.Why {
		if w.Kind == cluster.WhyLink {
			if id, err := hearback.ParseID(w.Text); err == nil {
				other = id
			}
		}
	}
	for i := range as.Why {
		switch w := &as.Why[i]; w.Kind {
		case cluster.WhyShared:
			w.Text = s.a.Written(d, w.Text)
		case cluster.WhyMet:
			mine, theirs, _ := strings.Cut(w.Text, " = ")
			doc := s.began[other]
			w.Text = s.a.Written(d, mine) + " = " + s.a.Written(&doc, theirs)
		}
	}
	if as.New {
		if len(s.began) == cluster.MaxLive {
			clear(s.began)
		}
		s.began[as.Concern] = text.Doc{Lang: d.Lang, Norm: d.Norm}
	}
}
