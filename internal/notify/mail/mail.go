// Package mail delivers notices as plain text e-mail over SMTP, and letters to
// those outside who asked for them as HTML too, always with TLS: by STARTTLS,
// or from the first byte on.
package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"example.org/hearback/internal/notify"
)

// A Server is the mail server that takes our mail.
type Server struct {
	Host           string
	Port           int
	Implicit       bool              // TLS from the first byte on, as on port 465; otherwise STARTTLS
	User, Password string            // none if User is empty
	From           string            // address that mail comes from
	Name           map[string]string // of the office by language, beside From

	// Dial makes the connection; it refuses private addresses that the
	// operator did not allow.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Explain says in a sentence why a connection failed.
	Explain func(err error, host string) string
	TLS     *tls.Config // nil means the authorities of this machine
}

var _ notify.Opener = (*Server)(nil)

// connection is how long one command of SMTP may take.
const connection = 20 * time.Second

// perLine is how many messages go over one connection: many servers take no
// more than a hundred or so.
const perLine = 90

// Send implements [notify.Sender].
func (s *Server) Send(ctx context.Context, to notify.Address, m notify.Message) error {
	l := s.Open()
	defer l.Close()
	return l.Send(ctx, to, m)
}

// Open implements [notify.Opener].
func (s *Server) Open() notify.Line { return &line{s: s} }

// A line is one conversation with the server.
type line struct {
	s      *Server
	client *mail.Client
	smtp   *smtp.Client // nil while there is none
	raw    net.Conn     // below it
	tried  int          // messages that were begun in this conversation
	took   int          // messages that the server took in this one and in those before
}

// Close implements [notify.Line]: it takes leave of the server.
func (l *line) Close() {
	if l.smtp != nil {
		_ = l.client.CloseWithSMTPClient(l.smtp) // what was taken is taken, however the conversation ends
	}
	if l.raw != nil {
		l.raw.Close() // the library leaves it open where it cannot sign in
	}
	l.smtp, l.raw, l.tried = nil, nil, 0
}

// begin begins a conversation if there is none.
func (l *line) begin(ctx context.Context) (err error) {
	if l.smtp != nil {
		return nil
	}
	l.client, err = l.s.client(func(ctx context.Context, network, address string) (net.Conn, error) {
		var err error
		l.raw, err = l.s.Dial(ctx, network, address)
		return l.raw, err
	})
	if err == nil {
		l.smtp, err = l.client.DialToSMTPClientWithContext(ctx)
	}
	if err != nil {
		l.smtp = nil
		l.Close()
	}
	return err
}

// Send implements [notify.Sender]. The key becomes the Message-ID, by which
// mail programs know a repeat. A conversation that has ended by itself since the
// message before is begun anew, once.
func (l *line) Send(ctx context.Context, to notify.Address, m notify.Message) error {
	msg, err := l.s.write(to, m)
	if err != nil {
		return err
	}
	if l.tried >= perLine {
		l.Close()
	}
	for {
		if err := ctx.Err(); err != nil {
			return l.s.fault(err)
		}
		if err := l.begin(ctx); err != nil {
			f := l.s.fault(err)
			f.Away = true
			return f
		}
		first := l.tried == 0
		l.tried++
		// The library says NOOP before a message and RSET after it, whatever
		// became of it.
		err := l.client.SendWithSMTPClient(l.smtp, msg)
		if msg.IsDelivered() {
			l.took++
			if err != nil {
				l.Close()
			}
			return nil
		}
		over := ended(err)
		if over {
			l.Close()
		}
		if over && !first && notTaken(err) {
			continue
		}
		f := l.s.fault(err)
		f.Gone = gone(err, l.took > 0)
		return f
	}
}

// ended reports whether the conversation cannot go on after err: the server
// said so, or said nothing.
func ended(err error) bool {
	var sent *mail.SendError
	return !errors.As(err, &sent) || sent.ErrorCode() < 300 || sent.ErrorCode() == 421
}

// notTaken reports whether err came before the server could have taken the
// message.
func notTaken(err error) bool {
	var sent *mail.SendError
	return errors.As(err, &sent) && (sent.Reason == mail.ErrConnCheck || sent.Reason == mail.ErrSMTPMailFrom || sent.Reason == mail.ErrSMTPRcptTo)
}

// gone reports whether the server says for good that there is no such address.
// Many servers answer the same to every address when it is we who may not send
// there; so an answer without an enhanced code (RFC 3463) counts only from a
// server that takes our mail for others.
func gone(err error, takes bool) bool {
	var sent *mail.SendError
	if !errors.As(err, &sent) || sent.Reason != mail.ErrSMTPRcptTo || sent.IsTemp() || sent.ErrorCode() < 500 {
		return false
	}
	code := sent.EnhancedStatusCode()
	return strings.HasPrefix(code, "5.1.") || code == "5.2.1" || code == "" && takes && (sent.ErrorCode() == 550 || sent.ErrorCode() == 551 || sent.ErrorCode() == 553)
}

// write makes the message.
func (s *Server) write(to notify.Address, m notify.Message) (*mail.Msg, error) {
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent())
	_, host, _ := strings.Cut(s.From, "@")
	if err := errors.Join(msg.FromFormat(s.Name[m.Lang], s.From), msg.To(to.To)); err != nil {
		return nil, &notify.Fault{Sentence: "An address of this e-mail cannot be used. Check mail.from in hearback.toml and the address of the channel.", Final: true, Err: err}
	}
	msg.Subject(m.Subject)
	msg.SetDateWithValue(m.At)
	msg.SetMessageIDWithValue(m.Key + "@" + host)
	// Holiday notes and other machines shall not answer a machine (RFC 3834).
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	if m.Urgent {
		msg.SetImportance(mail.ImportanceHigh)
	}
	msg.SetBodyString(mail.TypeTextPlain, m.Body)
	if m.HTML != "" {
		msg.AddAlternativeString(mail.TypeTextHTML, m.HTML)
	}
	if m.Leave != "" {
		msg.SetGenHeader("List-Unsubscribe", "<"+m.Leave+">")
		if strings.HasPrefix(m.Leave, "https://") { // RFC 8058 asks for that
			msg.SetGenHeader("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
		}
	}
	return msg, nil
}

// client makes a client for one conversation.
func (s *Server) client(dial mail.DialContextFunc) (*mail.Client, error) {
	conf := &tls.Config{}
	if s.TLS != nil {
		conf = s.TLS.Clone()
	}
	conf.ServerName, conf.MinVersion = s.Host, tls.VersionTLS12
	opts := []mail.Option{mail.WithPort(s.Port), mail.WithTimeout(connection), mail.WithTLSConfig(conf), mail.WithTLSPolicy(mail.TLSMandatory), mail.WithDialContextFunc(dial)}
	if s.Implicit {
		// The library asks for STARTTLS only where it is offered, and finds that
		// the line it was given is encrypted.
		opts = append(opts, mail.WithTLSPolicy(mail.TLSOpportunistic), mail.WithDialContextFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
			line, err := dial(ctx, network, address)
			if err != nil {
				return nil, err
			}
			c := tls.Client(line, conf)
			return c, c.HandshakeContext(ctx)
		}))
	}
	if s.User != "" {
		opts = append(opts, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(s.User), mail.WithPassword(s.Password))
	}
	return mail.NewClient(s.Host, opts...)
}

// fault turns an error into a sentence. What the server said is not repeated:
// it may hold the address.
func (s *Server) fault(err error) *notify.Fault {
	f := &notify.Fault{Err: err}
	at := net.JoinHostPort(s.Host, strconv.Itoa(s.Port))
	var sent *mail.SendError
	var reply *textproto.Error
	switch {
	case errors.As(err, &sent):
		f.Final = !sent.IsTemp()
		switch sent.Reason {
		case mail.ErrSMTPRcptTo:
			f.Sentence = fmt.Sprintf("The mail server %s does not take mail for this address (it answered %d). Check the address.", at, sent.ErrorCode())
		case mail.ErrSMTPMailFrom:
			f.Sentence = fmt.Sprintf("The mail server %s does not take mail from mail.from (it answered %d). Check it in hearback.toml.", at, sent.ErrorCode())
		default:
			f.Sentence = fmt.Sprintf("The mail server %s did not take the message (it answered %d).", at, sent.ErrorCode())
		}
		// A line that broke has no code, and may hold the next time.
		f.Final = f.Final && sent.ErrorCode() >= 500
	case strings.Contains(err.Error(), "AUTH"), errors.Is(err, mail.ErrPlainAuthNotSupported):
		f.Sentence = fmt.Sprintf("The mail server %s does not let us in. Check mail.user and the password in mail.password_file.", at)
	case strings.Contains(err.Error(), "STARTTLS"):
		f.Sentence = fmt.Sprintf("The mail server %s offers no STARTTLS, and nothing is sent in the clear. Set mail.security to tls if it speaks TLS from the first byte, or use another port.", at)
	case errors.As(err, &reply):
		f.Sentence = fmt.Sprintf("The mail server %s did not take the message (it answered %d).", at, reply.Code)
	default:
		f.Sentence = s.Explain(err, s.Host)
	}
	return f
}
