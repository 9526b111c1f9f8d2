"""A disk that takes no write when the station starts: read-only, full, or gone. Nobody is kept out, all arrives once."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from kiosk.local import Line, boot_time
from kiosk.settings.loading import load
from kiosk.station.program import READ_BACK
from kiosk.wire import Done, Operate
from tests.keys import claims, signed
from tests.programs.house import EXIT, LOCK, House, Station, until
from tests.programs.town import Town, enter


class Disk:
    """A file system of its own, which can be made read-only and full."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.mount("-t", "tmpfs", "-o", "size=2m", "tmpfs")

    def mount(self, *words: str) -> None:
        done = subprocess.run(["mount", *words, self.folder], capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"NO FILE SYSTEM MAY BE MOUNTED HERE: {done.stderr.strip()}")

    def refuse(self, how: str) -> None:
        """From now on it takes no write."""
        if how == "is read-only":
            self.mount("-o", "remount,ro")
            return
        with (self.folder / "filler").open("wb", buffering=0) as file, suppress(OSError):
            while file.write(bytes(4096)):
                pass

    def allow(self, how: str) -> None:
        if how == "is read-only":
            self.mount("-o", "remount,rw")
        else:
            (self.folder / "filler").unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    if os.geteuid():
        pytest.skip("ROOT IS ABSENT: nobody else mounts")
    with mounted(tmp_path / "data") as disk:
        yield disk


@contextmanager
def mounted(folder: Path) -> Iterator[Disk]:
    disk = Disk(folder)
    yield disk
    subprocess.run(["umount", "-l", folder], check=True)


def remembers(station: Station, index: int) -> bool:
    """Whether it knows that this card was shown before; it lets somebody in again who has missed the door just now."""
    station.scan(signed(claims(index)))
    entry = station.next("granted", "denied")
    return entry.get("again", False) or entry.get("reason") == "replayed"


HOW = ("is read-only", "is full")


@pytest.mark.parametrize("how", HOW)
@pytest.mark.slow
def test_a_station_that_starts_on_a_disk_that(how: str, disk: Disk, tmp_path: Path) -> None:
    house = House(tmp_path)
    house.trust()
    with house.station() as station:
        assert station.verdict(signed(claims(1))) == "granted"
        station.next("locked")
        epoch = house.view().epoch
    disk.refuse(how)
    for again in (False, True):
        with house.station() as station:
            assert remembers(station, 1)
            station.next("locked")
            assert remembers(station, 2) is again
            station.next("locked")
            station.bench.drive(EXIT, level=False)
            assert station.next("exit_pressed", "unlocked")
            assert "takes no write" in house.view().faults["data_folder"]
            assert house.view().epoch != epoch
            assert "fault: data folder" in house.kiosk("log").stdout, "a technician sees what is in memory"
    assert not list(disk.folder.glob("*.broken-*")), "nothing is wrong with the files"
    disk.allow(how)
    with house.station() as station:
        assert house.view().epoch == epoch
        assert station.verdict(signed(claims(3))) == "granted"
        assert "data_folder" not in house.view().faults
        assert station.bench.wait_for(LOCK, level=True)
    assert not (house.run / "volatile").exists()


@pytest.mark.parametrize("how", HOW)
@pytest.mark.slow
def test_what_happens_on_such_a_disk_reaches_the_central_server_once(how: str, disk: Disk, tmp_path: Path) -> None:
    town = Town(tmp_path)
    with town.server():
        town.enrol(town.port)
        disk.refuse(how)
        with town.house.program("sync"):
            with town.house.station() as station:
                until(lambda: "central" not in town.house.view().faults and town.house.view().documents["keyset"])
                enter(town, station, 2)
                until(lambda: opened(town) == 2, "the entries that are in memory alone")
            disk.allow(how)
            with town.house.station() as station:
                enter(town, station, 1)
                until(lambda: opened(town) == 3, "the entry on the disk")
                until(lambda: not list(disk.folder.glob("salvaged-*")), "the survivors")
                until(lambda: stopped(town) == 1, "the last word of the first run")
        assert town.numbers()  # asks for duplicates


def opened(town: Town) -> int:
    return [entry["kind"] for entry in town.entries()].count("granted")


def stopped(town: Town) -> int:
    return [entry["kind"] for entry in town.entries()].count("stopped")


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_when_the_disk_takes_writes_again_the_station_starts_anew_by_itself_and_ends_no_override(
    disk: Disk, tmp_path: Path
) -> None:
    house = House(tmp_path)
    disk.refuse("is full")
    with house.station() as station, closing(Line(house.run / "control.sock")) as line:
        line.ask(Operate("main", "hold", 600.0), Done)
        disk.allow("is full")
        before = disk.folder.stat().st_mtime_ns
        until(lambda: disk.folder.stat().st_mtime_ns != before, "a look at the disk", 90.0)
        looked = boot_time()
        until(lambda: boot_time() > looked + 2 * READ_BACK, "the time in which it could have ended")
        assert station.process.poll() is None, "a door is held open"
        line.ask(Operate("main", "release"), Done)
        until(lambda: station.process.poll() is not None, "its end", 90.0)
        assert station.process.returncode == 0, "and systemd starts it"
    with house.station():
        assert "data_folder" not in house.view().faults


@pytest.mark.slow
def test_a_folder_that_is_not_there_and_cannot_be_made(disk: Disk, tmp_path: Path) -> None:
    house = House(tmp_path)
    house.config.write_text(house.config.read_text().replace("/data", "/data/deeper"))
    disk.refuse("is read-only")
    with house.station() as station:
        assert station.verdict(signed(claims(1))) == "unknown_key"
        station.bench.drive(EXIT, level=False)
        assert station.next("exit_pressed")
        done = house.kiosk("enrol", "http://127.0.0.1:1", "A" * 12)
        assert (done.returncode, "cannot be written" in done.stderr) == (1, True), "and no code is spent"


def test_one_folder_for_everything_is_held_once(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.config.write_text(house.config.read_text().replace("/data", "/run"))
    with house.station() as station:
        assert station.verdict(signed(claims(1))) == "unknown_key"


def test_who_may_not_look_into_the_stations_folder_gets_no_traceback(tmp_path: Path) -> None:
    if os.geteuid():
        pytest.skip("ROOT IS ABSENT: nobody else becomes somebody else")
    settings = load(House(tmp_path).config)
    settings.volatile.mkdir(parents=True)
    assert settings.kept == settings.volatile
    tmp_path.chmod(0o700)
    os.seteuid(65534)
    try:
        assert settings.kept == settings.data
    finally:
        os.seteuid(0)


@pytest.mark.slow
def test_a_second_station_is_kept_out_of_a_disk_that_can_only_be_read(disk: Disk, tmp_path: Path) -> None:
    house = House(tmp_path)
    disk.refuse("is read-only")
    with house.station():
        done = house.kiosk("station")
        assert (done.returncode, "another station program runs" in done.stderr) == (1, True)
