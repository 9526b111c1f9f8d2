"""The last good settings: kept whole or not at all, found whatever became of the file, and never another station's."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from hardware.pins import SimulatedFactory
from kiosk.settings import LockTable
from kiosk.settings.kept import COPY, keep, kept, load_or_kept, share
from kiosk.settings.loading import load
from kiosk.settings.locks import locks_of
from kiosk.settings.table import BadSettings
from kiosk.station.safe import NotSafe, take_power
from tests.test_settings import APPLIANCES, GOOD

PROGRAMME = """
[doors.main.programmes.exams]
begins = 2026-06-01T00:00:00
ends = 2026-06-10T00:00:00
"""


def station(folder: Path, more: str = "") -> Path:
    path = folder / "station.toml"
    own = f'code = "37081101"\ndata_dir = "{folder}/data"\nrun_dir = "{folder}/run"'
    path.write_text(GOOD.replace('code = "37081101"', own) + more, encoding="utf-8")
    for name in ("data", "run"):
        (folder / name).mkdir(exist_ok=True)
    return path


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_what_was_good_is_found_again_whatever_the_file_has_become(tmp_path: Path) -> None:
    path = station(tmp_path, APPLIANCES + PROGRAMME)
    good = load(path)
    keep(good, path)
    whole = path.read_bytes()
    for broken in (
        b"", whole[: whole.rindex(b"=") + 1], bytes(len(whole)), b"\xff\xfe" + whole, whole + b"[logbok]\n",
        b"a = " + b"[" * 9999,
        b"x = " + b"9" * 9999, whole.replace(b"pin = 17", b"pin = nan"), whole + b"[logbook]\nkeep_access_days = nan\n",
        b"a." * 5000 + b"a = 1\n" + whole, whole.replace(b'"pzem-016"', b"[]"), whole * 2, b"#" * (2 << 20),
    ):  # fmt: skip
        path.write_bytes(broken)
        settings, origin = load_or_kept(path)
        assert settings == good
        assert origin.wrong
        assert origin.fault.endswith("the last good settings are used")


@pytest.mark.parametrize("become", ["gone", "folder", "pipe", "loop", "forbidden"])
def test_what_was_good_is_found_again_where_there_is_no_file(become: str, tmp_path: Path) -> None:
    path = station(tmp_path)
    good = load(path)
    keep(good, path)
    path.unlink()
    match become:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "loop":
            path.symlink_to(path)
        case "forbidden":
            path.symlink_to("/proc/self/mem")
    assert load_or_kept(path)[0] == good


def test_a_profile_that_broke_is_not_needed(tmp_path: Path) -> None:
    (tmp_path / "modbus").mkdir()
    own = tmp_path / "modbus" / "pzem-016.toml"
    own.write_text('title = "x"\nsource = "y"\n[read.power]\naddress = 7\nunit = "kW"\n')
    path = station(tmp_path, APPLIANCES)
    good = load(path)
    keep(good, path)
    own.write_text("title = ")
    settings, origin = load_or_kept(path)
    assert settings == good
    assert "pzem-016.toml:1:7: title has no value" in origin.wrong[0]


def test_without_a_copy_the_errors_are_all_there_is(tmp_path: Path) -> None:
    path = station(tmp_path, "[x]\n")
    with pytest.raises(BadSettings):
        load_or_kept(path)


def test_a_damaged_copy_is_none_and_the_next_one_counts(tmp_path: Path) -> None:
    path = station(tmp_path)
    good = load(path)
    keep(good, path)
    copies = [tmp_path / "run" / COPY, tmp_path / "data" / COPY, tmp_path / "station.toml.good"]
    for copy in copies:
        assert kept(path) == good
        whole = bytearray(copy.read_bytes())
        whole[len(whole) // 2] ^= 1
        copy.write_bytes(whole)
    assert kept(path) is None


@limits(max_examples=40)
@given(st.binary(max_size=200))
def test_any_bytes_are_no_copy(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = station(tmp_path_factory.mktemp("any"))
    (path.parent / "data" / COPY).write_bytes(data)
    assert kept(path) is None


def test_another_files_copy_is_not_used(tmp_path: Path) -> None:
    path = station(tmp_path)
    keep(load(path), path)
    other = tmp_path / "other.toml"
    other.write_text(text_of(path).replace("pin = 17", "pinn = 17"))
    with pytest.raises(BadSettings):
        load_or_kept(other)


def test_a_copy_is_for_the_group_alone_and_never_wider_than_the_file(tmp_path: Path) -> None:
    path = station(tmp_path)
    path.chmod(0o644)
    keep(load(path), path)
    copy = tmp_path / "data" / COPY
    assert stat.S_IMODE(copy.stat().st_mode) == 0o640
    copy.unlink()
    path.chmod(0o600)
    keep(load(path), path)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    written = copy.stat().st_ino
    keep(load(path), path)
    assert copy.stat().st_ino == written, "what is there already wears no card out"


def test_a_folder_that_takes_no_write_holds_nobody_up(tmp_path: Path) -> None:
    path = station(tmp_path)
    good = load(path)
    (tmp_path / "data").rmdir()
    (tmp_path / "data").write_text("no folder")
    keep(good, path)
    assert kept(path) == good
    share(good, path)


SECOND = '[doors.back]\nlock = { pin = 6, active_high = false, wiring = "fail_safe" }\n'


Change = Callable[[str], str]


@pytest.mark.parametrize(
    ("change", "with_copy", "without"),
    [
        (lambda text: text, {17, 6}, {17, 6}),
        (lambda text: text + "= =\n[[[", {17, 6}, {17, 6}),
        (lambda text: text.replace("lock = { pin = 17 }", "lok = { pin = 17 }"), {17, 6}, {6}),
        (lambda text: text.replace("lock = { pin = 17 }", "lock = { pinn = 17 }"), {17, 6}, {17, 6}),
        (lambda text: text.replace("pin = 17", 'pin = "17"'), {17, 6}, {6}),
        (lambda text: text.replace("pin = 17", "pin = 19"), {19, 6}, {19, 6}),
        (lambda text: text.replace("37081101", "?").replace("contact", "contakt"), {17, 6}, {17, 6}),
        (lambda text: text[: text.index("[doors.back]") + 9], {17, 6}, {17}),
        (lambda text: f"{text[:0]}doors = 3\n", {17, 6}, set()),
    ],
)
def test_the_locks_alone_are_made_out(change: Change, with_copy: set[int], without: set[int], tmp_path: Path) -> None:
    path = station(tmp_path, SECOND)
    good = load(path)
    path.write_text(change(text_of(path)) + "\n[logbok]\n")
    assert {lock.pin for lock in locks_of(path).locks.values()} == without
    keep(good, path)
    found = locks_of(path)
    assert {lock.pin for lock in found.locks.values()} == with_copy
    assert found.pins == "simulated"
    assert found.locks["back"] == good.doors["back"].lock
    path.unlink()
    assert locks_of(path).locks == {name: door.lock for name, door in good.doors.items()}


def test_one_lock_that_cannot_be_reached_does_not_hold_up_the_others() -> None:
    factory = SimulatedFactory()
    held = factory.pin(17)
    factory.reserve_pins(factory, held.info.name)
    with pytest.raises(NotSafe, match="main: "):
        take_power(factory, {"main": LockTable(17), "back": LockTable(6, active_high=False)})
    with pytest.raises(NotSafe, match="no lock can be made out"):
        take_power(factory, {})
