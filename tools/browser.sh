#!/bin/sh
# Installs Debian's Chromium and the Chinese fonts, for the tests of the display in a browser, where this user may; else says so.
set -eu
missing=""
command -v chromium >/dev/null || missing="chromium"
fc-list :lang=zh-cn family 2>/dev/null | grep -q "Noto Sans CJK SC" || missing="$missing fonts-noto-cjk"
[ -e /usr/share/javascript/leaflet/leaflet.min.js ] || missing="$missing libjs-leaflet"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ]; then sudo=""; else sudo="sudo -n"; fi
echo "Installing $missing ..." >&2
# shellcheck disable=SC2086
{ $sudo apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; } >/dev/null 2>&1 ||
    echo "THE TESTS IN A BROWSER WILL BE SKIPPED; as root: apt-get install -y $missing" >&2
