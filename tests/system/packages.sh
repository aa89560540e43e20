#!/bin/sh
# Installs the Debian packages named, those that are missing, with apt-get; says so where it may not.
set -eu
missing=
for package in "$@"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ]; then elevate=; elif command -v sudo >/dev/null; then elevate=sudo; else
  echo "these Debian packages are missing:$missing; install them as root: apt-get install$missing" >&2
  exit 2
fi
echo "installing$missing"
$elevate apt-get update -qq
$elevate env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
