package open311

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"example.org/hearback"
)

// A Desk is what stands behind the server.
type Desk interface {
	// Services lists the desks of the office as kinds of report.
	Services(ctx context.Context) ([]Service, error)
	// Take takes a report in and returns its number. It de-identifies the text
	// before anything is kept.
	Take(ctx context.Context, text string) (string, error)
	// Find returns what became of a report or a case, or [hearback.ErrNotFound].
	Find(ctx context.Context, id string) (Request, error)
	// Cases lists the cases that the public waits for or has an answer to.
	Cases(ctx context.Context) ([]Request, error)
	// About says who serves this and where.
	About() About
}

// About is what a server says of itself.
type About struct {
	URL     string    // of the site, without a slash at the end
	Contact string    // whom to turn to
	Since   time.Time // when the office began to take reports
}

// A Server lets others file reports and read what becomes of them. Whoever
// serves it bounds how many reports one network may file.
type Server struct {
	Desk Desk
}

// maxText is the longest report, in characters, and maxForm the longest form, in
// bytes.
const (
	maxText = 2000
	maxForm = 64 << 10
)

// maxAsked is how many reports may be asked about by number at once.
const maxAsked = 100

// Handler serves GeoReport v2 under /open311/v2/.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	on := func(pattern string, do func(w http.ResponseWriter, r *http.Request, name, format string)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			name, format, _ := strings.Cut(r.PathValue("file"), ".")
			if format != "xml" && format != "json" {
				s.fail(w, "xml", http.StatusNotFound, "ask for .xml or .json")
				return
			}
			w.Header().Set("Cache-Control", "no-store")
			do(w, r, name, format)
		})
	}
	on("GET /open311/v2/{file}", func(w http.ResponseWriter, r *http.Request, name, format string) {
		switch name {
		case "services":
			list, err := s.Desk.Services(r.Context())
			s.answer(w, format, services{List: list}, list, err)
		case "requests":
			list, err := s.search(r)
			if errors.Is(err, hearback.ErrInvalid) {
				s.fail(w, format, http.StatusBadRequest, err.Error())
				return
			}
			s.answer(w, format, requests{List: list}, list, err)
		case "discovery":
			d := s.discovery()
			s.answer(w, format, d, d, nil)
		case "servicerequestupdates":
			s.fail(w, format, http.StatusNotFound, "ask for requests."+format+"?service_request_id= with the numbers of your reports, divided by commas")
		default:
			s.fail(w, format, http.StatusNotFound, "there are services and requests here")
		}
	})
	on("GET /open311/v2/services/{file}", func(w http.ResponseWriter, r *http.Request, name, format string) {
		list, err := s.Desk.Services(r.Context())
		if err == nil {
			err = hearback.ErrNotFound
			for _, x := range list {
				if x.Code == name {
					err = nil
				}
			}
		}
		d := definition{Code: name, Attributes: []Attribute{}}
		s.answer(w, format, d, d, err)
	})
	on("GET /open311/v2/requests/{file}", func(w http.ResponseWriter, r *http.Request, name, format string) {
		x, err := s.Desk.Find(r.Context(), name)
		s.answer(w, format, requests{List: []Request{x}}, []Request{x}, err)
	})
	on("POST /open311/v2/{file}", s.post)
	return mux
}

// discovery says where what is, as GeoReport v2 asks of every server.
func (s *Server) discovery() discovery {
	about := s.Desk.About()
	since := Datetime{about.Since}
	return discovery{Changeset: since, Contact: about.Contact, Keys: "No key is needed.", Endpoints: []endpoint{
		{Specification: "http://wiki.open311.org/GeoReport_v2", URL: about.URL + "/open311/v2", Changeset: since, Type: "production", Formats: []string{"text/xml", "application/json"}},
	}}
}

// search finds reports and cases as the arguments of GeoReport v2 ask: by
// number, which overrides all others, or by service, state and time.
func (s *Server) search(r *http.Request) ([]Request, error) {
	ask := r.URL.Query()
	words := func(name string) []string {
		return strings.FieldsFunc(strings.Join(ask[name], ","), func(c rune) bool { return c == ',' || c == ' ' })
	}
	if ids := words("service_request_id"); len(ids) > 0 {
		if len(ids) > maxAsked {
			return nil, fmt.Errorf("%w: ask for at most %d reports at once", hearback.ErrInvalid, maxAsked)
		}
		list := []Request{}
		for _, id := range ids {
			x, err := s.Desk.Find(r.Context(), id)
			if errors.Is(err, hearback.ErrNotFound) {
				continue
			}
			if err != nil {
				return nil, err
			}
			list = append(list, x)
		}
		return list, nil
	}
	var from, to Datetime
	for name, t := range map[string]*Datetime{"start_date": &from, "end_date": &to} {
		if said := ask.Get(name); said != "" {
			if _ = t.UnmarshalText([]byte(said)); t.IsZero() {
				return nil, fmt.Errorf("%w: %s must be a time like 2026-03-18T00:00:00Z", hearback.ErrInvalid, name)
			}
		}
	}
	services, states := words("service_code"), words("status")
	list, err := s.Desk.Cases(r.Context())
	return slices.DeleteFunc(list, func(x Request) bool {
		return len(services) > 0 && !slices.Contains(services, x.ServiceCode) || len(states) > 0 && !slices.Contains(states, x.Status) ||
			!from.IsZero() && x.Requested.Before(from.Time) || !to.IsZero() && x.Requested.After(to.Time)
	}), err
}

// plain takes out of the text of a report what FixMyStreet puts around it: the
// names of its parts, the address of its page, and who sent it.
func plain(text string) string {
	var keep []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		rest := strings.TrimSpace(strings.TrimPrefix(line, "url:"))
		address := (strings.HasPrefix(rest, "https://") || strings.HasPrefix(rest, "http://")) && !strings.Contains(rest, " ")
		if line == "" || address || line == "Submitted via FixMyStreet" {
			continue
		}
		for _, part := range []string{"title:", "detail:"} {
			if after, ok := strings.CutPrefix(line, part); ok {
				line = strings.TrimSpace(after)
			}
		}
		keep = append(keep, line)
	}
	return strings.Join(keep, "\n")
}

// post takes a report, or what was said about one later. What is sent besides
// its text (names, addresses, telephone numbers, coordinates, pictures) is
// dropped unread.
func (s *Server) post(w http.ResponseWriter, r *http.Request, name, format string) {
	if name != "requests" && name != "servicerequestupdates" {
		s.fail(w, format, http.StatusNotFound, "reports are sent to requests")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		s.fail(w, format, http.StatusBadRequest, "the form cannot be read or is too long")
		return
	}
	service, text := r.PostForm.Get("service_code"), plain(r.PostForm.Get("description"))
	n := len([]rune(text))
	if name == "servicerequestupdates" {
		s.update(w, r, format, text, n)
		return
	}
	list, err := s.Desk.Services(r.Context())
	known := false
	for _, x := range list {
		known = known || x.Code == service
	}
	switch {
	case err != nil:
		s.answer(w, format, nil, nil, err)
	case service == "":
		s.fail(w, format, http.StatusBadRequest, "service_code was not given")
	case !known:
		s.fail(w, format, http.StatusNotFound, "service_code is none of ours; see services."+format)
	case n < 4 || n > maxText:
		s.fail(w, format, http.StatusBadRequest, "description must have 4 to 2000 characters")
	default:
		id, err := s.Desk.Take(r.Context(), text)
		x := Request{ID: id, Notice: "Names, telephone numbers and precise places are taken out before anything is stored."}
		w.Header().Set("Content-Type", kind(format)) // before the status
		s.reply(w, format, http.StatusCreated, requests{List: []Request{x}}, []Request{x}, err)
	}
}

// update takes what a resident said later about a report: a message like any
// other.
func (s *Server) update(w http.ResponseWriter, r *http.Request, format, text string, n int) {
	if n < 4 || n > maxText {
		s.fail(w, format, http.StatusBadRequest, "description must have 4 to 2000 characters")
		return
	}
	if _, err := s.Desk.Find(r.Context(), r.PostForm.Get("service_request_id")); err != nil {
		s.answer(w, format, nil, nil, err)
		return
	}
	id, err := s.Desk.Take(r.Context(), text)
	list := []took{{id}}
	w.Header().Set("Content-Type", kind(format))
	s.reply(w, format, http.StatusCreated, taken{List: list}, list, err)
}

func kind(format string) string {
	if format == "json" {
		return "application/json; charset=utf-8"
	}
	return "text/xml; charset=utf-8"
}

func (s *Server) answer(w http.ResponseWriter, format string, doc, list any, err error) {
	s.reply(w, format, http.StatusOK, doc, list, err)
}

func (s *Server) reply(w http.ResponseWriter, format string, code int, doc, list any, err error) {
	switch {
	case errors.Is(err, hearback.ErrNotFound):
		s.fail(w, format, http.StatusNotFound, "there is no such thing here, or it was forgotten after its time")
		return
	case errors.Is(err, hearback.ErrInvalid), errors.Is(err, hearback.ErrRefused):
		s.fail(w, format, http.StatusBadRequest, "this cannot be taken")
		return
	case err != nil:
		s.fail(w, format, http.StatusInternalServerError, "this went wrong here; try again later")
		return
	}
	w.Header().Set("Content-Type", kind(format))
	w.WriteHeader(code)
	_ = write(w, format, doc, list) // whoever asked has gone
}

func (s *Server) fail(w http.ResponseWriter, format string, code int, say string) {
	w.Header().Set("Content-Type", kind(format))
	w.WriteHeader(code)
	list := []fault{{code, say}}
	_ = write(w, format, faults{List: list}, list)
}
