package api

import (
	"example.org/hearback"
	"example.org/hearback/internal/web/office"
)

// apiDrill says how the drill stands: as much as the caller may see.
func (q *request) apiDrill(nothing) (office.DrillReport, error) { return q.DrillReport(q.ctx()) }

type paceBody struct {
	Act   string  `json:"act" doc:"pause, resume, speed or end. An end is for good, and shows everybody what was hidden."`
	Speed float64 `json:"speed,omitempty" doc:"Times faster than life, for speed."`
}

func (q *request) apiDrillPace(in paceBody) (office.DrillReport, error) {
	if err := q.SetPace(in.Act, in.Speed); err != nil {
		return office.DrillReport{}, err
	}
	return q.DrillReport(q.ctx())
}

type ratingBody struct {
	Objective string               `json:"objective" doc:"Name of an objective of the drill."`
	Rating    hearback.DrillRating `json:"rating"`
}

func (q *request) apiRateObjective(in ratingBody) (office.DrillReport, error) {
	if err := q.KeepRating(q.ctx(), in.Objective, in.Rating); err != nil {
		return office.DrillReport{}, err
	}
	return q.DrillReport(q.ctx())
}

type observationBody struct {
	Objective string `json:"objective" doc:"Name of an objective of the drill."`
	Improve   bool   `json:"improve,omitempty" doc:"It is to be improved; otherwise a strength."`
	Text      string `json:"text"`
	Action    string `json:"action,omitempty" doc:"What is to be done."`
	Desk      string `json:"desk,omitempty" doc:"Slug of the desk that does it."`
	Due       string `json:"due,omitempty" doc:"The day by which it is done, as 2026-07-14."`
	Version   int    `json:"version,omitempty" doc:"Of the observation that is changed; another one is a conflict."`
}

func (q *request) apiObserve(in observationBody) (office.DrillReport, error) {
	return q.keepObservation(0, in)
}

func (q *request) apiChangeObservation(in observationBody) (office.DrillReport, error) {
	id, err := q.id()
	if err != nil {
		return office.DrillReport{}, err
	}
	return q.keepObservation(id, in)
}

func (q *request) keepObservation(id hearback.ID, in observationBody) (office.DrillReport, error) {
	o := hearback.Observation{ID: id, Objective: in.Objective, Improve: in.Improve, Text: in.Text, Action: in.Action, Desk: in.Desk, Due: in.Due, Version: in.Version}
	if err := q.KeepObservation(q.ctx(), o); err != nil {
		return office.DrillReport{}, err
	}
	return q.DrillReport(q.ctx())
}

func (q *request) apiDropObservation(nothing) (office.DrillReport, error) {
	id, err := q.id()
	if err == nil {
		err = q.o.Store.DropObservation(q.ctx(), id)
	}
	if err != nil {
		return office.DrillReport{}, err
	}
	return q.DrillReport(q.ctx())
}
