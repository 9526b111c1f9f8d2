"""`kiosk report`: everything that helps, and nothing that opens a door or names a worker."""

from __future__ import annotations

import json
import stat
import zipfile
from pathlib import Path

import pytest

from kiosk.cli.doctor.report import redacted, shortened
from kiosk.core.enrolment import enrolment_code
from tests.keys import claims, signed
from tests.programs.house import House


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path)
    house.trust()
    (house.data / "station.key").write_text("c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2U=")
    with house.station() as station:
        assert station.verdict(signed(claims(123_456))) == "granted"
        station.verdict(signed(claims(5))[:60])
    return house


def unpacked(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as bundle:
        return {name: bundle.read(name).decode() for name in bundle.namelist()}


def test_it_has_what_helps_and_nothing_that_opens_a_door_or_names_somebody(house: House) -> None:
    out = house.folder / "report.zip"
    told = json.loads(house.kiosk("report", "--out", str(out), "--json").stdout)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    files = unpacked(out)
    assert sorted(files) == told["files"]
    assert sorted(files) == [
        "access.jsonl", "doctor.json", "journal.txt", "station.toml", "system.json", "telemetry.jsonl", "view.json",
    ]  # fmt: skip
    everything = "\n".join(files.values())
    assert "123456" not in everything
    assert "c2VjcmV0" not in everything
    assert "YZ1:" not in everything
    entries = [json.loads(line) for line in files["access.jsonl"].splitlines()]
    (granted,) = [entry for entry in entries if entry["kind"] == "granted"]
    assert granted["index"] == "..56"
    assert not granted.keys() & {"token", "expires", "shown_at"}
    assert {check["id"] for check in json.loads(files["doctor.json"])} >= {"settings.file", "programs.station"}
    assert json.loads(files["system.json"])["kiosk"]


def test_a_person_gets_the_id_and_what_is_wrong(house: House) -> None:
    out = house.folder / "report.zip"
    told = house.kiosk("report", "--out", str(out), "--qr")
    assert told.returncode == 0, told.stderr
    (summary,) = [line for line in told.stdout.splitlines() if line.startswith("id ")]
    assert "programs.station" in summary.partition("wrong: ")[2]
    assert "█" in told.stdout or "▄" in told.stdout


@pytest.mark.parametrize("settings", ["", "rubbish = [", "[station]\ncode = 7\n"])
def test_it_works_where_nothing_else_does(settings: str, tmp_path: Path) -> None:
    house = House(tmp_path)
    house.config.write_text(settings)
    out = tmp_path / "report.zip"
    done = house.kiosk("report", "--out", str(out))
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    assert "settings.file" in unpacked(out)["doctor.json"]
    house.config.unlink()
    assert house.kiosk("report", "--out", str(out)).returncode == 0
    assert house.kiosk("report", "--out", str(tmp_path / "no" / "report.zip")).returncode == 1


@pytest.mark.parametrize(
    "secret",
    [signed(claims(5)), enrolment_code("37081101", "67FB4A11A6D489BA"), "67FB4A11A6D489BA", "c2VjcmV0" * 5 + "c2U="],
)
def test_whatever_looks_like_a_secret_is_hidden(secret: str) -> None:
    assert redacted(f"it was {secret}\nand then") == b"it was [hidden]\nand then"


def test_an_entry_without_a_holder_stays_as_it_is() -> None:
    assert shortened({"kind": "locked", "door": "main"}) == {"kind": "locked", "door": "main"}
