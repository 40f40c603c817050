#!/bin/sh
# The full test: static checks, every Go test on SQLite and on PostgreSQL, and
# the scenarios in a real browser. `go test ./...` alone needs none of this.
set -eu
cd "$(dirname "$0")/.."
./scripts/need.sh xmllint postgresql chromium node npm fonts-noto-cjk fonts-inter fonts-sil-charis
unformatted=$(gofmt -l $(git ls-files '*.go'))
[ -z "$unformatted" ] || { echo "not gofmt-ed: $unformatted" >&2; exit 1; }
go vet ./...
HEARBACK_TEST_KILLS=100 ./scripts/postgres.sh go test -count=1 -timeout 600s ./...
# The public log as other people's programs read it; a module of its own.
(cd conformance && go vet ./... && go test -count=1 ./...)
make -s build
./scripts/e2e.sh
