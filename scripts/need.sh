#!/bin/sh
# Makes sure that the tools of the full test are there: installs Debian
# packages when it may, and otherwise says exactly what is missing.
# Usage: scripts/need.sh postgresql chromium ...
set -eu
missing=""
for package in "$@"; do
	case $package in
	postgresql) command -v initdb >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing $package" ;;
	chromium) command -v chromium >/dev/null 2>&1 || missing="$missing $package" ;;
	xmllint) command -v xmllint >/dev/null 2>&1 || missing="$missing libxml2-utils" ;;
	fonts-*) dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package" ;;
	*) command -v "$package" >/dev/null 2>&1 || missing="$missing $package" ;;
	esac
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
	echo "make test needs these Debian packages:$missing" >&2
	echo "Install them as root with:  apt-get install$missing" >&2
	exit 1
fi
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# The package of PostgreSQL would start a cluster of its own; the tests make
# and remove theirs.
mkdir -p /etc/postgresql-common
[ -e /etc/postgresql-common/createcluster.conf ] || echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.conf
# shellcheck disable=SC2086
apt-get install -y -qq --no-install-recommends $missing >/dev/null
