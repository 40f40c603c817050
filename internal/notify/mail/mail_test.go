package mail_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"

	"example.org/hearback/internal/notify"
	"example.org/hearback/internal/notify/mail"
	"example.org/hearback/internal/source/safedial"
)

// A server is a mail server of a few commands, with TLS.
type server struct {
	implicit bool
	noTLS    bool
	rcpt     string // what it answers to RCPT
	hangUp   bool   // right after it took the message, without an answer to QUIT
	password string
	codes    bool   // enhanced codes (RFC 3463) stand in what it answers
	bad      string // an address that it refuses, with rcpt
	most     int    // messages that it takes in one conversation, then it answers 421; 0 is any number

	t     *testing.T
	l     net.Listener
	conf  *tls.Config
	roots *x509.CertPool
	mu    sync.Mutex
	got   []string // messages
	conns int      // conversations
	rsets int
	clear bool // something but STARTTLS was said in the clear
}

func serve(t *testing.T, s *server) *server {
	t.Helper()
	s.t = t
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, DNSNames: []string{"localhost"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	s.roots = x509.NewCertPool()
	s.roots.AddCert(cert)
	s.conf = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	if s.l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := s.l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { s.talk(c) })
		}
	})
	t.Cleanup(func() { s.l.Close(); wg.Wait() })
	return s
}

// talk serves one connection.
func (s *server) talk(c net.Conn) {
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	secure := s.implicit
	if s.implicit {
		c = tls.Server(c, s.conf)
	}
	s.mu.Lock()
	s.conns++
	s.mu.Unlock()
	taken := 0
	r := bufio.NewReader(c)
	say := func(format string, args ...any) { fmt.Fprintf(c, format+"\r\n", args...) }
	say("220 test ready")
	in := s.password == ""
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		verb, rest, _ := strings.Cut(line, " ")
		if v := strings.ToUpper(verb); !secure && v != "EHLO" && v != "STARTTLS" && v != "QUIT" {
			s.mu.Lock()
			s.clear = true
			s.mu.Unlock()
		}
		switch strings.ToUpper(verb) {
		case "EHLO":
			say("250-test")
			if !secure && !s.noTLS {
				say("250-STARTTLS")
			}
			if s.password != "" && secure {
				say("250-AUTH PLAIN")
			}
			if s.codes {
				say("250-ENHANCEDSTATUSCODES")
			}
			say("250 8BITMIME")
		case "STARTTLS":
			say("220 go ahead")
			tc := tls.Server(c, s.conf)
			if err := tc.Handshake(); err != nil {
				return
			}
			c, r, secure = tc, bufio.NewReader(tc), true
		case "AUTH":
			_, arg, _ := strings.Cut(rest, " ")
			b, _ := base64.StdEncoding.DecodeString(arg)
			if string(b) == "\x00hearback\x00"+s.password {
				in = true
				say("235 welcome")
			} else {
				say("535 no")
			}
		case "MAIL":
			if !in {
				say("530 sign in")
				continue
			}
			if s.most > 0 && taken >= s.most {
				say("421 enough for one conversation")
				return
			}
			say("250 ok")
		case "RCPT":
			if s.rcpt != "" && strings.Contains(rest, s.bad) {
				say("%s", s.rcpt)
				continue
			}
			say("250 ok")
		case "DATA":
			say("354 go on")
			b, err := io.ReadAll(textproto.NewReader(r).DotReader())
			if err != nil {
				return
			}
			s.mu.Lock()
			s.got = append(s.got, string(b))
			s.mu.Unlock()
			taken++
			say("250 taken")
			if s.hangUp {
				return
			}
		case "QUIT":
			say("221 bye")
			return
		case "RSET":
			s.mu.Lock()
			s.rsets++
			s.mu.Unlock()
			say("250 ok")
		default:
			say("250 ok")
		}
	}
}

// client returns how we send to s, which the operator allowed.
func (s *server) client(user, password string) *mail.Server {
	s.t.Helper()
	addr := s.l.Addr().(*net.TCPAddr)
	dial, err := safedial.MailDialer([]string{"localhost"})
	if err != nil {
		s.t.Fatal(err)
	}
	return &mail.Server{
		Host: "localhost", Port: addr.Port, Implicit: s.implicit, User: user, Password: password, From: "desk@linmere.example", Name: map[string]string{"zh": "临湄服务台"},
		Dial: dial, Explain: safedial.Explain, TLS: &tls.Config{RootCAs: s.roots},
	}
}

var (
	at  = time.Date(2026, 3, 18, 9, 0, 0, 0, time.UTC)
	msg = notify.Message{Key: "hb_1k3x", Kind: notify.Alert, Urgent: true, Lang: "zh", At: at, Text: notify.Text{
		Subject: "P1 评定为紧急：今晚会开闸吗\r\nBcc: everybody@example.org", Body: "第一行\n.\n打开：https://console.test/concerns/1z\n", Link: "https://console.test/concerns/1z",
	}}
	to = notify.Address{To: "officer@linmere.example"}
)

func TestSend(t *testing.T) {
	for _, tt := range []struct {
		name string
		s    *server
		user string
	}{
		{"STARTTLS", &server{}, ""},
		{"TLS from the first byte", &server{implicit: true}, ""},
		{"STARTTLS and a password", &server{password: "open sesame"}, "hearback"},
		{"TLS and a password", &server{implicit: true, password: "open sesame"}, "hearback"},
		{"the server hangs up", &server{hangUp: true}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, tt.s)
			if err := s.client(tt.user, s.password).Send(t.Context(), to, msg); err != nil {
				t.Fatalf("Send: %v (%v)", err, errors.Unwrap(err))
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.clear {
				t.Error("something was said in the clear")
			}
			if len(s.got) != 1 {
				t.Fatalf("%d messages arrived, want 1", len(s.got))
			}
			m, err := netmail.ReadMessage(strings.NewReader(s.got[0]))
			if err != nil {
				t.Fatal(err)
			}
			subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
			if err != nil || !strings.Contains(subject, "P1 评定为紧急：今晚会开闸吗") {
				t.Errorf("subject %q, %v", subject, err)
			}
			if m.Header.Get("Bcc") != "" {
				t.Error("a line of the subject became a header")
			}
			for header, want := range map[string]string{
				"Message-Id": "<hb_1k3x@linmere.example>", "Auto-Submitted": "auto-generated", "To": "<officer@linmere.example>", "Date": "Wed, 18 Mar 2026 09:00:00 +0000", "Importance": "high",
			} {
				if got := m.Header.Get(header); got != want {
					t.Errorf("%s: %q, want %q", header, got, want)
				}
			}
			if from, err := m.Header.AddressList("From"); err != nil || from[0].Name != "临湄服务台" || from[0].Address != "desk@linmere.example" {
				t.Errorf("From %v, %v", from, err)
			}
			body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
			if got := strings.ReplaceAll(string(body), "\r\n", "\n"); err != nil || got != msg.Body {
				t.Errorf("body %q, %v, want %q", got, err, msg.Body)
			}
		})
	}
}

// TestRefused: what goes wrong is a sentence that says what to do, tells
// whether trying again can help, and holds no address.
func TestRefused(t *testing.T) {
	for _, tt := range []struct {
		name  string
		s     *server
		user  string
		spoil func(*mail.Server)
		say   string
		final bool
	}{
		{"no such address", &server{rcpt: "550 no officer@linmere.example here"}, "", nil, "does not take mail for this address (it answered 550). Check the address.", true},
		{"full for now", &server{rcpt: "452 full"}, "", nil, "(it answered 452)", false},
		{"no STARTTLS", &server{noTLS: true}, "", nil, "nothing is sent in the clear", false},
		{"wrong password", &server{password: "open sesame"}, "hearback", func(m *mail.Server) { m.Password = "guess" }, "Check mail.user and the password", false},
		{"a certificate that nobody signed", &server{}, "", func(m *mail.Server) { m.TLS = nil }, "signed by nobody this machine trusts", false},
		{"a private address", &server{}, "", func(m *mail.Server) { m.Dial, _ = safedial.MailDialer(nil) }, "add it to network.allow", false},
		{"another host", &server{}, "", func(m *mail.Server) { m.Host = "127.0.0.1" }, "add it to network.allow", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, tt.s)
			c := s.client(tt.user, s.password)
			if tt.spoil != nil {
				tt.spoil(c)
			}
			err := c.Send(t.Context(), to, msg)
			var f *notify.Fault
			if !errors.As(err, &f) || !strings.Contains(f.Sentence, tt.say) || f.Final != tt.final || strings.Contains(f.Sentence, "officer@") || strings.Contains(f.Sentence, "sesame") {
				t.Errorf("Send: %v (%v), final %t; want %q, %t", err, errors.Unwrap(err), f != nil && f.Final, tt.say, tt.final)
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.clear || len(s.got) > 0 {
				t.Errorf("%d messages went out; in the clear: %t", len(s.got), s.clear)
			}
		})
	}
}

func TestStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := serve(t, &server{}).client("", "").Send(ctx, to, msg); err == nil {
		t.Error("sent although we are being stopped")
	}
}

// TestLetter: a letter to somebody outside says the same as text and as a page,
// and how to stop it with one click (RFC 8058), which only TLS may carry.
func TestLetter(t *testing.T) {
	for leave, post := range map[string]string{"https://answers.test/follow/leave?k=1z.AbCd&lang=zh": "List-Unsubscribe=One-Click", "http://answers.test/follow/leave?k=1z": ""} {
		s := serve(t, &server{})
		letter := msg
		letter.HTML, letter.Leave = "<!doctype html><p>第一行</p>", leave
		if err := s.client("", "").Send(t.Context(), to, letter); err != nil {
			t.Fatal(err)
		}
		s.mu.Lock()
		m, err := netmail.ReadMessage(strings.NewReader(s.got[0]))
		s.mu.Unlock()
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Header.Get("List-Unsubscribe"); got != "<"+leave+">" {
			t.Errorf("List-Unsubscribe: %q", got)
		}
		if got := m.Header.Get("List-Unsubscribe-Post"); got != post {
			t.Errorf("List-Unsubscribe-Post: %q, want %q", got, post)
		}
		kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
		if err != nil || kind != "multipart/alternative" {
			t.Fatalf("Content-Type is %q, %v", kind, err)
		}
		parts := multipart.NewReader(m.Body, params["boundary"])
		for _, want := range []struct{ kind, body string }{{"text/plain", letter.Body}, {"text/html", letter.HTML}} {
			p, err := parts.NextPart()
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(p)
			if got := strings.ReplaceAll(string(b), "\r\n", "\n"); err != nil || !strings.HasPrefix(p.Header.Get("Content-Type"), want.kind) || strings.TrimSpace(got) != strings.TrimSpace(want.body) {
				t.Errorf("%s: %q, %v, want %q", p.Header.Get("Content-Type"), got, err, want.body)
			}
		}
	}
}

// TestLine: letters go over one conversation with a reset between them; one that
// is refused does not stop the next, a conversation that the server ends is begun
// anew, none goes out twice, and no conversation is longer than many servers
// allow.
func TestLine(t *testing.T) {
	for _, tt := range []struct {
		name      string
		s         *server
		n, refuse int // letters, and which of them is refused
		conns     int
	}{
		{"one conversation", &server{}, 5, -1, 1},
		{"one is refused", &server{rcpt: "550 5.1.1 nobody", bad: "officer2@", codes: true}, 5, 2, 1},
		{"signed in once", &server{password: "open sesame"}, 5, -1, 1},
		{"the server hangs up after each", &server{hangUp: true}, 4, -1, 4},
		{"the server takes two at a time", &server{most: 2}, 5, -1, 3},
		{"many", &server{implicit: true}, 200, -1, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, tt.s)
			user := ""
			if s.password != "" {
				user = "hearback"
			}
			l := s.client(user, s.password).Open()
			for i := range tt.n {
				m := msg
				m.Key = fmt.Sprintf("hb_%d", i)
				err := l.Send(t.Context(), notify.Address{To: fmt.Sprintf("officer%d@linmere.example", i)}, m)
				if (err != nil) != (i == tt.refuse) {
					t.Errorf("letter %d: %v", i, err)
				}
			}
			l.Close()
			l.Close() // does nothing
			s.mu.Lock()
			defer s.mu.Unlock()
			want := tt.n
			if tt.refuse >= 0 {
				want--
			}
			if len(s.got) != want || s.conns != tt.conns || s.clear {
				t.Errorf("%d letters over %d conversations, want %d over %d; in the clear: %t", len(s.got), s.conns, want, tt.conns, s.clear)
			}
			if !s.hangUp && s.rsets < tt.n {
				t.Errorf("%d resets between %d letters", s.rsets, tt.n)
			}
			seen := map[string]bool{}
			for _, b := range s.got {
				m, err := netmail.ReadMessage(strings.NewReader(b))
				if err != nil || seen[m.Header.Get("Message-Id")] {
					t.Errorf("%v, or twice: %s", err, m.Header.Get("Message-Id"))
					continue
				}
				seen[m.Header.Get("Message-Id")] = true
			}
		})
	}
}

// TestGone: an address is gone only if the server says that of the address, and
// not of us.
func TestGone(t *testing.T) {
	for _, tt := range []struct {
		answer string
		codes  bool
		before bool // it takes a letter for somebody else first
		gone   bool
	}{
		{"550 5.1.1 no such user", true, false, true},
		{"553 5.1.3 bad syntax", true, false, true},
		{"550 5.2.1 mailbox disabled", true, false, true},
		{"552 5.2.2 mailbox full", true, true, false},
		{"554 5.7.1 relay access denied", true, true, false},
		{"550 5.7.1 you are on a list", true, true, false},
		{"450 4.1.1 not now", true, true, false},
		{"550 relay not permitted", false, false, false},
		{"550 no such user", false, true, true},
		{"550 no such user", true, true, true},
		{"554 no", false, true, false},
	} {
		s := serve(t, &server{rcpt: tt.answer, bad: "officer@", codes: tt.codes})
		l := s.client("", "").Open()
		if tt.before {
			if err := l.Send(t.Context(), notify.Address{To: "another@linmere.example"}, msg); err != nil {
				t.Fatal(err)
			}
		}
		err := l.Send(t.Context(), to, msg)
		l.Close()
		var f *notify.Fault
		if !errors.As(err, &f) || f.Gone != tt.gone || f.Away {
			t.Errorf("%s after %t: %+v, want gone %t", tt.answer, tt.before, f, tt.gone)
		}
	}
	c := serve(t, &server{}).client("", "")
	c.Port = 1
	var f *notify.Fault
	if err := c.Send(t.Context(), to, msg); !errors.As(err, &f) || !f.Away || f.Gone || f.Final {
		t.Errorf("a server that is away: %+v", f)
	}
}
