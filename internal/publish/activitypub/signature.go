package activitypub

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.org/hearback"
)

// Two ways of signing requests are in use: draft-cavage-http-signatures-12,
// which every server reads, and RFC 9421, which newer ones want. We send the
// first and, if that is refused, the second; we read both.

// fresh is how far the time of a signature may be from ours.
const fresh = 12 * time.Hour

// signCavage signs a request as draft-cavage-http-signatures-12 has it.
func signCavage(r *http.Request, body []byte, key *rsa.PrivateKey, keyID string, now time.Time) error {
	sum := sha256.Sum256(body)
	r.Header.Set("Date", now.UTC().Format(http.TimeFormat))
	r.Header.Set("Digest", "SHA-256="+base64.StdEncoding.EncodeToString(sum[:]))
	names := []string{"(request-target)", "host", "date", "digest"}
	text, err := cavageText(r, names, "", "")
	if err != nil {
		return err
	}
	sig, err := sign(key, text)
	if err != nil {
		return err
	}
	r.Header.Set("Signature", fmt.Sprintf(`keyId="%s",algorithm="rsa-sha256",headers="%s",signature="%s"`, keyID, strings.Join(names, " "), sig))
	return nil
}

// sign9421 signs a request as RFC 9421 has it, in the profile that the
// fediverse uses: method, target and content digest, RSA PKCS #1 v1.5.
func sign9421(r *http.Request, body []byte, key *rsa.PrivateKey, keyID string, now time.Time) error {
	r.Header.Del("Signature")
	sum := sha256.Sum256(body)
	r.Header.Set("Content-Digest", "sha-256=:"+base64.StdEncoding.EncodeToString(sum[:])+":")
	params := fmt.Sprintf(`("@method" "@target-uri" "content-digest");created=%d;keyid="%s"`, now.Unix(), keyID)
	sig, err := sign(key, text9421([]string{"@method", "@target-uri", "content-digest"}, params, r, r.URL.String()))
	if err != nil {
		return err
	}
	r.Header.Set("Signature-Input", "sig1="+params)
	r.Header.Set("Signature", "sig1=:"+sig+":")
	return nil
}

func sign(key *rsa.PrivateKey, text string) (string, error) {
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	return base64.StdEncoding.EncodeToString(sig), err
}

// A signature is what a request carries.
type signature struct {
	keyID string
	text  string // what was signed
	value []byte
}

// verify checks the signature with the key of whoever is said to have made it.
func (s signature) verify(key *rsa.PublicKey) error {
	sum := sha256.Sum256([]byte(s.text))
	if rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], s.value) != nil {
		return fmt.Errorf("%w: the signature of this request is not that of its sender", hearback.ErrRefused)
	}
	return nil
}

// readSignature reads the signature of a request whose body is given, and
// checks all about it that needs no key: that it covers the target and the
// body, that the body is the one that was signed, and that it is of now. base
// is the address of this site.
func readSignature(r *http.Request, body []byte, base string, now time.Time) (signature, error) {
	if r.Header.Get("Signature-Input") != "" {
		return read9421(r, body, base, now)
	}
	return readCavage(r, body, now)
}

func bad(format string, args ...any) error {
	return fmt.Errorf("%w: %s", hearback.ErrRefused, fmt.Sprintf(format, args...))
}

func readCavage(r *http.Request, body []byte, now time.Time) (s signature, err error) {
	fields := map[string]string{}
	text := r.Header.Get("Signature")
	if text == "" || len(text) > 4096 || len(r.Header.Values("Signature")) > 1 {
		return s, bad("the request carries no signature that can be read")
	}
	for part := range strings.SplitSeq(text, ",") {
		k, v, ok := strings.Cut(strings.TrimSpace(part), "=")
		if _, twice := fields[k]; !ok || twice {
			return s, bad("the signature cannot be read")
		}
		fields[k] = strings.Trim(v, `"`)
	}
	names := strings.Fields(strings.ToLower(fields["headers"]))
	for _, need := range []string{"(request-target)", "host", "digest"} {
		if !slices.Contains(names, need) {
			return s, bad("the signature does not cover %s", need)
		}
	}
	if len(names) > 20 || fields["keyId"] == "" || !slices.Contains([]string{"", "rsa-sha256", "hs2019"}, fields["algorithm"]) {
		return s, bad("the signature is of a kind we do not read")
	}
	var at time.Time
	switch {
	case slices.Contains(names, "(created)"):
		n, err := strconv.ParseInt(fields["created"], 10, 64)
		if err != nil {
			return s, bad("the signature has no time")
		}
		at = time.Unix(n, 0)
	case slices.Contains(names, "date"):
		if at, err = http.ParseTime(r.Header.Get("Date")); err != nil {
			return s, bad("the signature has no time")
		}
	default:
		return s, bad("the signature does not cover its time")
	}
	if err := checkTime(at, now); err != nil {
		return s, err
	}
	sum := sha256.Sum256(body)
	if alg, v, _ := strings.Cut(r.Header.Get("Digest"), "="); !strings.EqualFold(alg, "SHA-256") || v != base64.StdEncoding.EncodeToString(sum[:]) {
		return s, bad("the body is not the one that was signed")
	}
	s.keyID = fields["keyId"]
	if s.text, err = cavageText(r, names, fields["created"], fields["expires"]); err != nil {
		return s, err
	}
	if s.value, err = base64.StdEncoding.DecodeString(fields["signature"]); err != nil {
		return s, bad("the signature cannot be read")
	}
	return s, nil
}

func checkTime(at, now time.Time) error {
	if d := now.Sub(at); d > fresh || d < -time.Hour {
		return bad("the signature is not of now")
	}
	return nil
}

// cavageText is what is signed in draft-cavage.
func cavageText(r *http.Request, names []string, created, expires string) (string, error) {
	var lines []string
	for _, name := range names {
		var v string
		switch name {
		case "(request-target)":
			v = strings.ToLower(r.Method) + " " + r.URL.RequestURI()
		case "(created)":
			v = created
		case "(expires)":
			v = expires
		case "host":
			if v = r.Host; v == "" {
				v = r.URL.Host
			}
		default:
			list := r.Header.Values(name)
			if len(list) == 0 {
				return "", bad("the signature covers %s, which the request does not have", name)
			}
			v = strings.Join(list, ", ")
		}
		lines = append(lines, name+": "+v)
	}
	return strings.Join(lines, "\n"), nil
}

func read9421(r *http.Request, body []byte, base string, now time.Time) (s signature, err error) {
	in, sig := r.Header.Get("Signature-Input"), r.Header.Get("Signature")
	if len(in) > 4096 || len(sig) > 4096 || len(r.Header.Values("Signature-Input")) > 1 {
		return s, bad("the signature cannot be read")
	}
	label, params, ok := strings.Cut(in, "=")
	if !ok || strings.Contains(params, ", ") || !strings.HasPrefix(params, "(") {
		return s, bad("the request must carry one signature")
	}
	list, rest, ok := strings.Cut(params[1:], ")")
	if !ok {
		return s, bad("the signature cannot be read")
	}
	var names []string
	for _, name := range strings.Fields(list) {
		names = append(names, strings.Trim(name, `"`))
	}
	for _, need := range []string{"@method", "@target-uri", "content-digest"} {
		if !slices.Contains(names, need) {
			return s, bad("the signature does not cover %s", need)
		}
	}
	if len(names) > 20 {
		return s, bad("the signature cannot be read")
	}
	for p := range strings.SplitSeq(strings.TrimPrefix(rest, ";"), ";") {
		k, v, _ := strings.Cut(p, "=")
		switch v = strings.Trim(v, `"`); k {
		case "created":
			n, err := strconv.ParseInt(v, 10, 64)
			if err != nil {
				return s, bad("the signature has no time")
			}
			if err := checkTime(time.Unix(n, 0), now); err != nil {
				return s, err
			}
			ok = false // seen
		case "keyid":
			s.keyID = v
		case "alg":
			if v != "rsa-v1_5-sha256" {
				return s, bad("the signature is of a kind we do not read")
			}
		}
	}
	if ok || s.keyID == "" {
		return s, bad("the signature lacks its time or its key")
	}
	sum := sha256.Sum256(body)
	if r.Header.Get("Content-Digest") != "sha-256=:"+base64.StdEncoding.EncodeToString(sum[:])+":" {
		return s, bad("the body is not the one that was signed")
	}
	for _, name := range names {
		if !strings.HasPrefix(name, "@") && r.Header.Get(name) == "" || strings.HasPrefix(name, "@") && !slices.Contains([]string{"@method", "@target-uri", "@authority"}, name) {
			return s, bad("the signature covers %s, which we cannot check", name)
		}
	}
	value, ok := strings.CutPrefix(sig, label+"=:")
	value, ok2 := strings.CutSuffix(value, ":")
	if s.value, err = base64.StdEncoding.DecodeString(value); err != nil || !ok || !ok2 {
		return s, bad("the signature cannot be read")
	}
	s.text = text9421(names, params, r, base+r.URL.RequestURI())
	return s, nil
}

// text9421 is what is signed in RFC 9421.
func text9421(names []string, params string, r *http.Request, target string) string {
	var b bytes.Buffer
	for _, name := range names {
		var v string
		switch name {
		case "@method":
			v = r.Method
		case "@target-uri":
			v = target
		case "@authority":
			v = strings.ToLower(r.Host)
		default:
			v = strings.Join(r.Header.Values(name), ", ")
		}
		fmt.Fprintf(&b, "%q: %s\n", name, v)
	}
	fmt.Fprintf(&b, "%q: %s", "@signature-params", params)
	return b.String()
}
