package open311

import (
	"context"
	"errors"
	"net/http"
	"strings"

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
	// Open lists the cases that the public waits for.
	Open(ctx context.Context) ([]Request, error)
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
			list, err := s.Desk.Open(r.Context())
			s.answer(w, format, requests{List: list}, list, err)
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
		d := definition{Code: name}
		s.answer(w, format, d, d, err)
	})
	on("GET /open311/v2/requests/{file}", func(w http.ResponseWriter, r *http.Request, name, format string) {
		x, err := s.Desk.Find(r.Context(), name)
		s.answer(w, format, requests{List: []Request{x}}, []Request{x}, err)
	})
	on("POST /open311/v2/{file}", s.post)
	return mux
}

// post takes a report. What is sent besides its text (names, addresses,
// telephone numbers, coordinates, pictures) is dropped unread.
func (s *Server) post(w http.ResponseWriter, r *http.Request, name, format string) {
	if name != "requests" {
		s.fail(w, format, http.StatusNotFound, "reports are sent to requests")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		s.fail(w, format, http.StatusBadRequest, "the form cannot be read or is too long")
		return
	}
	service, text := r.PostForm.Get("service_code"), strings.TrimSpace(r.PostForm.Get("description"))
	n := len([]rune(text))
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
