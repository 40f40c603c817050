#!/bin/sh
# Runs every fuzz test for a short while (default 10s each).
set -eu
cd "$(dirname "$0")/.."
for package in $(go list ./...); do
	for name in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
		echo "$package $name"
		go test -run '^$' -fuzz "^$name\$" -fuzztime "${1:-10s}" "$package"
	done
done
