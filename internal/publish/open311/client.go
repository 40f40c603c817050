package open311

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"example.org/hearback"
)

// A Client sends reports to one city desk.
type Client struct {
	URL          string // of the API, for example https://city.example/open311/v2
	Key          string // as the desk gave it, or ""
	Jurisdiction string // or ""
	HTTP         *http.Client
}

func (c Client) call(ctx context.Context, method, path string, form url.Values) ([]byte, error) {
	if c.Jurisdiction != "" {
		form.Set("jurisdiction_id", c.Jurisdiction)
	}
	address, body := strings.TrimSuffix(c.URL, "/")+path, ""
	if method == http.MethodPost {
		form.Set("api_key", c.Key)
		body = form.Encode()
	} else if len(form) > 0 {
		address += "?" + form.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%w: the address of the desk cannot be used", hearback.ErrInvalid)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	}
	res, err := c.HTTP.Do(req)
	if err != nil {
		var u *url.Error // its text would hold the key
		if errors.As(err, &u) {
			err = u.Err
		}
		return nil, fmt.Errorf("the desk cannot be reached: %w", err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("the desk cannot be reached: %w", err)
	}
	if res.StatusCode >= 300 {
		var f faults
		say := res.Status
		if decode(b, &f) == nil && len(f.List) > 0 {
			say = fmt.Sprintf("%s: %.300s", res.Status, f.List[0].Description)
		}
		switch {
		case res.StatusCode == http.StatusNotFound || res.StatusCode == http.StatusGone:
			return nil, fmt.Errorf("%w: the desk answers %s", hearback.ErrNotFound, say)
		case res.StatusCode < 500 && res.StatusCode != http.StatusTooManyRequests:
			return nil, fmt.Errorf("%w: the desk answers %s", hearback.ErrRefused, say)
		}
		return nil, fmt.Errorf("the desk answers %s", say)
	}
	return b, nil
}

// Services lists what the desk takes.
func (c Client) Services(ctx context.Context) ([]Service, error) {
	b, err := c.call(ctx, http.MethodGet, "/services.xml", url.Values{})
	if err != nil {
		return nil, err
	}
	var s services
	return s.List, decode(b, &s)
}

// Definition lists what the desk asks for in a report of one kind besides its
// text; nothing if it asks for no more.
func (c Client) Definition(ctx context.Context, service string) ([]Attribute, error) {
	b, err := c.call(ctx, http.MethodGet, "/services/"+url.PathEscape(service)+".xml", url.Values{})
	if err != nil {
		return nil, err
	}
	var d definition
	if err := decode(b, &d); err != nil {
		return nil, err
	}
	for i := range d.Attributes {
		x := &d.Attributes[i]
		if len(x.Code) > 200 || len(x.Description) > 4000 {
			return nil, fmt.Errorf("%w: the answer of the desk has a field that is too long", hearback.ErrInvalid)
		}
	}
	return d.Attributes, nil
}

// Send files a report and returns its id, or a token by which the id can be
// asked for later. attributes are what the desk asks for besides. It returns
// [hearback.ErrRefused] with the desk's own words if the desk does not take it.
func (c Client) Send(ctx context.Context, service, description, address string, attributes map[string]string) (id, token string, err error) {
	form := url.Values{"service_code": {service}, "description": {description}, "address_string": {address}}
	for code, value := range attributes {
		form.Set("attribute["+code+"]", value)
	}
	b, err := c.call(ctx, http.MethodPost, "/requests.xml", form)
	if err != nil {
		return "", "", err
	}
	list, err := readRequests(b)
	if err != nil {
		return "", "", err
	}
	if len(list) != 1 || list[0].ID == "" && list[0].Token == "" {
		return "", "", fmt.Errorf("%w: the desk did not say under which number it took the report", hearback.ErrInvalid)
	}
	return list[0].ID, list[0].Token, nil
}

// Redeem asks for the id that belongs to a token; "" while there is none.
func (c Client) Redeem(ctx context.Context, token string) (string, error) {
	b, err := c.call(ctx, http.MethodGet, "/tokens/"+url.PathEscape(token)+".xml", url.Values{})
	if err != nil {
		return "", err
	}
	list, err := readRequests(b)
	if err != nil || len(list) == 0 {
		return "", err
	}
	return list[0].ID, nil
}

// Status asks what became of a report.
func (c Client) Status(ctx context.Context, id string) (Request, error) {
	b, err := c.call(ctx, http.MethodGet, "/requests/"+url.PathEscape(id)+".xml", url.Values{})
	if err != nil {
		return Request{}, err
	}
	list, err := readRequests(b)
	if err != nil {
		return Request{}, err
	}
	for _, x := range list {
		if x.ID == id {
			return x, nil
		}
	}
	return Request{}, fmt.Errorf("%w: the desk does not know the report %.100q", hearback.ErrNotFound, id)
}

// Updates asks what the desk said about any report between two times, by the
// extension of FixMyStreet. It returns [hearback.ErrNotFound] from a desk that
// does not have it.
func (c Client) Updates(ctx context.Context, from, to time.Time) ([]Update, error) {
	form := url.Values{"start_date": {from.UTC().Format(time.RFC3339)}, "end_date": {to.UTC().Format(time.RFC3339)}}
	if c.Key != "" {
		form.Set("api_key", c.Key) // FixMyStreet sends it, and some desks ask for it
	}
	b, err := c.call(ctx, http.MethodGet, "/servicerequestupdates.xml", form)
	if err != nil {
		return nil, err
	}
	return readUpdates(b)
}
