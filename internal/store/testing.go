package store

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"sync/atomic"
	"time"
)

// A testingTB is what TestSchema needs of *testing.T; naming the package
// would put it into the program.
type testingTB interface {
	Helper()
	Fatal(args ...any)
	Cleanup(func())
}

var schemas atomic.Int64

// TestSchema makes an empty schema on the PostgreSQL server at dsn for one
// test, drops it afterwards, and returns the URL to open it with.
func TestSchema(t testingTB, dsn string) string {
	t.Helper()
	ctx := context.Background()
	p, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("t%d_%d", time.Now().UnixNano(), schemas.Add(1))
	if _, err := p.ExecContext(ctx, "CREATE SCHEMA "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, err := p.ExecContext(ctx, "DROP SCHEMA "+name+" CASCADE")
		if p.Close(); err != nil {
			t.Fatal(err)
		}
	})
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	return u.String()
}
