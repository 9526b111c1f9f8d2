#!/bin/sh
# Makes .venv with everything that the project needs, from nothing but python3 on Debian 12 or 13 or Raspberry Pi OS.
# Run by make; run again, it does only what changed.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}

say() { printf '%s\n' "$*" >&2; }

missing=""
"$python" -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv"
"$python" -c 'import ctypes.util, sys; sys.exit(ctypes.util.find_library("zbar") is None)' || missing="$missing libzbar0"
if [ -n "$missing" ]; then
    command -v apt-get >/dev/null || { say "These Debian packages are needed:$missing"; exit 1; }
    if [ "$(id -u)" = 0 ]; then sudo=""; elif sudo -n true 2>/dev/null; then sudo="sudo"; else
        say "Some Debian packages are missing. Type this, then make again:"
        say "    sudo apt-get install -y --no-install-recommends$missing"
        exit 1
    fi
    say "Installing$missing ..."
    # shellcheck disable=SC2086
    { $sudo apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; } >/dev/null
fi

# What the page with a pass draws and signs with; all else works without.
if [ ! -e /usr/share/nodejs/qrcode-generator/qrcode.js ] || [ ! -e /usr/share/nodejs/tweetnacl/nacl-fast.min.js ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends node-qrcode-generator node-tweetnacl; } \
            >/dev/null 2>&1 || say "The page with a pass will not work: node-qrcode-generator and node-tweetnacl cannot be installed."
    elif [ ! -f .venv/ready ]; then
        say "For the page with a pass, if it is wanted: sudo apt-get install -y --no-install-recommends node-qrcode-generator node-tweetnacl"
    fi
fi

"$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || {
    say "Python 3.11, 3.12 or 3.13 is needed; this is $("$python" --version). Say which with: make PYTHON=python3.12"
    exit 1
}
[ -x .venv/bin/python ] || "$python" -m venv .venv
if [ ! -f .venv/ready ] || [ pyproject.toml -nt .venv/ready ]; then
    say "Installing the Python packages into .venv ..."
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
    touch .venv/ready
fi
