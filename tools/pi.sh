#!/bin/bash
# An SD card of a Raspberry Pi with our arm64 package on Debian 12, and what it takes to run it: QEMU, kernels, their device trees.
#   tools/pi.sh FOLDER [counter]   as root, on Debian; some minutes the first time. `counter`: what counts instructions, too
# A part is made anew when what it is made from has changed, the words of its own function among it.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mkdir -p "${1:-build/pi}" && readlink -f "${1:-build/pi}")
python=$PWD/.venv/bin/python
export LC_ALL=C DEBIAN_FRONTEND=noninteractive
say() { printf '%s\n' "$*" >&2; }

TOOLS="mmdebstrap arch-test qemu-utils qemu-user-static binfmt-support e2fsprogs dosfstools fdisk cpio kmod device-tree-compiler xz-utils"
SYSTEM=systemd,systemd-sysv,udev,dbus,kmod,python3,libstdc++6,procps,gpiod,sqlite3,e2fsprogs
BOOT_MODULES="bcm2835 ext4"
MODULES="vfat nls_cp437 nls_ascii dwc2 usbhid hid-generic evdev usb-storage sd_mod bcm2835_thermal bcm2835-rng i2c-bcm2835 i2c-dev autofs4 overlay configfs"

made() { # made PART FUNCTION [WORD...] [-- INPUT...]: run the function, unless it, its words and its inputs are as they were
    local part=$1 words=() stamp began=$SECONDS; shift
    while [ $# -gt 0 ] && [ "$1" != -- ]; do words+=("$1"); shift; done
    shift || true
    stamp=$({ declare -f "${words[0]}"; echo "${words[*]}"; [ $# = 0 ] || cat "$@" 2>/dev/null || true; } | sha256sum) # a link to a folder has no text
    [ "$(cat "$folder/$part.made" 2>/dev/null)" != "$stamp" ] || return 0
    say "Making $part ..."
    rm -f "$folder/$part.made"
    set +e # behind `||` or `if` bash would go on within the function after a command that failed
    (set -e; "${words[@]}") >"$folder/$part.log" 2>&1
    local code=$?
    set -e
    [ "$code" = 0 ] || { say "COULD NOT MAKE $part; the end of $folder/$part.log:"; tail -n 8 "$folder/$part.log" >&2; exit 1; }
    echo "$stamp" >"$folder/$part.made"
    say "    $part: $((SECONDS - began)) s"
}

strapped() { # strapped RELEASE ARCH PACKAGES INTO: a small Debian
    rm -rf "$4"
    mmdebstrap --variant=minbase --architectures="$2" --components=main --keyring=/usr/share/keyrings \
        --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
        --include="$3" "$1" "$4"
}

foreign() { # foreign RELEASE TOOL WORD...: apt for arm64 of that release, which touches nothing of this machine's own
    local own=$folder/apt-$1 mirror release=$1 tool=$2; shift 2
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | awk '!/security/ && !seen++')
    mkdir -p "$own"/lists/partial "$own"/cache/archives/partial; touch "$own/status"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $release main" >"$own/sources"
    "$tool" -qq -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o Dir::Etc::SourceList="$own/sources" -o Dir::Etc::SourceParts=- \
        -o Dir::State::Lists="$own/lists" -o Dir::State::Status="$own/status" -o Dir::Cache="$own/cache" -o APT::Sandbox::User=root "$@"
}

emulated() { # programs for arm64 run here
    [ -e /proc/sys/fs/binfmt_misc/register ] || mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
    [ -e /proc/sys/fs/binfmt_misc/qemu-aarch64 ] || update-binfmts --enable qemu-aarch64
}

kernel() { # kernel RELEASE ...: Debian's own, unpacked, since its hooks would run in emulation
    local into=$folder/$1 name; rm -rf "$into"; mkdir -p "$into/tree"
    foreign "$1" apt-get update
    name=$(foreign "$1" apt-cache depends linux-image-arm64 | awk '/Depends:/ && !seen++ {print $2}')
    (cd "$into/tree" && foreign "$1" apt-get download "$name" busybox-static && for each in *.deb; do dpkg-deb -x "$each" .; rm "$each"; done)
    [ -d "$into/tree/lib/modules" ] || { mkdir -p "$into/tree/lib"; mv "$into/tree/usr/lib/modules" "$into/tree/lib/"; }
    depmod -b "$into/tree" "$(ls "$into/tree/lib/modules")"
    cp "$into/tree/boot/vmlinuz-"* "$into/vmlinuz"
    device_trees "$into"
    first_system "$into"
}

device_trees() { # as a Pi's firmware hands it over; `unknown.dtb` lacks the board's revision
    local tree=$1/pi.dtb
    cp "$1"/tree/usr/lib/linux-image-*/broadcom/bcm2837-rpi-3-b.dtb "$tree"
    fdtput -r "$tree" /soc/serial@7e201000/bluetooth # dtoverlay=disable-bt: the header has the PL011
    cp "$tree" "$1/unknown.dtb"
    fdtput -p -t x "$tree" /system linux,revision a02082 # 3B 1.2 (Raspberry Pi documentation, revision codes)
}

modules_for() { # modules_for TREE NAME...: their files and those that they need, in the order of loading
    local tree=$1 each; shift
    for each in "$@"; do modprobe -d "$tree" -S "$(ls "$tree/lib/modules")" --show-depends "$each"; done | awk '$1 == "insmod" && !seen[$2]++ {print $2}'
}

first_system() { # what finds the card and starts the system on it
    local at=$1/first file files; rm -rf "$at"; mkdir -p "$at"/{bin,dev,proc,sys,modules,card}
    cp "$(ls "$1"/tree/bin/busybox "$1"/tree/usr/bin/busybox 2>/dev/null | head -n 1)" "$at/bin/busybox"
    files=$(modules_for "$1/tree" $BOOT_MODULES)
    {
        printf '%s\n' '#!/bin/busybox sh' '/bin/busybox --install -s /bin' 'mount -t proc proc /proc' 'mount -t sysfs sys /sys' 'mount -t devtmpfs dev /dev'
        for file in $files; do
            case $file in *.xz) xz -dc "$file" >"$at/modules/$(basename "$file" .xz)" ;; *) cp "$file" "$at/modules/" ;; esac
            echo "insmod /modules/$(basename "$file" .xz)"
        done
        printf '%s\n' 'until [ -e /dev/mmcblk0p2 ]; do sleep 0.1; done' 'mount -t ext4 /dev/mmcblk0p2 /card || exec sh' \
            'mount -o move /dev /card/dev' 'exec switch_root /card /lib/systemd/systemd'
    } >"$at/init"
    chmod +x "$at/init"
    (cd "$at" && find . | cpio -o -H newc --quiet | gzip -1) >"$1/initrd.gz"
    rm -rf "$at"
}

package() {
    "$python" -m tools.deb --package yizhan-kiosk --release bookworm --arch arm64
    cp "dist/yizhan-kiosk_$("$python" -c 'import kiosk; print(kiosk.__version__)')+deb12_arm64.deb" "$folder/kiosk.deb" # others may lie there
}

card() { # card ...: the system with our package, what an enrolment leaves, and a root shell on the second serial line
    local root=$folder/root release unit
    ! mountpoint -q "$root/proc" || umount "$root/proc" # of one that was ended midway
    rm -rf "$root"; cp -a --reflink=auto "$folder/system" "$root"
    cp "$folder/kiosk.deb" "$root/tmp/kiosk.deb"
    mount --bind /proc "$root/proc"
    chroot "$root" sh -c 'dpkg -i --force-unsafe-io /tmp/kiosk.deb' || { umount "$root/proc"; return 1; }
    umount "$root/proc"; rm "$root/tmp/kiosk.deb"
    for release in bookworm trixie; do modules_into "$root" "$folder/$release/tree"; done
    printf '/dev/mmcblk0p2 / ext4 defaults,errors=remount-ro 0 1\n/dev/mmcblk0p1 /boot/firmware vfat defaults,nofail 0 2\n' >"$root/etc/fstab"
    mkdir -p "$root/boot/firmware"; echo kiosk-pi >"$root/etc/hostname"; : >"$root/etc/machine-id"
    cp tests/pi/console.service "$root/etc/systemd/system/"
    for unit in kiosk-station kiosk-scanner@ kiosk-sensors kiosk-data; do
        install -D -m 0644 tests/pi/slow.conf "$root/etc/systemd/system/$unit.service.d/slow.conf"
    done
    cp tests/pi/station.toml "$root/etc/kiosk/station.toml"
    "$python" -m tests.pi.trust "$root/var/lib/kiosk"
    chroot "$root" sh -ec 'passwd -d root; chown -R kiosk:kiosk /var/lib/kiosk; systemctl set-default multi-user.target
        systemctl mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer getty@tty1.service serial-getty@.service
        systemctl enable console.service kiosk-station kiosk-scanner@main kiosk-sensors'
    rm -f "$folder/card.img"; truncate -s 2G "$folder/card.img" # QEMU wants a power of two
    printf 'label: dos\nstart=2048,size=131072,type=c\nstart=133120,size=3930112,type=83\nstart=4063232,type=83\n' | sfdisk -q "$folder/card.img"
    mkfs.vfat -F 16 -n BOOT --offset 2048 "$folder/card.img" 65536
    mke2fs -q -t ext4 -L root -d "$root" -E offset=$((133120 * 512)) "$folder/card.img" $((3930112 / 2))k
    mke2fs -q -t ext4 -L kiosk-data -E offset=$((4063232 * 512)) "$folder/card.img" $((131072 / 2))k # first-boot's, once it is run
    rm -rf "$root"
}

modules_into() { # modules_into ROOT TREE
    local version into; version=$(ls "$2/lib/modules"); into=$1/lib/modules/$version
    mkdir -p "$into/kernel"
    modules_for "$2" $BOOT_MODULES $MODULES | xargs cp -t "$into/kernel"
    cp "$2/lib/modules/$version"/modules.{order,builtin,builtin.modinfo} "$into/"
    depmod -b "$1" "$version"
}

[ "$(id -u)" = 0 ] || { say "THE CARD IS BUILT BY ROOT: sudo tools/pi.sh $folder"; exit 1; }
# shellcheck disable=SC2086
dpkg -s $TOOLS >/dev/null 2>&1 || { apt-get update -qq && apt-get install -y -qq --no-install-recommends $TOOLS; } >/dev/null 2>&1 || { say "THE CARD NEEDS $TOOLS"; exit 1; }
emulated
sources=$(git ls-files hardware kiosk systemd config tools/package tools/deb.py tools/zbar.py pyproject.toml)
[ "${2:-}" != counter ] || made counter strapped bookworm "$(dpkg --print-architecture)" qemu-user "$folder/counter"
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
# Parts that need nothing of one another, at once: each waits for the network, and for the disk.
made qemu strapped trixie "$(dpkg --print-architecture)" qemu-system-arm "$folder/qemu" &
for release in bookworm trixie; do made "$release" kernel "$release" "$BOOT_MODULES"; done &
made system strapped bookworm arm64 "$SYSTEM" "$folder/system" &
# shellcheck disable=SC2086
made package package -- $sources &
for part in $(jobs -p); do wait "$part"; done
made card card "$BOOT_MODULES $MODULES" -- "$folder/package.made" "$folder"/{bookworm,trixie,system}.made tests/keys.py tests/pi/{console.service,slow.conf,station.toml,trust.py}
say "The card is made: $SECONDS s."
