"""Files that a verb writes: the place is tried before anything is spent, and none is left half written."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from kiosk.cli.files import whole, wrong_place
from kiosk.demo.founding import found
from tests.keys import claims, signed
from tests.programs.house import House
from tests.programs.test_read_only import mounted

BAD: dict[str, tuple[str, str]] = {
    "another form": ("x.doc", "must end in one of .png, .svg, .pdf"),
    "no form": ("x", "must end in one of"),
    "a folder that is not there": ("no/x.png", "there is no folder"),
    "a file for a folder": ("station.toml/x.png", "folder is a file"),
    "a folder": ("folder.png", "is a folder"),
    "a name that is too long": ("x" * 300 + ".png", "name is too long"),
    "nothing": ("", "must end in one of"),
}
SPENDERS: dict[str, tuple[str, ...]] = {
    "pass": ("pass", "make", "--central", "CENTRAL", "--out"),
    "claim": ("central", "claim", "37081101", "--data", "CENTRAL", "--out"),
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """With a central server's folder, and a logbook with an entry or two."""
    house = House(tmp_path_factory.mktemp("out"))
    house.trust()
    (house.folder / "folder.png").mkdir()
    with house.station() as station:
        station.verdict(signed(claims(5)))
    found(house.folder / "central")
    assert house.kiosk("pass", "make", "--central", str(house.folder / "central")).returncode == 0
    return house


def spent(house: House) -> list[int]:
    """How many credentials and claims there are."""
    with sqlite3.connect(house.folder / "central" / "central.db") as db:
        return [db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("credentials", "claims")]


@pytest.mark.parametrize("what", BAD)
def test_a_place_where_nothing_can_be_written(what: str, house: House) -> None:
    name, told = BAD[what]
    assert told in wrong_place(house.folder / name if name else Path(), ".png", ".svg", ".pdf")


@pytest.mark.parametrize("name", ["x.doc", "no/x.png"])
@pytest.mark.parametrize("verb", SPENDERS)
def test_nothing_is_spent_for_a_file_that_cannot_be(verb: str, name: str, house: House) -> None:
    before = spent(house)
    words = [str(house.folder / "central") if word == "CENTRAL" else word for word in SPENDERS[verb]]
    done = house.kiosk(*words, str(house.folder / name))
    assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (2, "", False)
    assert f"{name}: " in done.stderr
    assert spent(house) == before


def test_nothing_is_spent_on_a_disk_that_is_full_or_can_only_be_read(house: House, tmp_path: Path) -> None:
    if os.geteuid():
        pytest.skip("ROOT IS ABSENT: nobody else mounts")
    before = spent(house)
    for how, told in (("is full", "the disk is full"), ("is read-only", "the disk can only be read")):
        with mounted(tmp_path / how) as disk:
            disk.refuse(how)
            for verb in SPENDERS.values():
                words = [str(house.folder / "central") if word == "CENTRAL" else word for word in verb]
                done = house.kiosk(*words, str(disk.folder / "x.png"))
                assert (done.returncode, told in done.stderr) == (2, True), done.stderr
    assert spent(house) == before


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("report", "--out"), 2),
        (("logbook", "export", "--out"), 2),
        (("sensors", "plot", "--out"), 2),
        (("replay", "--save"), 2),
        (("root", "release", "station.toml", "--out"), 2),
    ],
)
def test_no_verb_begins_what_it_cannot_write_down(words: tuple[str, ...], code: int, house: House) -> None:
    done = house.kiosk(
        *(str(house.config) if word == "station.toml" else word for word in words), str(house.folder / "no/x.png")
    )
    assert (done.returncode, done.stdout) == (code, "")
    assert "there is no folder" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_picture_that_is_there_is_replaced_and_a_recording_is_not(house: House) -> None:
    old = house.folder / "old.png"
    old.write_text("old")
    done = house.kiosk("pass", "make", "--central", str(house.folder / "central"), "--out", str(old))
    assert done.returncode == 0, done.stderr
    assert old.read_bytes().startswith(b"\x89PNG")
    assert list(house.folder.glob(".*")) == []
    done = house.kiosk("replay", "--save", str(house.config))
    assert (done.returncode, "is there already" in done.stderr) == (2, True)


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_an_export_that_fails_leaves_the_old_file_alone(form: str, house: House, tmp_path: Path) -> None:
    out = tmp_path / "entries"
    words = ("logbook", "export", "--format", form, "--out")
    assert house.kiosk(*words, str(out)).returncode == 0
    told = out.read_text()
    assert "granted" in told or "denied" in told
    done = House(tmp_path / "elsewhere").kiosk(*words, str(out))
    assert (done.returncode, out.read_text()) == (1, told)


def test_a_device_that_takes_nothing_is_told(house: House) -> None:
    done = house.kiosk("logbook", "export", "--out", "/dev/full")
    assert (done.returncode, done.stderr.strip()) == (1, "/dev/full cannot be written: the disk is full")
    done = house.kiosk("report", "--out", "/dev/full")
    assert (done.returncode, "is a device" in done.stderr) == (2, True)


def test_what_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    out = tmp_path / "x.svg"
    out.write_text("old")

    def breaks_off() -> None:
        with whole(out) as beside:
            beside.write_text("new")
            raise OSError("enough")

    with pytest.raises(OSError, match="enough"):
        breaks_off()
    assert out.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["x.svg"]


def test_an_account_that_may_not_write_is_told() -> None:
    if os.geteuid():
        pytest.skip("ROOT IS ABSENT: nobody else becomes somebody else")
    with TemporaryDirectory() as name:
        folder, theirs = Path(name), Path(name) / "theirs.png"
        theirs.write_text("")
        (folder / "open").mkdir()
        for each, mode in ((folder, 0o755), (folder / "open", 0o777)):
            each.chmod(mode)
        os.seteuid(65534)
        try:
            assert "this account may not" in wrong_place(theirs)
            assert "this account may not" in wrong_place(folder / "new.png")
            assert wrong_place(folder / "open" / "new.png") == ""
        finally:
            os.seteuid(0)
