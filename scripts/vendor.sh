#!/bin/sh
# Fetches what others release and the pages use, byte for byte, and fails if it
# is not what SHA256SUMS says. For a newer version, change it here and renew the
# sums: VENDOR_NEW=1 ./scripts/vendor.sh
set -eu
cd "$(dirname "$0")/.."
to=$PWD/internal/web/static/vendor/uplot
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm pack --silent uplot@1.6.32 >/dev/null
tar xzf uplot-1.6.32.tgz
cp package/LICENSE package/dist/uPlot.iife.min.js package/dist/uPlot.min.css "$to"
cd "$to"
[ -z "${VENDOR_NEW:-}" ] || sha256sum LICENSE uPlot.iife.min.js uPlot.min.css >SHA256SUMS
sha256sum -c SHA256SUMS
