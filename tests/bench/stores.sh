#!/bin/sh
# The logbook beside ThingsBoard gateway's store and plain SQLite: speed, kill -9, and doubles. $1: a Python that has both.
# FOLDER (default: below /tmp) is where the stores lie. `../shared/bench/setup_sd.sh up` makes a card whose power can be cut: add CUT=1.
set -eu
cd "$(dirname "$0")/../.."
bench=../shared/bench/store_bench.py
[ -f "$bench" ] || { echo "SHARED DATA IS ABSENT: $bench" >&2; exit 1; }
folder=${FOLDER:-${TMPDIR:-/tmp}/kiosk-stores}
mkdir -p "$folder"
ours="--plugin tests/bench/store_plugin.py:Logbook --plugin tests/bench/store_plugin.py:GroupedLogbook --plugin tests/bench/store_plugin.py:AccessLogbook"
stores="logbook,logbook-50,logbook-access,tb-sqlite,raw-full-1,raw-full-100"
# shellcheck disable=SC2086
run() { "$1" "$bench" "$2" $ours --dir "$folder" --stores "$3" --base tb-sqlite $4; }
run "$1" rate "$stores" "--n 50000 --nslow 5000 --rounds 3"
run "$1" crash "logbook,logbook-access,tb-sqlite" "--rounds 5 --lo 2 --hi 4"
run "$1" dup "logbook,tb-sqlite" "--rounds 1"
[ -z "${CUT:-}" ] || "$1" "$bench" cut $ours --stores "logbook,logbook-access,tb-sqlite,raw-normal-1" --rounds 5 --lo 2 --hi 4
