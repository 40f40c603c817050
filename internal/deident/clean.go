package deident

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"example.org/hearback"
	"example.org/hearback/internal/source"
)

// MaxText is the longest text of a message, in characters. The rest is cut.
const MaxText = 20_000

// margin is how far past MaxText the masker looks, so that a number that lies
// across the cut is seen whole and masked, not cut into a harmless shape.
const margin = 256

// minKey is the shortest key that is taken: with a guessable key, the hash of
// a post id could be found by trying them all.
const minKey = 16

// Keys are the secrets that stand between a message and its author. Neither
// is ever written into a log or a message.
type Keys struct {
	Window []byte // voice key of the open window; destroyed when the window closes
	Post   []byte // key for post ids; lives as long as the text of messages
}

// An Item is a message that is ready to be stored, with what is needed to
// count its voice, to tell a repeat and to honour a deletion.
type Item struct {
	Message hearback.Message // ID, Concern, CopyOf and Kind are not yet set
	Post    uint64           // keyed hash of the post's id in its source, or 0 if it has none
	Digest  uint64           // keyed hash of the masked words: the same post with another digest was edited
	Voice   uint64           // keyed hash of day, source and account, for a sketch of distinct voices
	Deleted bool             // the source says that the post is gone
}

// Clean de-identifies raw, from src, at now. The error says that the item must
// be counted as refused and forgotten; it never quotes the item.
//
// The voice is that of the account on the day the message was said (UTC), so
// that it cannot be followed from one day to the next even while the key
// lives. If the source does not name accounts, each post counts as a voice of
// its own; if it does not name posts either, each different text does.
func Clean(src hearback.Source, raw source.Raw, k Keys, now time.Time) (Item, error) {
	return std.Clean(src, raw, k, now)
}

// Clean is the function [Clean] with m's options.
func (m *Masker) Clean(src hearback.Source, raw source.Raw, k Keys, now time.Time) (Item, error) {
	if len(k.Window) < minKey || len(k.Post) < minKey {
		return Item{}, fmt.Errorf("%w: a key for de-identification is missing or shorter than %d bytes; without it nothing may be stored", hearback.ErrInvalid, minKey)
	}
	it := Item{Deleted: raw.Deleted}
	post := newKeyed(k.Post)
	if raw.Post != "" {
		it.Post = post.sum('p', int64(src.ID), 0, raw.Post)
	}
	it.Message = hearback.Message{Source: src.ID, At: clamp(raw.At, now), Seen: now, Lang: langTag(raw.Lang), Area: raw.Area}
	if it.Message.Lang == "" {
		it.Message.Lang = src.Lang
	}
	if !utf8.ValidString(it.Message.Area) || it.Message.Area == "" {
		it.Message.Area = src.Area
	}
	if raw.Deleted {
		return it, nil // the words are gone, and so is the voice
	}
	text := strings.ReplaceAll(strings.ToValidUTF8(raw.Text, "\uFFFD"), "\x00", "\uFFFD")
	masked, kinds, err := m.mask(cut(text, MaxText+margin), MaxText)
	if err != nil {
		return Item{}, err
	}
	it.Message.Text = strings.TrimSpace(trim(masked, MaxText))
	it.Message.Masked = kinds
	if area, masks, err := m.mask(cut(it.Message.Area, 100), 100); err != nil {
		return Item{}, err
	} else if len(masks) > 0 {
		it.Message.Area = src.Area // an area that holds a number or a name is not coarse
	} else {
		it.Message.Area = strings.TrimSpace(area)
	}
	it.Digest = post.sum('w', int64(src.ID), 0, it.Message.Text)
	day := it.Message.At.UTC().Unix() / 86400
	voice := newKeyed(k.Window)
	switch {
	case raw.Account != "":
		it.Voice = voice.sum('a', int64(src.ID), day, raw.Account)
	case raw.Post != "":
		it.Voice = voice.sum('p', int64(src.ID), day, raw.Post)
	default:
		it.Voice = voice.sum('w', int64(src.ID), day, it.Message.Text)
	}
	return it, nil
}

// keyed is HMAC-SHA-256 (RFC 2104) with a key that is set up once and used for
// several sums. It does without the allocations of crypto/hmac, which cost more
// than the hashing, and is on the stack: it is not kept from one item to the
// next, since a destroyed key must leave nothing behind.
type keyed struct{ inner, outer [sha256.BlockSize]byte }

func newKeyed(key []byte) (k keyed) {
	if len(key) > sha256.BlockSize {
		sum := sha256.Sum256(key)
		key = sum[:]
	}
	copy(k.inner[:], key)
	copy(k.outer[:], key)
	for i := range k.inner {
		k.inner[i] ^= 0x36
		k.outer[i] ^= 0x5c
	}
	return k
}

// sum returns the first 64 bits of the HMAC of the arguments. use keeps hashes
// for different purposes apart. 0 means "none" in [Item], so it never returns 0.
func (k *keyed) sum(use byte, src, day int64, s string) uint64 {
	var room [1024]byte // the words of most messages, on the stack like the rest
	b := append(room[:0], k.inner[:]...)
	b = append(b, use)
	b = binary.BigEndian.AppendUint64(b, uint64(src))
	b = binary.BigEndian.AppendUint64(b, uint64(day))
	b = append(b, s...)
	first := sha256.Sum256(b)
	clear(b) // a long text was copied into the heap
	var end [sha256.BlockSize + sha256.Size]byte
	copy(end[copy(end[:], k.outer[:]):], first[:])
	second := sha256.Sum256(end[:])
	return max(binary.BigEndian.Uint64(second[:]), 1)
}

var earliest = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)

// clamp returns at, or now if at cannot be when something was said online.
func clamp(at, now time.Time) time.Time {
	if at.Before(earliest) || at.After(now.Add(24*time.Hour)) {
		return now
	}
	return at
}

// langTag returns the base language of a tag a source states, or "" if what it
// states is not one: the field is free text and could carry anything.
func langTag(s string) string {
	if i := strings.IndexAny(s, "-_"); i >= 0 {
		s = s[:i]
	}
	if len(s) < 2 || len(s) > 3 {
		return ""
	}
	s = strings.ToLower(s)
	for _, b := range []byte(s) {
		if b < 'a' || b > 'z' {
			return ""
		}
	}
	return s
}

// cut returns the first n characters of s.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// trim is cut for masked text: it does not leave half a mask at the end.
func trim(s string, n int) string {
	short := cut(s, n)
	if len(short) == len(s) {
		return s
	}
	if i := strings.LastIndexByte(short, '['); i >= 0 && len(short)-i < 10 && !strings.Contains(short[i:], "]") {
		short = short[:i]
	}
	return short
}
