#!/bin/sh
# Makes $VENV and installs exactly what uv.lock says. Needs python3.11; on Debian also its venv module,
# which this installs where it may.
set -eu
here=$(dirname "$0")
if ! command -v "$PYTHON" >/dev/null; then
  echo "opslayer needs $PYTHON; PYTHON=... names another python 3.11" >&2
  exit 2
fi
if command -v uv >/dev/null && uv --version | grep -q " $UV_VERSION "; then
  uv=uv
else
  # uv lives apart from what it installs, so that a sync does not remove it
  if [ ! -x "$VENV/.uv/bin/uv" ]; then
    "$PYTHON" -c 'import ensurepip' 2>/dev/null || sh "$here/packages.sh" python3-venv
    "$PYTHON" -m venv "$VENV/.uv"
    "$VENV/.uv/bin/pip" install --quiet --disable-pip-version-check "uv==$UV_VERSION"
  fi
  uv="$VENV/.uv/bin/uv"
fi
[ -x "$VENV/bin/python" ] || "$uv" venv --quiet --allow-existing --python "$PYTHON" "$VENV"
echo "installing the locked dependencies into $VENV"
UV_PROJECT_ENVIRONMENT="$VENV" "$uv" sync --locked --quiet --python "$VENV/bin/python"
