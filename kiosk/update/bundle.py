"""A bundle: an uncompressed tar with `release`, which is signed, and the packages that it names, one for each platform.

Nothing is written before the signature, the package's hash, the sizes and the room on the disk are known; what an unpacking may
write is counted first, member by member.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

from kiosk.trust.documents import MAX_DOCUMENT, Refusal
from kiosk.trust.release import Release, Ring, order, read_release
from kiosk.update.members import BLOCK, EMPTY, LONG, Bounds, Damaged, Member, leads_out, members
from kiosk.update.versions import HOME, Versions

MEMBER: Final = "release"
LIBRARIES: Final = HOME.relative_to("/")
"""Where an unpacked package has its version."""

COMPILE: Final = ("/usr/bin/python3", "-I", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash")
"""By the Python that starts the programs, as a package's own postinst does."""

PATIENCE: Final = 600.0
CHUNK: Final = 1 << 20

MOST_PACKAGE: Final = 512 << 20
MOST_BUNDLE: Final = 2 << 30
IN_A_BUNDLE: Final = Bounds(members=32, each=MOST_PACKAGE, total=MOST_BUNDLE)
"""A release, and a package for each platform; one with everything that it needs has some 100 MiB."""

MOST_UNPACKED: Final = 1 << 30
IN_A_PACKAGE: Final = Bounds(50_000, MOST_UNPACKED, MOST_UNPACKED, frozenset(EMPTY | LONG))
"""As deb(5) has it: files, folders, links, and names of any length."""

MOST_FETCHED: Final = 256 << 20
"""Of a bundle for one platform, which a station fetches by itself."""

BLOCK_ON_DISK: Final = 4096
MARGIN: Final = 64 << 20
"""Bytes that stay free for the logbook."""


class BadBundle(Exception):
    """It is not taken.

    `reason` is a Refusal, or one of ours: not_newer, other_ring, other_platform, damaged, no_room, unpacking.
    """

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


def bundle_size(manifest: int, package: int) -> int:
    """Bytes of a bundle with a signed release of so many bytes and one package, as :func:`write_bundle` makes it."""
    members = sum(BLOCK + size + -size % BLOCK for size in (manifest, package))
    whole = members + 2 * BLOCK  # tar ends with two empty blocks
    return whole + -whole % tarfile.RECORDSIZE


def release_of(bundle: Path, root: bytes) -> Release:
    """The release that a bundle is of; of its packages nothing is proven. Raises BadBundle or OSError."""
    with _whole(bundle) as file:
        return _release(file, _members(file), root)


def split(bundle: Path, root: bytes, folder: Path) -> tuple[Release, bytes, dict[str, Path]]:
    """A bundle's release, as it is and as it was signed, and for each platform a bundle of that one alone, written there.

    Each package is the one that was signed. Raises BadBundle or OSError.
    """
    with _whole(bundle) as file:
        found = _members(file)
        release, parts = _release(file, found, root), {}
        signed = _signed(file, found)
        for platform, digest in release.packages.items():
            package, part = folder / f"{platform}.deb", folder / f"{platform}.update"
            if _digest(file, _member(found, platform), package) != digest:
                raise BadBundle("damaged", f"the package for {platform} is not the one that was signed")
            write_bundle(part, signed, {platform: package})
            package.unlink()
            parts[platform] = part
    return release, signed, parts


def take(bundle: Path, root: bytes, ring: Ring, platform: str, newest: str, versions: Versions) -> Release:
    """Verify a bundle and put its version beside the others. Raises BadBundle or OSError; nothing that runs has changed then.

    `newest`: the version below which nothing is taken, nor that one itself. What was written of a refused one is gone.
    """
    with _whole(bundle) as file:
        found = _members(file)
        release = _release(file, found, root)
        _fits(release, ring, platform, newest)
        package = _member(found, platform)
        if _digest(file, package) != release.packages[platform]:
            raise BadBundle("damaged", "the package is not the one that was signed")
        incoming = versions.incoming()
        try:
            require_room(incoming, package.size)
            copy = incoming / "package.deb"
            if _digest(file, package, copy) != release.packages[platform]:
                raise BadBundle("damaged", "the package changed while it was read")
            unpacked = _unpacked(copy, incoming)
            _compile(unpacked, versions.folder / release.version)
            versions.put(unpacked, release.version)
        finally:
            shutil.rmtree(incoming, ignore_errors=True)
    return release


def require_room(folder: Path, size: int) -> None:
    """Raises BadBundle unless so many bytes can be written there, and some are left."""
    free = shutil.disk_usage(folder).free
    if free < size + MARGIN:
        raise BadBundle("no_room", f"{folder} has {free >> 20} MiB free, and needs {(size + MARGIN) >> 20}")


@contextmanager
def _whole(bundle: Path) -> Iterator[IO[bytes]]:
    """The file, which must be one, and not too large."""
    if not bundle.is_file() and bundle.exists():
        raise BadBundle("damaged", "it is no file")
    with bundle.open("rb") as file:
        if bundle.stat().st_size > MOST_BUNDLE:
            raise BadBundle("damaged", f"more than {MOST_BUNDLE >> 20} MiB")
        yield file


def _members(file: IO[bytes]) -> dict[str, Member]:
    try:
        found = list(members(file, IN_A_BUNDLE))
    except Damaged as error:
        raise BadBundle("damaged", str(error)) from error
    by_name = {each.name: each for each in found}
    if len(by_name) != len(found):
        raise BadBundle("damaged", "two members have one name")
    return by_name


def _member(found: dict[str, Member], name: str) -> Member:
    if name not in found:
        raise BadBundle("damaged", f"there is no {name} in it")
    return found[name]


def _signed(file: IO[bytes], found: dict[str, Member]) -> bytes:
    member = _member(found, MEMBER)
    file.seek(member.offset)
    return file.read(min(member.size, MAX_DOCUMENT + 1))


def _release(file: IO[bytes], found: dict[str, Member], root: bytes) -> Release:
    match read_release(_signed(file, found), root):
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


def _digest(file: IO[bytes], member: Member, copy: Path | None = None) -> bytes:
    """The SHA-256 of a member, which is written to `copy` meanwhile."""
    digest, left = hashlib.sha256(), member.size
    file.seek(member.offset)
    with copy.open("wb") if copy else io.BytesIO() as out:
        while left and (chunk := file.read(min(left, CHUNK))):
            digest.update(chunk)
            left -= len(chunk)
            if copy:
                out.write(chunk)
    return digest.digest()


def _unpacked(package: Path, incoming: Path) -> Path:
    """The version in a package, unpacked below `incoming`. Raises BadBundle."""
    require_room(incoming, _unpacked_size(package))
    unpack = ["dpkg-deb", "-x", str(package), str(incoming / "root")]
    try:
        done = subprocess.run(unpack, capture_output=True, text=True, errors="replace", check=False, timeout=PATIENCE)
    except subprocess.TimeoutExpired as error:
        raise BadBundle("unpacking", f"it took more than {PATIENCE:g} s") from error
    unpacked = incoming / "root" / LIBRARIES
    code = unpacked / "kiosk"
    if done.returncode or code.is_symlink() or not code.is_dir():
        raise BadBundle("unpacking", done.stderr.strip() or f"the package has no {LIBRARIES}")
    return unpacked


def _compile(unpacked: Path, home: Path) -> None:
    """What whoever built it could not, or each start would, and keep nothing of it; `home`: where it will lie.

    Where there is no room or no time for that, it starts all the same.
    """
    if (unpacked / "kiosk" / "__pycache__").is_dir():
        return
    words = [*COMPILE, "-s", str(unpacked), "-p", str(home), str(unpacked)]
    with suppress(BadBundle, subprocess.TimeoutExpired):
        require_room(unpacked, sum(each.lstat().st_size for each in unpacked.rglob("*.py")))
        subprocess.run(words, capture_output=True, check=False, timeout=PATIENCE)


def _unpacked_size(package: Path) -> int:
    """What unpacking would write, counted as it is decompressed, and nothing of it kept. Raises BadBundle."""
    words = ["dpkg-deb", "--fsys-tarfile", str(package)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None  # noqa: S101  for mypy
        try:
            return sum(_on_disk(each) for each in members(process.stdout, IN_A_PACKAGE))
        except Damaged as error:
            raise BadBundle("unpacking", str(error)) from error
        finally:
            process.kill()


def _on_disk(member: Member) -> int:
    """Bytes that it takes. Raises Damaged when it would be written elsewhere."""
    if leads_out(member):
        raise Damaged(f"{member.name!r} leads out of the package")
    return member.size + -member.size % BLOCK_ON_DISK + BLOCK_ON_DISK
