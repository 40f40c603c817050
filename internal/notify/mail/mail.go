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

var _ notify.Sender = (*Server)(nil)

// connection is how long one command of SMTP may take.
const connection = 20 * time.Second

// Send implements [notify.Sender]. The key becomes the Message-ID, by which
// mail programs know a repeat.
func (s *Server) Send(ctx context.Context, to notify.Address, m notify.Message) error {
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent())
	_, host, _ := strings.Cut(s.From, "@")
	if err := errors.Join(msg.FromFormat(s.Name[m.Lang], s.From), msg.To(to.To)); err != nil {
		return &notify.Fault{Sentence: "An address of this e-mail cannot be used. Check mail.from in hearback.toml and the address of the channel.", Final: true, Err: err}
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
	var raw net.Conn
	client, err := s.client(func(ctx context.Context, network, address string) (net.Conn, error) {
		var err error
		raw, err = s.Dial(ctx, network, address)
		return raw, err
	})
	if err != nil {
		return s.fault(err)
	}
	defer func() {
		if raw != nil {
			raw.Close() // the library leaves it open where it cannot sign in
		}
	}()
	line, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return s.fault(err)
	}
	err = client.SendWithSMTPClient(line, msg)
	// Once the server has taken the message it is sent, however the
	// conversation ends.
	_ = client.CloseWithSMTPClient(line)
	if msg.IsDelivered() {
		return nil
	}
	return s.fault(err)
}

// client makes a client for one message.
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
func (s *Server) fault(err error) error {
	if err == nil {
		return nil
	}
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
