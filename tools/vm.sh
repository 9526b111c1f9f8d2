#!/bin/sh
# Builds the virtual machine of ../shared/vm into a folder, once for each recipe; as root, on Debian. Minutes.
#   tools/vm.sh FOLDER
set -eu
cd "$(dirname "$0")/.."
folder=${1:-build/machine}
recipe=../shared/vm
say() { printf '%s\n' "$*" >&2; }

[ -d "$recipe" ] || { say "THE RECIPE OF THE VIRTUAL MACHINE IS ABSENT: ../shared/vm"; exit 1; }
export DISK_SIZE=4G  # a station with two versions beside its own, what it fetches, and a server
stamp=$(echo "$DISK_SIZE" | cat - "$recipe/build.sh" | sha256sum | cut -c1-16)
[ "$(cat "$folder/built" 2>/dev/null || true)" = "$stamp" ] && exit 0
[ "$(id -u)" = 0 ] || { say "THE VIRTUAL MACHINE IS BUILT BY ROOT: sudo tools/vm.sh $folder"; exit 1; }
export DEBIAN_FRONTEND=noninteractive
tools="qemu-system-x86 qemu-utils mmdebstrap e2fsprogs cpio kmod swig xz-utils"
# shellcheck disable=SC2086
{ apt-get update -qq && apt-get install -y -qq $tools; } >/dev/null 2>&1 || { say "THE VIRTUAL MACHINE NEEDS $tools"; exit 1; }
[ ! -e "$folder" ] || [ -f "$folder/build.sh" ] || { say "$folder IS NOT A VIRTUAL MACHINE OF OURS: name a new folder"; exit 1; }
rm -rf "$folder"
mkdir -p "$folder"
cp -r "$recipe/." "$folder/"
chmod -R u+w "$folder"
say "Building the virtual machine into $folder ..."
"$folder/build.sh" >"$folder/build.log" 2>&1 || {
    say "THE VIRTUAL MACHINE COULD NOT BE BUILT; the end of $folder/build.log:"
    tail -n 5 "$folder/build.log" >&2
    exit 1
}
echo "$stamp" >"$folder/built"
