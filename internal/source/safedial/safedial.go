// Package safedial makes the one HTTP client with which Hearback reads from
// addresses that people typed in. It does not connect to private networks
// unless the operator allowed them, and it does not read without end. The
// check is made on the address that is dialled, so that neither a redirect nor
// a name that changes its address gets round it.
package safedial

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"code.dny.dev/ssrf"

	"example.org/hearback"
)

// Limits of one request.
const (
	DefaultTimeout  = 30 * time.Second
	DefaultMaxBytes = 8 << 20 // of a body, decoded
	maxRedirects    = 5
	maxHeader       = 256 << 10
)

// webPorts are those that public web pages are served on. Others are refused
// unless allowed: a feed on port 25 is an attempt to make us talk to something
// else.
var webPorts = []uint16{80, 443, 8000, 8008, 8080, 8443}

// Options say where the client may go and who it says it is.
type Options struct {
	// Allow lists what may be reached although it is private: host names,
	// addresses, host:port pairs and networks such as 10.1.0.0/16.
	Allow []string

	Version  string        // of Hearback, for the user agent
	Contact  string        // shown to the sites we read: an e-mail address or a URL
	Timeout  time.Duration // of a whole request; 0 means DefaultTimeout
	MaxBytes int64         // of a body, decoded; 0 means DefaultMaxBytes

	// Proxy is used for every request if it is set. A proxy makes the
	// connections itself, so the operator's proxy must then refuse private
	// addresses; those written as numbers are still refused here.
	Proxy *url.URL
}

// New returns a client that keeps to o, or [hearback.ErrInvalid] if o.Allow
// holds something that is no host, address or network.
func New(o Options) (*http.Client, error) {
	g, err := newGuard(o.Allow, false)
	if err != nil {
		return nil, err
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	t := &http.Transport{
		Proxy:                  nil, // never from the environment: it would get round the guard
		DialContext:            g.dial,
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  o.Timeout,
		MaxResponseHeaderBytes: maxHeader,
		MaxIdleConns:           64,
		MaxIdleConnsPerHost:    2,
		IdleConnTimeout:        30 * time.Second,
	}
	if o.Proxy != nil {
		g.proxy = hostPort(o.Proxy)
		t.Proxy = http.ProxyURL(o.Proxy)
	}
	return &http.Client{
		Transport: &transport{next: t, guard: g, agent: agent(o), most: o.MaxBytes},
		Timeout:   o.Timeout,
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects {
				return &Refusal{fmt.Sprintf("%s sends us on more than %d times, perhaps in a circle. Open the address in a browser and use the one you end at.", via[0].URL.Hostname(), maxRedirects)}
			}
			return nil
		},
	}, nil
}

// mailPorts are those on which a mail server takes mail to send.
var mailPorts = []uint16{25, 465, 587, 2525}

// MailDialer returns the function that connects to a mail server within the
// same limits as [New]: a private address must be in allow.
func MailDialer(allow []string) (func(ctx context.Context, network, address string) (net.Conn, error), error) {
	g, err := newGuard(allow, true)
	if err != nil {
		return nil, err
	}
	return g.dial, nil
}

// newGuard reads the operator's list.
func newGuard(allow []string, mail bool) (*guard, error) {
	g := &guard{public: ssrf.New(ssrf.WithAnyPort()), mail: mail}
	for _, entry := range allow {
		if err := g.allow(entry); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// agent is who we say we are, so that a site can reach the operator instead of
// blocking everybody.
func agent(o Options) string {
	a := "Hearback"
	if o.Version != "" {
		a += "/" + o.Version
	}
	if o.Contact != "" {
		a += " (+" + strings.Map(func(r rune) rune {
			if r < ' ' || r > '~' {
				return -1
			}
			return r
		}, o.Contact) + ")"
	}
	return a
}

// A Refusal is the sentence with which a request was refused or broken off.
type Refusal struct{ Sentence string }

// Error returns the sentence.
func (r *Refusal) Error() string { return r.Sentence }

// A transport checks each request, those after a redirect too.
type transport struct {
	next  http.RoundTripper
	guard *guard
	agent string
	most  int64
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := t.guard.check(req.URL); err != nil {
		return nil, err
	}
	if req.Header.Get("User-Agent") == "" {
		req = req.Clone(req.Context())
		req.Header.Set("User-Agent", t.agent)
	}
	resp, err := t.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	resp.Body = &limited{body: resp.Body, left: t.most, most: t.most, host: req.URL.Hostname()}
	return resp, nil
}

// CloseIdleConnections lets the client of a stopped service go.
func (t *transport) CloseIdleConnections() {
	if c, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// limited is a body that ends with a Refusal once it has given more than it
// may. It counts what comes out of gzip: a few kilobytes can hold gigabytes.
type limited struct {
	body       io.ReadCloser
	left, most int64
	host       string
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left < 0 {
		return 0, l.refuse()
	}
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.body.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return n - 1, l.refuse()
	}
	return n, err
}

func (l *limited) refuse() error {
	return &Refusal{fmt.Sprintf("%s sends more than %s, which is the most that is read. Ask for a shorter feed.", l.host, bytesText(l.most))}
}

func (l *limited) Close() error { return l.body.Close() }

func bytesText(n int64) string {
	if n >= 1<<20 && n%(1<<20) == 0 {
		return strconv.FormatInt(n>>20, 10) + " MiB"
	}
	return strconv.FormatInt(n, 10) + " bytes"
}

// A guard knows which addresses may be dialled.
type guard struct {
	public   *ssrf.Guardian
	prefixes []netip.Prefix
	hosts    []string // with or without a port, in small letters
	mail     bool     // connects to mail servers, not to web pages
	proxy    string
}

// allow reads one entry of the operator's list.
func (g *guard) allow(entry string) error {
	e := strings.ToLower(strings.TrimSpace(entry))
	if p, err := netip.ParsePrefix(e); err == nil {
		g.prefixes = append(g.prefixes, p.Masked())
		return nil
	}
	if a, err := netip.ParseAddr(strings.Trim(e, "[]")); err == nil {
		g.prefixes = append(g.prefixes, netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()))
		return nil
	}
	host := e
	if h, port, err := net.SplitHostPort(e); err == nil {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return fmt.Errorf("%w: network.allow holds %q, and %q is no port", hearback.ErrInvalid, entry, port)
		}
		host = h
		e = net.JoinHostPort(h, port)
	}
	if host == "" || strings.ContainsAny(host, "/ \t*@?#") || strings.Contains(host, ":") && !strings.Contains(e, "]") {
		return fmt.Errorf("%w: network.allow holds %q, which is no host name, address, host:port or network such as 10.1.0.0/16", hearback.ErrInvalid, entry)
	}
	g.hosts = append(g.hosts, e)
	return nil
}

// named reports whether the operator allowed host, on this port or on all.
func (g *guard) named(host, port string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return slices.Contains(g.hosts, host) || slices.Contains(g.hosts, net.JoinHostPort(host, port))
}

// check looks at what can be told before a connection is made.
func (g *guard) check(u *url.URL) error {
	if u.Scheme != "http" && u.Scheme != "https" {
		return &Refusal{fmt.Sprintf("The address begins with %q, and only http and https are read.", u.Scheme+":")}
	}
	if u.Hostname() == "" {
		return &Refusal{"The address names no host."}
	}
	host, port, _ := net.SplitHostPort(hostPort(u))
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return &Refusal{fmt.Sprintf("The address of %s has no usable port.", host)}
	}
	if g.proxy == "" {
		return nil // the dialled address will be checked
	}
	if a, err := netip.ParseAddr(host); err == nil && !g.named(host, port) {
		return g.address(netip.AddrPortFrom(a, uint16(n)))
	}
	return nil
}

func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = "80"
		if u.Scheme == "https" {
			port = "443"
		}
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// address refuses private addresses, and ports that are not for the web.
func (g *guard) address(ap netip.AddrPort) error {
	a := ap.Addr().Unmap()
	for _, p := range g.prefixes {
		if p.Contains(a) {
			return nil
		}
	}
	if err := g.public.SafeAddr(a); err != nil {
		return &Refusal{fmt.Sprintf("The address %s is %s. To allow it, add it to network.allow in hearback.toml.", a, describe(a))}
	}
	switch {
	case g.mail && !slices.Contains(mailPorts, ap.Port()):
		return &Refusal{fmt.Sprintf("Port %d is not one that mail servers take mail on. To allow it, add the host with this port to network.allow in hearback.toml.", ap.Port())}
	case !g.mail && !slices.Contains(webPorts, ap.Port()):
		return &Refusal{fmt.Sprintf("Port %d is not one that web pages are served on. To allow it, add the host with this port to network.allow in hearback.toml.", ap.Port())}
	}
	return nil
}

func describe(a netip.Addr) string {
	switch {
	case a.IsLoopback():
		return "this machine itself"
	case a.IsPrivate():
		return "inside a private network"
	case a.IsLinkLocalUnicast():
		return "inside the local network"
	case a.IsMulticast(), a.IsUnspecified():
		return "not the address of one machine"
	}
	return "in a range that is not part of the public internet"
}

// dial connects as the transport asks, unless the guard refuses.
func (g *guard) dial(ctx context.Context, network, address string) (net.Conn, error) {
	d := &net.Dialer{Timeout: 10 * time.Second}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	// A host that the operator named may have any address: that is what the
	// entry says. The same holds for the proxy.
	if address != g.proxy && !g.named(host, port) {
		d.Control = func(_, address string, _ syscall.RawConn) error {
			ap, err := netip.ParseAddrPort(address)
			if err != nil {
				return &Refusal{fmt.Sprintf("The address %s cannot be checked, so it is not connected to.", address)}
			}
			return g.address(ap)
		}
	}
	return d.DialContext(ctx, network, address)
}

// Explain turns an error of the client into a sentence for the operator. It
// never holds more of the address than its host.
func Explain(err error, host string) string {
	var refusal *Refusal
	var dns *net.DNSError
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var verify *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &refusal):
		return refusal.Sentence
	case errors.As(err, &dns) && dns.IsNotFound:
		return fmt.Sprintf("There is no host named %s. Check the address for a slip of the pen.", host)
	case errors.As(err, &dns):
		return fmt.Sprintf("The name %s could not be looked up. Check that this machine's name server works.", host)
	case errors.As(err, &name):
		return fmt.Sprintf("The certificate of %s is for another host. Check the address, or ask the site to mend it.", host)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Sprintf("The certificate of %s has expired. Ask the site to renew it.", host)
	case errors.As(err, &unknown), errors.As(err, &verify):
		return fmt.Sprintf("The certificate of %s was signed by nobody this machine trusts. Ask the site to mend it, or add its authority to this machine.", host)
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return fmt.Sprintf("%s does not speak https on this port. Try the address with http://.", host)
	case errors.Is(err, context.Canceled):
		return fmt.Sprintf("Reading from %s was broken off because Hearback stopped.", host)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Sprintf("%s did not answer in time. It will be tried again.", host)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Sprintf("%s refuses connections on this port. Check the address, or ask whether the site is up.", host)
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return fmt.Sprintf("There is no way from this machine to %s. Check its network.", host)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
		return fmt.Sprintf("%s broke off in the middle of its answer. It will be tried again.", host)
	}
	return fmt.Sprintf("%s sent something that is no answer of a web server.", host)
}
