package hearback_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"example.org/hearback"
)

func TestCommitment(t *testing.T) {
	r := hearback.Record{Type: hearback.ExportMade, At: time.Unix(0, 0), Actor: hearback.System, Subject: "export:log",
		Pub: map[string]any{"kind": "log"}, Private: map[string]any{"recipient": "张三 <zhang@example.org>"}}
	key := bytes.Repeat([]byte{7}, 32)
	doc, err := r.Seal(key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := r.Leaf(5)
	if err != nil {
		t.Fatal(err)
	}
	if s := string(leaf); strings.Contains(s, "zhang") || strings.Contains(s, "张三") || !strings.Contains(s, `"commit":{"alg":"hmac-sha256","c":"`) {
		t.Errorf("leaf = %s, want a commitment and nothing of what it is to", s)
	}
	good := hearback.Commitment{Seq: 5, Key: key, Doc: doc}
	if err := good.Opens(leaf); err != nil {
		t.Errorf("Opens = %v", err)
	}
	other := bytes.Clone(key)
	other[0]++
	for name, c := range map[string]hearback.Commitment{
		"another key":      {Seq: 5, Key: other, Doc: doc},
		"another document": {Seq: 5, Key: key, Doc: []byte(`{"recipient":"李四"}`)},
		"another entry":    {Seq: 6, Key: key, Doc: doc},
	} {
		if c.Opens(leaf) == nil {
			t.Errorf("%s opens the commitment", name)
		}
	}
	plain, err := hearback.Record{Type: hearback.CaseOpened, Actor: hearback.System}.Leaf(5)
	if err != nil {
		t.Fatal(err)
	}
	if err := good.Opens(plain); !errors.Is(err, hearback.ErrInvalid) {
		t.Errorf("Opens of an entry that commits to nothing = %v", err)
	}
	// A record that must be sealed is not written open by mistake.
	r = hearback.Record{Type: hearback.ExportMade, Actor: hearback.System, Private: map[string]any{"recipient": "x"}}
	if _, err := r.Leaf(1); err == nil {
		t.Error("a record with a private part was written without a commitment")
	}
	if _, err := r.Seal(key[:16]); err == nil {
		t.Error("a short key was accepted")
	}
}
