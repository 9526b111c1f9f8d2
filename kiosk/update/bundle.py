"""A bundle: an uncompressed tar with `release`, which is signed, and the packages that it names, one for each platform."""

from __future__ import annotations

import hashlib
import io
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Final

from kiosk.trust.documents import MAX_DOCUMENT, Refusal
from kiosk.trust.release import Release, Ring, order, read_release
from kiosk.update.versions import HOME, Versions

MEMBER: Final = "release"
LIBRARIES: Final = HOME.relative_to("/")
"""Where an unpacked package has its version."""

PATIENCE: Final = 600.0
CHUNK: Final = 1 << 20


class BadBundle(Exception):
    """It is not taken; `reason` is a Refusal, or one of ours: not_newer, other_ring, other_platform, damaged, unpacking."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(detail or reason)
        self.reason = reason


def write_bundle(out: Path, release: bytes, packages: Mapping[str, Path]) -> None:
    """Write a bundle of a signed release and its packages, by platform."""
    with tarfile.open(out, "w") as tar:
        info = tarfile.TarInfo(MEMBER)
        info.size = len(release)
        tar.addfile(info, io.BytesIO(release))
        for platform, path in packages.items():
            info = tarfile.TarInfo(platform)
            info.size = path.stat().st_size
            with path.open("rb") as file:
                tar.addfile(info, file)


def take(bundle: Path, root: bytes, ring: Ring, platform: str, newest: str, versions: Versions) -> Release:
    """Verify a bundle and put its version beside the others. Raises BadBundle or OSError; nothing that runs has changed then.

    `newest`: the version below which nothing is taken, nor that one itself.
    """
    try:
        with tarfile.open(bundle, "r:") as tar:
            release = _release(tar, root)
            _fits(release, ring, platform, newest)
            incoming = versions.incoming()
            package = incoming / "package.deb"
            _copy(_member(tar, platform), package, release.packages[platform])
    except tarfile.TarError as error:
        raise BadBundle("damaged", str(error)) from error
    unpack = ["dpkg-deb", "-x", str(package), str(incoming / "root")]
    done = subprocess.run(unpack, capture_output=True, text=True, check=False, timeout=PATIENCE)
    unpacked = incoming / "root" / LIBRARIES
    if done.returncode or not (unpacked / "kiosk").is_dir():
        raise BadBundle("unpacking", done.stderr.strip() or f"the package has no {LIBRARIES}")
    versions.put(unpacked, release.version)
    return release


def _release(tar: tarfile.TarFile, root: bytes) -> Release:
    match read_release(_member(tar, MEMBER).read(MAX_DOCUMENT + 1), root):
        case Refusal() as why:
            raise BadBundle(why)
        case release:
            return release


def _fits(release: Release, ring: Ring, platform: str, newest: str) -> None:
    if order(release.version) <= order(newest):
        raise BadBundle("not_newer", f"{release.version} is not newer than {newest}")
    if release.ring == "early" and ring != "early":
        raise BadBundle("other_ring", f"{release.version} is for the stations of the ring early")
    if platform not in release.packages:
        raise BadBundle("other_platform", f"{release.version} has no package for {platform}")


def _member(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    try:
        member = tar.extractfile(name)
    except KeyError:
        member = None
    if member is None:
        raise BadBundle("damaged", f"there is no {name} in it")
    return member


def _copy(source: IO[bytes], target: Path, wanted: bytes) -> None:
    digest = hashlib.sha256()
    with target.open("wb") as out:
        while chunk := source.read(CHUNK):
            digest.update(chunk)
            out.write(chunk)
    if digest.digest() != wanted:
        raise BadBundle("damaged", "the package is not the one that was signed")
