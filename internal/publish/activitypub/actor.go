// Package activitypub lets people follow the answers of an office from
// Mastodon and the like: one actor for the office, which says what is
// published, corrected and withdrawn, and nothing else. It follows the offices
// next door, and takes follow requests; whatever else is sent to it is dropped
// unread. Who follows is not kept as an account: only where to deliver to,
// sealed, and a mark by which an unfollowing is recognised.
package activitypub

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/publish"
)

// public is everybody, in ActivityStreams.
const public = "https://www.w3.org/ns/activitystreams#Public"

const mediaType = "application/activity+json"

// An object is a document of ActivityStreams.
type object = map[string]any

// Actor is the address of the office's actor.
func (s *Server) actor() string { return s.Site().Base + "/ap/actor" }

func (s *Server) keyID() string { return s.actor() + "#key" }

// office is the name that the actor shows.
func (s *Server) office() string {
	site := s.Site()
	for _, lang := range []string{"en", "zh"} {
		if n := site.Office[lang]; n != "" {
			return n
		}
	}
	return "Hearback"
}

// self is the document of the actor.
func (s *Server) self() (object, error) {
	der, err := x509.MarshalPKIXPublicKey(s.Key.Public().(*rsa.PublicKey))
	if err != nil {
		return nil, err
	}
	site, id := s.Site(), s.actor()
	return object{
		"@context": []any{"https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"},
		"id":       id, "type": "Service", "preferredUsername": s.Name, "name": s.office(), "url": site.Base + "/",
		"summary": "<p>" + html.EscapeString(s.office()) + "</p>", "inbox": site.Base + "/ap/inbox", "outbox": site.Base + "/ap/outbox",
		"followers": site.Base + "/ap/audience", "manuallyApprovesFollowers": false, "discoverable": true, "indexable": true,
		"published": site.Started.UTC().Format(time.RFC3339),
		"endpoints": object{"sharedInbox": site.Base + "/ap/inbox"},
		"publicKey": object{"id": s.keyID(), "owner": id, "publicKeyPem": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))},
	}, nil
}

// note is an answer as one post, in every language it is given in.
func (s *Server) note(a *hearback.Answer) object {
	site, rev := s.Site(), a.Current()
	id := site.Base + "/ap/answers/" + a.ID.String()
	if a.State == hearback.AnswerWithdrawn {
		return object{"id": id, "type": "Tombstone", "formerType": "Note", "deleted": a.Withdrawn.At.UTC().Format(time.RFC3339)}
	}
	contents := object{}
	var all []string
	for _, t := range rev.Texts {
		link := site.URL(a, "") + "?text=" + url.QueryEscape(t.Lang)
		c := fmt.Sprintf(`<p lang="%s"><strong>%s</strong></p><p lang="%s">%s</p><p><a href="%s">%s</a></p>`, html.EscapeString(t.Lang), html.EscapeString(t.Title),
			html.EscapeString(t.Lang), strings.ReplaceAll(html.EscapeString(t.Lead), "\n", "<br>"), html.EscapeString(link), html.EscapeString(link))
		contents[t.Lang] = c
		all = append(all, c)
	}
	o := object{
		"id": id, "type": "Note", "attributedTo": s.actor(), "url": site.URL(a, ""), "content": strings.Join(all, ""), "contentMap": contents,
		"published": a.Public()[0].Published.UTC().Format(time.RFC3339), "to": []string{public}, "cc": []string{site.Base + "/ap/audience"},
	}
	if rev.N > 1 || rev.Reason != "" {
		o["updated"] = rev.Published.UTC().Format(time.RFC3339)
	}
	return o
}

// Activity says what happened last to an answer: it was published, corrected or
// withdrawn. The id is the same however often it is asked.
func (s *Server) Activity(a *hearback.Answer) ([]byte, error) {
	if a.Current() == nil {
		return nil, fmt.Errorf("%w: answer %s is not public", hearback.ErrNotFound, a.ID)
	}
	return json.Marshal(s.activity(a))
}

func (s *Server) activity(a *hearback.Answer) object {
	kind, record := "Create", a.Current().Record
	switch {
	case a.State == hearback.AnswerWithdrawn:
		kind, record = "Delete", a.Withdrawn.Record
	case len(a.Public()) > 1:
		kind = "Update"
	}
	site := s.Site()
	return object{
		"@context": "https://www.w3.org/ns/activitystreams", "id": fmt.Sprintf("%s/ap/answers/%s#record-%d", site.Base, a.ID, record), "type": kind,
		"actor": s.actor(), "published": a.Changed().UTC().Format(time.RFC3339), "to": []string{public}, "cc": []string{site.Base + "/ap/audience"}, "object": s.note(a),
	}
}

// Follow is the request to follow the actor of another office.
func (s *Server) Follow(other string) ([]byte, error) {
	return json.Marshal(object{"@context": "https://www.w3.org/ns/activitystreams", "id": s.actor() + "#follow-" + url.QueryEscape(other), "type": "Follow", "actor": s.actor(), "object": other})
}

// Handler serves the actor: who it is, what it said, and its inbox.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	serve := func(pattern, kind string, make func(r *http.Request) (any, error)) {
		mux.HandleFunc("GET "+pattern, func(w http.ResponseWriter, r *http.Request) {
			doc, err := make(r)
			if err != nil {
				s.fail(w, err)
				return
			}
			b, err := json.Marshal(doc)
			if err != nil {
				s.fail(w, err)
				return
			}
			h := w.Header()
			h.Set("Content-Type", kind)
			h.Set("Cache-Control", "public, max-age=60")
			h.Set("Access-Control-Allow-Origin", "*")
			w.Write(b)
		})
	}
	serve("/.well-known/webfinger", "application/jrd+json", s.finger)
	serve("/.well-known/nodeinfo", "application/json", func(*http.Request) (any, error) {
		return object{"links": []object{{"rel": "http://nodeinfo.diaspora.software/ns/schema/2.1", "href": s.Site().Base + "/nodeinfo/2.1"}}}, nil
	})
	serve("/nodeinfo/2.1", "application/json", func(*http.Request) (any, error) {
		return object{"version": "2.1", "software": object{"name": "hearback", "version": s.Version}, "protocols": []string{"activitypub"},
			"services": object{"inbound": []string{}, "outbound": []string{"atom1.0"}}, "openRegistrations": false,
			"usage": object{"users": object{"total": 1}}, "metadata": object{}}, nil
	})
	serve("/ap/actor", mediaType, func(*http.Request) (any, error) { return s.self() })
	serve("/ap/outbox", mediaType, func(r *http.Request) (any, error) {
		list, err := s.Answers(r.Context())
		if err != nil {
			return nil, err
		}
		items := []object{}
		for i := range list[:min(len(list), 20)] {
			items = append(items, s.activity(&list[i]))
		}
		return object{"@context": "https://www.w3.org/ns/activitystreams", "id": s.Site().Base + "/ap/outbox", "type": "OrderedCollection", "totalItems": len(list), "orderedItems": items}, nil
	})
	serve("/ap/audience", mediaType, func(r *http.Request) (any, error) {
		n, err := s.Store.Audience(r.Context())
		if err != nil {
			return nil, err
		}
		// How many follow is shown as every count of people is; who, never.
		o := object{"@context": "https://www.w3.org/ns/activitystreams", "id": s.Site().Base + "/ap/audience", "type": "OrderedCollection", "totalItems": publish.Rounded(n)}
		return o, nil
	})
	serve("/ap/answers/{id}", mediaType, func(r *http.Request) (any, error) {
		id, err := hearback.ParseID(r.PathValue("id"))
		if err != nil {
			return nil, fmt.Errorf("%w: there is no such answer", hearback.ErrNotFound)
		}
		a, err := s.Store.Answer(r.Context(), id)
		if err != nil {
			return nil, err
		}
		if a.Current() == nil {
			return nil, fmt.Errorf("%w: there is no such answer", hearback.ErrNotFound)
		}
		o := s.note(a)
		o["@context"] = "https://www.w3.org/ns/activitystreams"
		return o, nil
	})
	mux.HandleFunc("POST /ap/inbox", s.inbox)
	return mux
}

// finger answers who acct:name@host is.
func (s *Server) finger(r *http.Request) (any, error) {
	site := s.Site()
	u, err := url.Parse(site.Base)
	if err != nil {
		return nil, err
	}
	acct := "acct:" + s.Name + "@" + u.Host
	if q := r.URL.Query().Get("resource"); q != acct && q != s.actor() && q != site.Base && q != site.Base+"/" {
		return nil, fmt.Errorf("%w: there is only %s here", hearback.ErrNotFound, acct)
	}
	return object{"subject": acct, "aliases": []string{s.actor(), site.Base + "/"}, "links": []object{
		{"rel": "self", "type": mediaType, "href": s.actor()},
		{"rel": "http://webfinger.net/rel/profile-page", "type": "text/html", "href": site.Base + "/"},
	}}, nil
}
