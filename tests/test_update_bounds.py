"""Updates from whoever wants to fill the disk, or worse: refused with a reason, and nothing is left of them."""

from __future__ import annotations

import gzip
import hashlib
import io
import shutil
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.cli.act.update import _promised
from kiosk.trust.release import Release, sign_release
from kiosk.update.bundle import IN_A_BUNDLE, IN_A_PACKAGE, BadBundle, bundle_size, require_room, take, write_bundle
from kiosk.update.members import Bounds, Damaged, leads_out, members
from kiosk.update.versions import Versions
from tests.keys import NOW, ROOT, public
from tests.test_update import PLATFORM, bundle

GIGABYTES = 3 * 10**9
HOME = "./usr/lib/yizhan-kiosk/kiosk"


def refused(folder: Path, file: Path) -> str:
    """The reason; nothing of it is on the disk."""
    versions = Versions(folder / "versions")
    with pytest.raises(BadBundle) as bad:
        take(file, public(ROOT), "all", PLATFORM, "0.1.0", versions)
    assert not list((folder / "versions").rglob("*"))
    assert str(bad.value)
    return bad.value.reason


def member(name: str, data: bytes = b"", **more: object) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for key, value in more.items():
        setattr(info, key, value)
    return info, data


def tar(*found: tuple[tarfile.TarInfo, bytes], form: Literal[0, 1, 2] = tarfile.GNU_FORMAT) -> bytes:
    """As they say they are, also where that is not true."""
    out = io.BytesIO()
    for info, data in found:
        out.write(info.tobuf(form) + data + bytes(-len(data) % 512))
    return out.getvalue() + bytes(1024)


def deb(*found: tuple[tarfile.TarInfo, bytes]) -> bytes:
    """A package of these members (deb(5)), compressed."""
    control = b"Package: x\nVersion: 0.2.0\nArchitecture: arm64\nMaintainer: t\nDescription: t\n"
    parts = {
        "debian-binary": b"2.0\n",
        "control.tar.gz": gzip.compress(tar(member("./control", control))),
        "data.tar.gz": gzip.compress(tar(*found)),
    }
    packed = (f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(data):<10}`\n".encode() + data + b"\n" * (len(data) % 2)
              for name, data in parts.items())  # fmt: skip
    return b"!<arch>\n" + b"".join(packed)


def release(package: bytes) -> bytes:
    return sign_release(Release("0.2.0", NOW, "all", {PLATFORM: hashlib.sha256(package).digest()}), ROOT)


SPARSE = {
    "GNU.sparse.major": "1",
    "GNU.sparse.minor": "0",
    "GNU.sparse.name": PLATFORM,
    "GNU.sparse.realsize": str(GIGABYTES),
}


@pytest.mark.parametrize(
    "second",
    [
        tar(member("GNUSparseFile.0/x", b"1\n3000000000\n0\n", pax_headers=SPARSE), form=tarfile.PAX_FORMAT),
        tar(member(PLATFORM, size=GIGABYTES)),
        tar(member(PLATFORM, type=tarfile.SYMTYPE, linkname=PLATFORM)),
        tar(member(PLATFORM, type=tarfile.LNKTYPE, linkname="/etc/shadow")),
        tar(member(PLATFORM, type=tarfile.FIFOTYPE)),
        tar(member(PLATFORM, type=tarfile.CHRTYPE)),
        tar(member(PLATFORM, type=tarfile.XHDTYPE, size=1 << 29)),
        tar(member(PLATFORM, type=tarfile.GNUTYPE_LONGNAME, size=1 << 29)),
        tar(member(PLATFORM, type=tarfile.GNUTYPE_SPARSE)),
        tar(member(PLATFORM, b"x"), member(PLATFORM, b"evil")),
        tar(*(member(f"deb{number}_arm64") for number in range(IN_A_BUNDLE.members + 1))),
        tar(member(PLATFORM, b"x" * 5000))[:2000],
        tar(member(PLATFORM, size=-1)),
        b"\xff" * 512,
    ],
)
def test_a_bundle_of_something_else_than_plain_files_is_damaged(second: bytes, tmp_path: Path) -> None:
    file = tmp_path / "x.update"
    file.write_bytes(tar(member("release", release(b"x")))[:-1024] + second)
    assert refused(tmp_path, file) == "damaged"


@pytest.mark.parametrize(
    "packed",
    [
        [member(HOME, size=GIGABYTES)],
        [member(f"{HOME}/{number}", size=IN_A_PACKAGE.each // 2) for number in range(3)],
        [member(HOME, type=tarfile.GNUTYPE_SPARSE)],
        [member("./usr/lib/yizhan-kiosk", type=tarfile.SYMTYPE, linkname="/usr/lib/yizhan-kiosk")],
        [member(HOME, type=tarfile.SYMTYPE, linkname="../../../../etc")],
        [member("../../etc/passwd", b"x")],
        [member("/etc/passwd", b"x")],
        [member(HOME, type=tarfile.CHRTYPE)],
        [member("./usr/share/nothing", b"x")],
    ],
)
def test_a_signed_package_that_would_fill_the_disk_or_lead_out_of_its_folder(
    packed: list[tuple[tarfile.TarInfo, bytes]], tmp_path: Path
) -> None:
    package = tmp_path / "x.deb"
    package.write_bytes(deb(*packed))
    out = tmp_path / "x.update"
    write_bundle(out, release(package.read_bytes()), {PLATFORM: package})
    assert refused(tmp_path, out) == "unpacking"


@pytest.mark.parametrize("spoilt", [b"", deb(member(HOME, b"x"))[:200], b"!<arch>\n" * 99])
def test_a_signed_package_that_is_none(spoilt: bytes, tmp_path: Path) -> None:
    package = tmp_path / "x.deb"
    package.write_bytes(spoilt)
    out = tmp_path / "x.update"
    write_bundle(out, release(package.read_bytes()), {PLATFORM: package})
    assert refused(tmp_path, out) == "unpacking"


def test_a_folder_is_no_bundle(tmp_path: Path) -> None:
    assert refused(tmp_path, tmp_path) == "damaged"


@given(st.integers(1, 4096), st.integers(0, 60_000))
def test_how_large_a_bundle_is_follows_from_what_was_signed(manifest: int, package: int) -> None:
    with TemporaryDirectory() as folder:
        deb, out = Path(folder, "deb"), Path(folder, "out")
        deb.write_bytes(bytes(package))
        write_bundle(out, bytes(manifest), {PLATFORM: deb})
        assert out.stat().st_size == bundle_size(manifest, package)


def test_without_room_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(BadBundle) as bad:
        require_room(tmp_path, 1 << 60)
    assert bad.value.reason == "no_room"


@settings(max_examples=60)
@given(st.integers(0, 3000), st.binary(min_size=1, max_size=30))
def test_a_bundle_with_anything_written_over_it_is_taken_or_refused(
    tmp_path_factory: pytest.TempPathFactory, place: int, over: bytes
) -> None:
    folder = tmp_path_factory.mktemp("over")
    whole = tar(member("release", release(b"x")), member(PLATFORM, b"x" * 600))
    file = folder / "x.update"
    file.write_bytes(whole[:place] + over + whole[place + len(over) :])
    refused(folder, file)


def test_bounds_hold_also_in_a_stream_of_many_small_ones() -> None:
    few = Bounds(members=3, each=10, total=20)
    many = [member(str(number), b"x" * 9) for number in range(4)]
    assert len(list(members(io.BytesIO(tar(*many[:2])), few))) == 2
    for wrong in (many[:3], [member("x", b"x" * 11)], [member(str(number)) for number in range(4)]):
        with pytest.raises(Damaged):
            list(members(io.BytesIO(tar(*wrong)), few))


def test_long_names_are_read_and_judged() -> None:
    name = "../" + "a" * 300
    info = tarfile.TarInfo(name)
    found = list(members(io.BytesIO(info.tobuf(tarfile.GNU_FORMAT)), IN_A_PACKAGE))
    assert [each.name for each in found] == [name]
    assert leads_out(found[0])


def test_an_update_begins_without_what_earlier_ones_left(tmp_path: Path) -> None:
    versions = Versions(tmp_path / "versions")
    for version in ("0.2.0", "0.3.0"):
        take(bundle(tmp_path, version), public(ROOT), "all", PLATFORM, "0.1.0", versions)
        versions.try_out(version)
        versions.confirm()
    take(bundle(tmp_path, "0.4.0"), public(ROOT), "all", PLATFORM, "0.3.0", versions)  # and then never tried
    (versions.incoming() / "package.deb").write_bytes(b"x")
    (versions.folder / "download").write_bytes(b"x")
    versions.clean()
    left = sorted(path.name for path in versions.folder.iterdir() if not path.is_symlink())
    assert left == ["0.2.0", "0.3.0", "deciding", "floor", "outcome"], "what runs, and what ran before it"


@pytest.mark.parametrize("text", [b"", b"0.1", b"garbage", b"0.1.0\0", b"\xff\xfe", b"../../etc", "²".encode() * 3])
def test_a_damaged_note_is_no_version(text: bytes, tmp_path: Path) -> None:
    versions = Versions(tmp_path)
    (tmp_path / "floor").write_bytes(text)
    (tmp_path / "trial").write_bytes(text)
    assert versions.floor == ""
    versions.clean()
    assert versions.roll_back()
    assert versions.current == ""
    shutil.rmtree(tmp_path)
    assert versions.floor == ""


@pytest.mark.parametrize("length", ["", "²", "-1", "1e9", "9" * 5000, "soon"])
def test_an_odd_length_of_a_download_promises_nothing(length: str) -> None:
    assert _promised(length) == 0


def test_a_download_that_promises_too_much_is_not_begun() -> None:
    with pytest.raises(BadBundle):
        _promised(str(1 << 40))
