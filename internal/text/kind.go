package text

import (
	"strings"

	"example.org/hearback"
)

// Kind sorts a message by what it asks of the office. d is what Analyze made
// of s. It looks at wording only, and never at what the message thinks of
// anybody.
func (a *Analyzer) Kind(s string, d *Doc) hearback.Kind {
	switch {
	case len(d.Terms) == 0:
		return hearback.Other
	case strings.ContainsAny(s, "?？؟"):
		return hearback.Question
	}
	return hearback.Claim
}
