#!/bin/sh
# The scenarios in a real browser: installs what they need beside them, and
# runs them against bin/hearback. SHOTS=1 leaves pictures in e2e/shots.
set -eu
cd "$(dirname "$0")/.."
[ -x bin/hearback ] || { echo "bin/hearback is not there; run make build first" >&2; exit 1; }
(cd e2e && npm ci --no-audit --no-fund --loglevel=error)
exec timeout -k 10 900 node --test --test-concurrency=2 --test-reporter=spec e2e/*.test.mjs
