package store_test

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"example.org/hearback"
	"example.org/hearback/internal/evidence"
	"example.org/hearback/internal/store"
)

func TestCopies(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		x, err := evidence.Read(strings.NewReader("<p>自来水 is safe\x00"), "text/html", "https://water.example/n", start)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Copy(ctx, x.Hash); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("a copy that is not there: %v", err)
		}
		if err := db.SaveCopy(ctx, x); err != nil {
			t.Fatal(err)
		}
		later := x
		later.At, later.URL = start.AddDate(0, 0, 1), "https://elsewhere.example"
		if err := db.SaveCopy(ctx, later); err != nil {
			t.Fatal(err)
		}
		got, err := db.Copy(ctx, x.Hash)
		if err != nil || !reflect.DeepEqual(*got, x) {
			t.Errorf("read back %+v, %v; want %+v", got, err, x)
		}
		large, err := evidence.Read(bytes.NewReader(make([]byte, evidence.MaxArchive)), "application/pdf", "", start)
		if err != nil {
			t.Fatal(err)
		}
		if err := db.SaveCopy(ctx, large); err != nil {
			t.Errorf("the largest copy: %v", err)
		}
	})
}
