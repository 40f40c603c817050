package web

import (
	"math"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/forecast"
	"example.org/hearback/internal/web/office"
)

type calibrationPage struct {
	frame
	Public bool
	Days   int
	Rows   []skillRow
	Scored int64
	Down   int64
	Shown  int
	Enough int
	Alerts office.QualityView
}

// A skillRow says how good the forecasts of one target were.
type skillRow struct {
	Key string
	forecast.Skill
	N                         int64
	Relative                  string
	Cover50, Cover80, Cover95 string
	Say                       string
}

// calibration shows, for everybody, how good forecasts were, also where they
// were not.
func (q *request) calibration() error {
	nav := "accountability"
	if q.console {
		nav = "results"
	}
	p := &calibrationPage{frame: q.frame(q.t("cal.title"), nav), Public: !q.console, Days: int(forecast.Lately / (24 * time.Hour)), Enough: forecast.Enough}
	sums, err := q.o.Store.ForecastSums(q.ctx(), q.o.Now().Add(-forecast.Lately))
	if err != nil {
		return err
	}
	for _, t := range forecast.Targets() {
		s := sums[t].Skill()
		r := skillRow{Key: office.TargetKey(t), Skill: s, N: int64(math.Round(s.Count)), Relative: "–", Cover50: "–", Cover80: "–", Cover95: "–", Say: q.SkillSay(s)}
		if r.N >= office.FewCases {
			r.Relative = q.l.Dec2(s.Relative)
			r.Cover50, r.Cover80, r.Cover95 = q.share(s.Cover50), q.share(s.Cover80), q.share(s.Cover95)
		}
		p.Scored += r.N
		p.Down += int64(math.Round(s.Down))
		if s.Show {
			p.Shown++
		}
		p.Rows = append(p.Rows, r)
	}
	alerts, err := q.LatelyAlerts(q.ctx())
	if err != nil {
		return err
	}
	if p.Alerts, _, err = q.AlertQuality(q.ctx(), alerts); err != nil {
		return err
	}
	return q.page("pub_calibration", p)
}

func (q *request) share(f float64) string { return q.l.Dec(math.Round(100*f)) + "%" }

// outlook says what is expected of a concern, as far as such forecasts have
// earned to be shown, and otherwise why there is nothing.
func (q *request) outlook(c *hearback.Concern) (lines []string, band []foreseen, note string, err error) {
	now := q.o.Now()
	list, err := q.o.Store.Forecasts(q.ctx(), c.ID, now.Add(-7*time.Hour), len(forecast.Targets()))
	if err != nil {
		return nil, nil, "", err
	}
	if len(list) == 0 {
		return nil, nil, q.t("cal.none"), nil
	}
	sums, err := q.o.Store.ForecastSums(q.ctx(), now.Add(-forecast.Lately))
	if err != nil {
		return nil, nil, "", err
	}
	for _, f := range list { // the nearest first
		if !f.Made.Equal(list[0].Made) || f.Target == forecast.ThirdDay {
			continue
		}
		s := sums[f.Target].Skill()
		if !s.Show {
			if note == "" {
				if note = q.t("cal.hidden"); s.Count < forecast.Enough {
					note = q.t("cal.hidden_few", int64(math.Round(s.Count)), forecast.Enough)
				}
			}
			continue
		}
		lines = append(lines, q.t("cal.line."+office.TargetKey(f.Target), f.Q[3], q.l.Dec(math.Floor(f.Q[1])), q.l.Dec(math.Ceil(f.Q[5])), f.Made))
		_, hours := f.Target.Span()
		if f.Target != forecast.Next72 || len(band) == 0 { // three days more would press the past together
			b := foreseen{from: f.Made, to: f.Due(), low: f.Q[1] / float64(hours), mid: f.Q[3] / float64(hours), high: f.Q[5] / float64(hours)}
			if n := len(band); n > 0 {
				b.from = band[n-1].to
			}
			band = append(band, b)
		}
	}
	if note != "" && len(lines) > 0 {
		note = q.t("cal.hidden_rest")
	}
	return lines, band, note, nil
}
