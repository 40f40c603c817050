#!/bin/sh
# Runs a command with HEARBACK_TEST_POSTGRES set to a PostgreSQL server of its
# own, made in a temporary directory as a normal user and removed afterwards.
# Usage: scripts/postgres.sh go test ./...
set -eu
bin=$(dirname "$(command -v initdb 2>/dev/null || ls /usr/lib/postgresql/*/bin/initdb | sort -V | tail -n 1)")
dir=$(mktemp -d)
port=$((20000 + $$ % 20000))
as() { "$@"; }
if [ "$(id -u)" = 0 ]; then
	# PostgreSQL refuses to run as root.
	chown nobody "$dir"
	as() { (cd "$dir" && setpriv --reuid=nobody --regid=nogroup --clear-groups -- "$@"); }
fi
stop() {
	as "$bin/pg_ctl" -D "$dir/db" -m immediate -w stop >/dev/null 2>&1 || true
	rm -rf "$dir"
}
trap stop EXIT
trap 'exit 130' INT TERM
as "$bin/initdb" -D "$dir/db" -U hearback -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$dir.log" 2>&1 || { cat "$dir.log" >&2; exit 1; }
rm -f "$dir.log"
# Nothing here outlives the tests, so nothing waits for the disk.
as "$bin/pg_ctl" -D "$dir/db" -l "$dir/server.log" -w -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='$dir' -c fsync=off -c synchronous_commit=off -c full_page_writes=off" start >/dev/null || { cat "$dir/server.log" >&2; exit 1; }
HEARBACK_TEST_POSTGRES="postgres://hearback@127.0.0.1:$port/postgres?sslmode=disable" "$@"
