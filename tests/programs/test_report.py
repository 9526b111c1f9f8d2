"""`kiosk report`: everything that helps, and nothing that opens a door or names a worker."""

from __future__ import annotations

import json
import stat
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.cli.doctor.report import redacted, shortened
from kiosk.core.enrolment import enrolment_code
from kiosk.local import Line
from kiosk.trust.passes import PassClass
from kiosk.wire import Located
from tests.keys import claims, signed
from tests.programs.house import House, until


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


@pytest.mark.slow
def test_a_cameras_password_is_in_the_settings_alone(tmp_path: Path) -> None:
    secret = "Geheim-4711"
    house = House(
        tmp_path, f'[scanners.main]\ndoor = "main"\ncamera = "rtsp://admin:{secret}@127.0.0.1:9/x?token={secret}"\n'
    )
    with house.station(), house.program("scanner", "main"):
        until(lambda: "scanner.main" in house.view().faults, "the fault")
        out = tmp_path / "report.zip"
        for words in (
            "status",
            "doctor",
            "log",
            "config show",
            "config show --json",
            "status --json",
            f"report --out {out}",
        ):
            done = house.kiosk(*words.split())
            assert secret not in done.stdout + done.stderr, words
        told = house.view().faults["scanner.main"]
    assert "rtsp://" in told
    assert not [name for name, text in unpacked(out).items() if secret in text]
    held = [path.name for path in tmp_path.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]
    assert held == ["station.toml"]


@pytest.mark.parametrize("coding", ["utf-16", "utf-16-be", "gbk", "utf-8-sig"])
def test_a_secret_is_hidden_in_whatever_coding_the_settings_were_saved(coding: str, tmp_path: Path) -> None:
    house = House(tmp_path, '[scanners.main]  # 门口\ndoor = "main"\ncamera = "rtsp://admin:geheim77@10.0.0.9/a"\n')
    house.config.write_bytes(house.config.read_text(encoding="utf-8").encode(coding))
    out = tmp_path / "report.zip"
    assert house.kiosk("report", "--out", str(out)).returncode == 0
    settings = unpacked(out)["station.toml"].replace("\0", "")
    assert "geheim77" not in settings
    assert "10.0.0.9" in settings
    assert "门口" in settings


def test_a_technicians_pass_the_holders_and_the_place_are_shortened(tmp_path: Path) -> None:
    house = House(
        tmp_path,
        "holders = [ # ] these\n7654321, 1_234_567, 0x74_CBB1, 0o35_111_761, 0b111010011001]\n[gps]\nport = '/dev/null'\n",
    )
    house.trust()
    out = tmp_path / "report.zip"
    with house.station() as station, closing(Line(house.run / "sense.sock")) as sense:
        technician = claims(1_234_567, pass_class=PassClass.TECHNICIAN)
        assert station.verdict(signed(technician)) == "granted"
        sense.send(Located(36.123456, 120.654321, 0.0))
        until(lambda: house.view().room.place, "the place")
        until(lambda: "granted" in house.kinds(), "the disk, for which a door does not wait for ever")
        assert house.kiosk("report", "--out", str(out)).returncode == 0
    everything = "\n".join(unpacked(out).values())
    for whole in ("7654321", "1234567", "1_234_567", "74_CBB1", "35_111_761", "0b111", "36.123", "120.654"):
        assert whole not in everything
    assert '"who":"pass ..67"' in everything


@pytest.mark.parametrize(
    "settings", ["", "rubbish = [", "holders = [0b12, 0x_, 0o8, 1_, ²" + "9" * 5000, "[station]\ncode = 7\n"]
)
def test_it_works_where_nothing_else_does(settings: str, tmp_path: Path) -> None:
    house = House(tmp_path)
    house.config.write_text(settings)
    out = tmp_path / "report.zip"
    done = house.kiosk("report", "--out", str(out))
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    assert "settings.file" in unpacked(out)["doctor.json"]
    house.config.unlink()
    assert house.kiosk("report", "--out", str(out)).returncode == 0
    assert house.kiosk("report", "--out", str(tmp_path / "no" / "report.zip")).returncode == 2


@pytest.mark.parametrize(
    "secret",
    [signed(claims(5)), enrolment_code("37081101", "67FB4A11A6D489BA"), "67FB4A11A6D489BA", "c2VjcmV0" * 5 + "c2U="],
)
def test_whatever_looks_like_a_secret_is_hidden(secret: str) -> None:
    assert redacted(f"it was {secret}\nand then") == b"it was [hidden]\nand then"


def test_an_entry_without_a_holder_stays_as_it_is() -> None:
    assert shortened({"kind": "locked", "door": "main"}) == {"kind": "locked", "door": "main"}
