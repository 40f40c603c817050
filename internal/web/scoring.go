package web

import (
	"fmt"

	"example.org/hearback"
	"example.org/hearback/internal/forecast"
	"example.org/hearback/internal/score"
)

type scoringPage struct {
	frame
	Public bool
	Rules  string
	Rows   []scoringRow
	Bands  []string // of spread, from the left
	Matrix []matrixRow
}

// A scoringRow is one formula and what its signs mean.
type scoringRow struct{ Name, Text, Say string }

// A matrixRow is the tiers of one band of harm.
type matrixRow struct {
	Band  string
	Tiers [4]hearback.Tier
}

// scoring shows, for everybody, by which formulae and constants concerns are
// put in order.
func (q *request) scoring() error {
	nav := "accountability"
	if q.console {
		nav = "concerns"
	}
	p := &scoringPage{frame: q.frame(q.t("scoring.title"), nav), Public: !q.console, Rules: score.Rules}
	for _, f := range score.Formulae() {
		if f.Name == "harm" { // persistence comes before it, as on the page of a concern
			alive := fmt.Sprintf("P = 100 × Pr(V ≥ max(%d, W/%d))", forecast.AliveVoices, forecast.AliveShare)
			p.Rows = append(p.Rows, scoringRow{"persistence", alive, q.t("scoring.persistence")})
		}
		args := make([]any, len(f.Constants))
		for i, c := range f.Constants {
			args[i] = c
		}
		p.Rows = append(p.Rows, scoringRow{f.Name, f.Text, q.t("scoring."+f.Name, args...)})
	}
	bands := [4]string{"0–25", "25–50", "50–75", "75–100"}
	p.Bands = bands[:]
	for i, row := range score.Matrix() {
		p.Matrix = append(p.Matrix, matrixRow{bands[i], row})
	}
	return q.page("pub_scoring", p)
}
