package api

import (
	"example.org/hearback"
)

// apiView is a filter of the list of concerns that is kept under a name.
type apiView struct {
	ID    hearback.ID `json:"id"`
	Name  string      `json:"name"`
	Query string      `json:"query" doc:"As it stands in the address of the list in the console."`
	Desk  string      `json:"desk,omitempty" doc:"Slug of the desk that shares it."`
	Own   bool        `json:"own" doc:"You made it."`
}

type apiViews struct {
	Items []apiView `json:"items"`
}

func (q *request) apiSavedViews(nothing) (out apiViews, err error) {
	list, err := q.o.Store.SavedViews(q.ctx(), q.Account.ID, q.Account.Desks)
	for _, v := range list {
		out.Items = append(out.Items, apiView{v.ID, v.Name, v.Query, v.Desk, v.Account == q.Account.ID})
	}
	return out, err
}

type viewBody struct {
	Name  string `json:"name"`
	Query string `json:"query" doc:"As view=case&tier=P2."`
	Desk  string `json:"desk,omitempty" doc:"Slug of a desk of yours to share it with."`
}

func (q *request) apiSaveView(in viewBody) (apiViews, error) {
	if _, err := q.KeepView(q.ctx(), in.Name, in.Desk, in.Query); err != nil {
		return apiViews{}, err
	}
	return q.apiSavedViews(nothing{})
}

func (q *request) apiDropView(nothing) (apiViews, error) {
	id, err := q.id()
	if err == nil {
		err = q.LoseView(q.ctx(), id)
	}
	if err != nil {
		return apiViews{}, err
	}
	return q.apiSavedViews(nothing{})
}
