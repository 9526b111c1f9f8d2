"""libzbar for the package: Debian's source, of which only what reads QR codes in a picture is compiled.

Debian's own build also opens cameras and windows. It needs X11, D-Bus and libv4l, and recommends ImageMagick, which brings
ghostscript: a hundred packages for a station that hands pictures over and wants a text. The source comes by apt, signed by
Debian's archive and with its security updates; the compiler is the wheel ziglang, which builds for any processor and for the
release's C library on any machine.
"""

from __future__ import annotations

import re
import shutil
import sys
from functools import cache
from pathlib import Path
from typing import Final

from tools.running import ROOT, run

BUILD: Final = ROOT / "build" / "zbar"
SUITE: Final = "trixie"
KEYRING: Final = "/usr/share/keyrings/debian-archive-keyring.gpg"
ARCHIVES: Final = (("debian", SUITE), ("debian-security", f"{SUITE}-security"))
READING: Final = (
    *("config", "convert", "decoder", "error", "image", "img_scanner", "misc", "refcnt", "scanner", "symbol", "video"),
    *("video/null", "decoder/qr_finder"),
    *(f"qrcode/{name}" for name in ("bch15_5", "binarize", "isaac", "qrdec", "qrdectxt", "rs", "util")),
)
HAVE: Final = ("ERRNO_H", "INTTYPES_H", "LIBPTHREAD", "SYS_TIME_H", "UNISTD_H")


@cache
def source() -> Path:
    """The newest source of that Debian, unpacked and patched; apt refuses what its archive has not signed."""
    if not all(map(shutil.which, ("apt-get", "dpkg-source"))) or not Path(KEYRING).exists():
        sys.exit(
            "libzbar is built from Debian's source; on Debian: sudo apt-get install dpkg-dev debian-archive-keyring"
        )
    shutil.rmtree(BUILD, ignore_errors=True)
    for folder in ("lists/partial", "cache/archives/partial"):
        (BUILD / folder).mkdir(parents=True)
    lines = [f"deb-src [signed-by={KEYRING}] http://deb.debian.org/{name} {suite} main\n" for name, suite in ARCHIVES]
    (BUILD / "sources.list").write_text("".join(lines))
    own = {
        "Dir::Etc::SourceList": BUILD / "sources.list",
        "Dir::Etc::SourceParts": "-",
        "Dir::State::Lists": BUILD / "lists",
        "Dir::Cache": BUILD / "cache",
    }
    apt = ["apt-get", "-qq", *(f"-o{key}={value}" for key, value in own.items())]
    run(*apt, "update")
    run(*apt, "source", "zbar", cwd=BUILD)
    (unpacked,) = (path for path in BUILD.glob("zbar-*") if path.is_dir())
    (unpacked / "include" / "config.h").touch()  # what configure would write; all is said by -D
    return unpacked


def version() -> str:
    """Debian's version of it: that of the library, and of the patches."""
    return (source() / "debian" / "changelog").read_text().partition("(")[2].partition(")")[0]


def compiled(target: Path, machine: str, glibc: int) -> None:
    """Compile it for a processor and the C library 2.`glibc`."""
    numbers = zip(("MAJOR", "MINOR", "PATCH"), re.findall(r"\d+", version()), strict=False)
    defines = [f"-DZBAR_VERSION_{name}={number}" for name, number in numbers]
    defines += ["-DENABLE_QRCODE=1", *(f"-DHAVE_{name}=1" for name in HAVE)]
    hardened = ["-O2", "-fstack-protector-strong", "-D_FORTIFY_SOURCE=2", "-fPIC", "-w"]
    linked = ["-shared", "-s", "-Wl,--no-undefined", "-Wl,-z,now", "-Wl,-soname,libzbar.so.0"]
    compiler = [sys.executable, "-m", "ziglang", "cc", "-target", f"{machine}-linux-gnu.2.{glibc}"]
    files = [f"zbar/{name}.c" for name in READING]
    words = [*compiler, *hardened, *linked, *defines, "-Iinclude", "-Izbar", "-o", str(target), *files]
    run(*words, cwd=source())
