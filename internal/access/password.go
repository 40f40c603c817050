package access

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"example.org/hearback"
	"example.org/hearback/data"
)

// Limits of a password, in characters.
const (
	MinPassword = 12
	MaxPassword = 128
)

// commonText lists passwords and the words that bad passwords are made of,
// one a line, in lower case: what the breached ones of package data lack.
//
//go:embed common.txt
var commonText string

var common = sync.OnceValue(func() map[string]bool {
	set := map[string]bool{}
	for line := range strings.Lines(commonText) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			set[line] = true
		}
	}
	for line := range strings.Lines(data.Passwords()) {
		// Shorter ones would be found inside good passwords by chance.
		if line = strings.TrimSpace(line); len(line) >= 4 {
			set[line] = true
		}
	}
	return set
})

// CheckPassword returns [hearback.ErrInvalid], saying what to change, for a
// password that is too short, too long, commonly used, or made of the words
// given, such as the login.
func CheckPassword(password string, words ...string) error {
	if !utf8.ValidString(password) {
		return fmt.Errorf("%w: the password is not text", hearback.ErrInvalid)
	}
	switch n := utf8.RuneCountInString(password); {
	case n < MinPassword:
		return fmt.Errorf("%w: a password has at least %d characters; several unrelated words are easy to remember", hearback.ErrInvalid, MinPassword)
	case n > MaxPassword:
		return fmt.Errorf("%w: a password has at most %d characters", hearback.ErrInvalid, MaxPassword)
	}
	p := strings.ToLower(norm.NFKC.String(password))
	for _, w := range words {
		w = strings.ToLower(norm.NFKC.String(w))
		name, _, _ := strings.Cut(w, "@")
		for _, w := range []string{w, name} {
			// A short name may stand inside a long password by chance.
			if utf8.RuneCountInString(w) >= 4 && strings.Contains(p, w) && utf8.RuneCountInString(p) < utf8.RuneCountInString(w)+MinPassword {
				return fmt.Errorf("%w: the password contains your login or name; choose words that have nothing to do with you", hearback.ErrInvalid)
			}
		}
	}
	if weak(p) {
		return fmt.Errorf("%w: this password is among the first that are tried; choose several unrelated words", hearback.ErrInvalid)
	}
	return nil
}

// weak reports whether p is a common password, or one or two common words with
// digits and signs around them, or one short piece over and over, or a run of
// neighbouring characters.
func weak(p string) bool {
	if common()[p] || repeats(p) || runs(p) {
		return true
	}
	// What is left when digits and signs go: "welcome2026!!!" is welcome.
	letters := strings.Map(func(r rune) rune {
		switch r {
		case '0':
			return 'o'
		case '1':
			return 'l'
		case '3':
			return 'e'
		case '@', '4':
			return 'a'
		case '$', '5':
			return 's'
		}
		return r
	}, strings.TrimFunc(p, func(r rune) bool { return !unicode.IsLetter(r) }))
	bare := strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) {
			return -1
		}
		return r
	}, letters)
	if bare == "" || common()[bare] || repeats(bare) {
		return true
	}
	for i := 1; i < len(bare); i++ {
		if common()[bare[:i]] && common()[bare[i:]] {
			return true
		}
	}
	return false
}

// repeats reports whether s is a piece of at most a third of it, again and
// again.
func repeats(s string) bool {
	for n := 1; n <= len(s)/2; n++ {
		if len(s)%n == 0 && strings.Repeat(s[:n], len(s)/n) == s {
			return true
		}
	}
	return false
}

// runs reports whether nearly every character of s follows the one before, as
// in "abcdefghijkl" or "987654321098".
func runs(s string) bool {
	r := []rune(s)
	steps := 0
	for i := 1; i < len(r); i++ {
		if d := r[i] - r[i-1]; d == 1 || d == -1 || d == 0 || d == 9 || d == -9 {
			steps++
		}
	}
	return steps*10 >= (len(r)-1)*8
}

// The cost of one password, after the OWASP password storage guidance for
// argon2id.
const (
	hashTime    = 2
	hashMemory  = 19 * 1024 // KiB; see Accounts.HashMemory
	hashThreads = 1
	hashLen     = 32
)

// dummy stands in for the hash of an account that does not exist, so that
// asking for one takes as long as for another.
func dummy(memory uint32) string {
	return written(memory, make([]byte, 16), make([]byte, hashLen))
}

// written is a hash as it is stored.
func written(memory uint32, salt, sum []byte) string {
	e := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("argon2id$%d$%d$%d$%s$%s", hashTime, memory, hashThreads, e(salt), e(sum))
}

// A guard does the slow part of passwords, two at a time, so that many people
// at the door cannot fill the memory.
type guard struct {
	once sync.Once
	sem  chan struct{}
	try  limits
}

func (g *guard) enter(ctx context.Context) (leave func(), err error) {
	g.once.Do(func() { g.sem = make(chan struct{}, 2) })
	select {
	case g.sem <- struct{}{}:
		return func() { <-g.sem }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// hash returns what is stored for a password.
func (g *guard) hash(ctx context.Context, memory uint32, password string) (string, error) {
	leave, err := g.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	salt := make([]byte, 16)
	rand.Read(salt) // never fails
	sum := argon2.IDKey([]byte(norm.NFKC.String(password)), salt, hashTime, memory, hashThreads, hashLen)
	return written(memory, salt, sum), nil
}

// match reports whether a password is the one that was hashed. An unknown
// account has the hash "" and takes as long.
func (g *guard) match(ctx context.Context, memory uint32, hash, password string) (bool, error) {
	known := hash != ""
	if !known {
		hash = dummy(memory)
	}
	var t, m uint32
	var threads uint8
	f := strings.Split(hash, "$")
	if len(f) != 6 || f[0] != "argon2id" {
		return false, fmt.Errorf("a stored password hash is not one of ours; restore a backup or make a new password link")
	}
	_, err := fmt.Sscanf(f[1]+" "+f[2]+" "+f[3], "%d %d %d", &t, &m, &threads)
	salt, err1 := base64.RawStdEncoding.DecodeString(f[4])
	want, err2 := base64.RawStdEncoding.DecodeString(f[5])
	if err != nil || err1 != nil || err2 != nil || t < 1 || t > 10 || m > 1<<20 || threads < 1 || len(want) < 16 || len(want) > 64 {
		return false, fmt.Errorf("a stored password hash is damaged; restore a backup or make a new password link")
	}
	// No password is longer; a long one must not cost more than a short one.
	if len(password) > 4*MaxPassword {
		password, known = "", false
	}
	leave, err := g.enter(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
	got := argon2.IDKey([]byte(norm.NFKC.String(password)), salt, t, m, threads, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1 && known, nil
}
