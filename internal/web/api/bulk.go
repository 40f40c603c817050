package api

import (
	"context"
	"fmt"
	"slices"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/web/office"
)

// apiEach is what became of an act on one of many.
type apiEach struct {
	ID      hearback.ID `json:"id"`
	Done    bool        `json:"done"`
	Problem *apiProblem `json:"problem,omitempty" doc:"Why it was not done."`
}

type apiBulk struct {
	Items []apiEach `json:"items" doc:"One for each id, in the order of the request."`
}

type concernsBody struct {
	Act    string        `json:"act" doc:"mute, unmute, case (open one for each) or merge (into the first)."`
	IDs    []hearback.ID `json:"ids" doc:"500 at most."`
	Reason string        `json:"reason,omitempty" doc:"Public; of case, a note that stays in the office."`
	Desk   string        `json:"desk,omitempty" doc:"Of case: slug; the one that each looks like unless said."`
}

type casesBody struct {
	Act  string        `json:"act" doc:"ack, route, pause or resume."`
	IDs  []hearback.ID `json:"ids" doc:"500 at most."`
	Desk string        `json:"desk,omitempty" doc:"Of route: slug."`
	Note string        `json:"note,omitempty" doc:"Stays in the office."`
}

// many checks the ids of an act on many.
func many(ids []hearback.ID, least int) error {
	if len(ids) < least || len(ids) > office.MaxBulk {
		return fmt.Errorf("%w: the field %q is not as the document says", hearback.ErrInvalid, "ids")
	}
	for i, id := range ids {
		if slices.Contains(ids[:i], id) {
			return fmt.Errorf("%w: the field %q is not as the document says", hearback.ErrInvalid, "ids")
		}
	}
	return nil
}

// result is what became of one of many.
func (q *request) result(id hearback.ID, err error) apiEach {
	if err == nil {
		return apiEach{ID: id, Done: true}
	}
	status := office.StatusOf(err)
	title := q.T(fmt.Sprintf("error.%d", status))
	return apiEach{ID: id, Problem: &apiProblem{problemBase + problemOf(err), title, status, q.Say(err)}}
}

// all does one act to each, as the list of the console does.
func (q *request) all(ids []hearback.ID, do func(ctx context.Context, id hearback.ID) error) (out apiBulk, err error) {
	n, last := q.Each(q.ctx(), ids, func(ctx context.Context, id hearback.ID) error {
		err := do(ctx, id)
		out.Items = append(out.Items, q.result(id, err))
		return err
	})
	if n == 0 && len(out.Items) == len(ids) && slices.ContainsFunc(out.Items, func(d apiEach) bool { return d.Done }) {
		return apiBulk{}, last // the transaction was not kept
	}
	if len(out.Items) < len(ids) {
		return apiBulk{}, last
	}
	return out, nil
}

func (q *request) apiConcernsBulk(in concernsBody) (out apiBulk, err error) {
	if in.Act == "" {
		return out, fmt.Errorf("%w: the field %q is needed", hearback.ErrInvalid, "act")
	}
	if err := oneOf("act", in.Act, "mute", "unmute", "case", "merge"); err != nil {
		return out, err
	}
	least, need := 1, access.Triage
	switch in.Act {
	case "merge":
		least = 2
	case "case":
		need = access.OpenCase
	}
	if err := many(in.IDs, least); err != nil {
		return out, err
	}
	if !q.May(need) {
		return out, q.Refuse(q.ctx(), need)
	}
	by := q.By(need)
	switch in.Act {
	case "case":
		return q.all(in.IDs, func(ctx context.Context, id hearback.ID) error {
			return q.OpenOne(ctx, by, id, in.Desk, "", in.Reason)
		})
	case "merge":
		each, err := q.o.Concerns.Merge(q.ctx(), by, in.IDs[0], in.IDs[1:], in.Reason)
		if err != nil {
			return out, err
		}
		out.Items = []apiEach{q.result(in.IDs[0], nil)}
		for i, id := range in.IDs[1:] {
			out.Items = append(out.Items, q.result(id, each[i]))
		}
		return out, nil
	}
	return q.all(in.IDs, func(ctx context.Context, id hearback.ID) error {
		return q.o.Concerns.Mute(ctx, by, id, in.Act == "mute", in.Reason)
	})
}

func (q *request) apiCasesBulk(in casesBody) (out apiBulk, err error) {
	if err := oneOf("act", in.Act, "ack", "route", "pause", "resume"); err != nil {
		return out, err
	}
	if err := many(in.IDs, 1); err != nil {
		return out, err
	}
	do := q.CaseActs(in.Desk, in.Note)[in.Act]
	if do == nil {
		return out, fmt.Errorf("%w: the field %q is needed", hearback.ErrInvalid, "act")
	}
	by := q.By(access.Route)
	return q.all(in.IDs, func(ctx context.Context, id hearback.ID) error { return do(ctx, by, id) })
}
