"""`kiosk station` as a real process: codes in, the lock's pin out, the logbook on the disk, and SIGKILL at bad moments."""

from __future__ import annotations

import json
import os
import pwd
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.trust.passes import Kind
from kiosk.wire import Operate, Refused, Scan
from kiosk.wire.base import MAX_LINE
from tests.conftest import ROOT, SHARED
from tests.keys import DAY, NOW, STRANGER, claims, signed
from tests.programs.house import CONTACT, EXIT, LOCK, House, Station, until


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path)
    house.trust()
    return house


@pytest.fixture
def station(house: House) -> Iterator[Station]:
    with house.station() as station:
        yield station


def test_a_valid_pass_moves_the_pin_and_is_in_the_logbook_by_then(station: Station) -> None:
    at = station.scan(signed(claims()))
    edge = station.bench.wait_for(LOCK, level=True, after=at)
    assert edge is not None
    assert "granted" in station.house.kinds()
    station.bench.drive(CONTACT, level=True)
    station.next("taken")
    station.bench.drive(CONTACT, level=False)
    assert station.bench.wait_for(LOCK, level=False, after=edge.at) is not None
    until(lambda: station.house.kinds() == ["started", "granted", "unlocked", "taken", "locked"])


def test_the_lock_never_shows_an_energised_level_before_an_unlock(station: Station) -> None:
    station.scan(signed(claims()))
    until(lambda: station.bench.wait_for(LOCK, level=True, timeout=0.1))
    assert [edge.level for edge in station.bench.edges if edge.pin == LOCK] == [False, True]


def hostile() -> list[tuple[str, str]]:
    path = SHARED / "vectors" / "base45_dgc.json"
    certificate = "HC1:" + json.loads(path.read_text())[0]["base45"] if path.exists() else "HC1:NCFOXN"
    good = signed(claims())
    return [
        ("\x01\x02\x7f\x00binary", "not_a_pass"),
        ("驿站的门请打开", "not_a_pass"),
        ("https://example.com/free-entry", "not_a_pass"),
        (certificate[:500], "not_a_pass"),
        (good[: len(good) // 2], "bad_cbor"),
        ("A" * 4296, "too_long"),
        (signed(claims(), STRANGER), "bad_signature"),
    ]


def test_each_bad_code_gets_a_reason_and_the_next_pass_works(station: Station) -> None:
    for number, (text, reason) in enumerate(hostile()):
        verdict = station.verdict(text)
        assert verdict == reason or (reason == "bad_cbor" and verdict.startswith("bad_")), text[:40]
        assert station.verdict(signed(claims(100 + number))) == "granted"


def test_a_refused_pass_does_not_move_the_pin(station: Station) -> None:
    assert station.verdict(signed(claims(), STRANGER)) == "bad_signature"
    assert station.verdict("rubbish") == "not_a_pass"
    assert [edge.level for edge in station.bench.edges if edge.pin == LOCK] == [False]


def test_a_code_of_10_kb_and_other_rubbish_on_the_socket_are_refused_and_the_connection_lives(station: Station) -> None:
    raw = station.scanner._sock
    for rubbish in (
        json.dumps({"type": "scan", "door": "main", "text": "A" * 10_000, "seen": 1.0}).encode(),
        b"not json",
        b"\xff\xfe\x00",
        b'{"type": "operate", "door": "main", "verb": "open"}',
        b'{"type": "scan", "door": "main", "text": "x", "seen": 1.0, "extra": 1}',
        b"x" * (MAX_LINE + 100),
    ):
        raw.sendall(rubbish + b"\n")
        assert isinstance(station.scanner.receive(timeout=30), Refused)
    assert station.verdict(signed(claims())) == "granted"


def test_the_exit_button_frees_the_door(station: Station) -> None:
    station.bench.drive(EXIT, level=False)
    edge = station.bench.wait_for(LOCK, level=True)
    assert edge is not None
    station.bench.drive(EXIT, level=True)
    assert station.bench.wait_for(LOCK, level=False, after=edge.at) is not None
    assert station.next("exit_pressed")["door"] == "main"


def test_an_unlock_cut_off_by_sigkill_is_logged_and_the_pass_is_not_burnt(house: House) -> None:
    text = signed(claims(kind=Kind.LIVE, expires=NOW + 600))
    with house.station() as station:
        station.scan(text)
        assert station.bench.wait_for(LOCK, level=True) is not None
        until(lambda: "unlocked" in house.kinds())
        station.kill()
    with house.station() as station:
        assert [edge.level for edge in station.bench.edges if edge.pin == LOCK] == [False]
        until(lambda: "interrupted_unlock" in house.kinds())
        assert station.verdict(text) == "granted"
        station.next("unlocked")
    assert house.kinds().count("interrupted_unlock") == 1
    with house.station():
        assert house.kinds().count("interrupted_unlock") == 1, "told once; and an orderly stop is no interruption"


def test_a_completed_entry_is_remembered_over_a_restart(house: House) -> None:
    text = signed(claims(kind=Kind.LIVE, expires=NOW + 600))
    card = signed(claims(8))
    for shown in (text, card):
        with house.station() as station:
            assert station.verdict(shown) == "granted"
            station.next("locked")
            until(lambda: house.kinds()[-1] == "locked")
            station.kill()
    with house.station() as station:
        assert station.verdict(card) in {"granted", "replayed"}, "within ten seconds the card has its second chance"
        assert house.kinds().count("interrupted_unlock") == 0


def test_one_entry_for_each_entry_of_a_killed_station(house: House) -> None:
    for number in range(5):
        with house.station() as station:
            station.scan(signed(claims(number + 1)))
            station.next("granted")
            station.bench.wait_for(LOCK, level=True)
            station.kill()
    with house.station():
        granted = [entry["index"] for entry in house.entries() if entry["kind"] == "granted"]
        assert granted == [1, 2, 3, 4, 5]
        sequence = [entry["seq"] for entry in house.entries()]
        assert sequence == list(range(1, len(sequence) + 1))


def test_a_station_that_was_never_enrolled_refuses_and_says_why(tmp_path: Path) -> None:
    with House(tmp_path).station() as station:
        assert station.verdict(signed(claims())) == "unknown_key"


def test_a_technicians_act_is_logged_with_the_account(station: Station) -> None:
    done = station.house.kiosk("door", "hold", "--for", "30s")
    assert done.returncode == 0, done.stderr
    entry = station.next("operated")
    assert (entry["verb"], entry["seconds"]) == ("hold", 30.0)
    assert entry["who"]
    assert station.house.view().doors["main"].mode == "held_open"
    assert station.house.kiosk("door", "release").returncode == 0
    until(lambda: station.house.view().doors["main"].lock == "locked")


def test_a_broken_logbook_file_is_moved_aside_and_the_door_works(house: House) -> None:
    with house.station() as station:
        assert station.verdict(signed(claims())) == "granted"
    for suffix in ("-wal", "-shm"):
        (house.data / f"logbook.db{suffix}").unlink(missing_ok=True)
    (house.data / "logbook.db").write_bytes(b"rubbish" * 1000)
    with house.station() as station:
        assert station.verdict(signed(claims())) == "granted"
        assert "logbook_replaced" in house.view().faults
    assert list(house.data.glob("logbook.db.broken-1"))


def test_sigterm_ends_it_cleanly_and_everything_is_written(house: House) -> None:
    with house.station() as station:
        station.scan(signed(claims()))
        station.next("unlocked")
        station.process.terminate()
        assert station.process.wait(10) == 0
    assert house.kinds() == ["started", "granted", "unlocked", "stopped"]
    assert "Traceback" not in (house.folder / "station.log").read_text()


def test_real_pins_that_are_not_there_end_the_program_with_what_to_do(house: House) -> None:
    if list(Path("/dev").glob("gpiochip*")):
        pytest.skip("THIS MACHINE HAS A GPIO CHIP")
    house.config.write_text(house.config.read_text().replace('"simulated"', '"gpio"'))
    done = house.kiosk("station")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "gpiochip" in done.stderr


def test_a_second_station_on_the_same_folder_is_kept_out(station: Station) -> None:
    done = station.house.kiosk("station")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "another station program runs" in done.stderr
    assert station.verdict(signed(claims())) == "granted"


def test_a_folder_that_cannot_be_made_is_named_and_keeps_nobody_in(house: House) -> None:
    house.config.write_text(house.config.read_text().replace(f'data_dir = "{house.data}"', 'data_dir = "/proc/none"'))
    with house.station() as station:
        assert "/proc/none" in house.view().faults["data_folder"]
        station.bench.drive(EXIT, level=False)
        assert station.next("exit_pressed")


def test_a_peer_that_floods_and_never_reads_harms_nobody(station: Station) -> None:
    flood = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    flood.connect(str(station.house.run / "scan.sock"))
    flood.setblocking(False)
    line = b'{"type":"scan","door":"main","text":"rubbish","seen":1.0}\nrubbish\n'
    for _ in range(2000):
        try:
            flood.send(line * 10)
        except BlockingIOError:
            break
    assert station.verdict(signed(claims(issued_at=NOW - DAY))) in {"granted", "not_a_pass"}
    station.scan(signed(claims(77)))
    until(lambda: any(entry.get("index") == 77 for entry in station.house.entries()))
    flood.close()


def test_who_is_no_technician_moves_no_door(station: Station) -> None:
    if os.geteuid() != 0:
        pytest.skip("ONLY ROOT can act as another account")
    nobody = pwd.getpwnam("nobody")
    for path in (station.house.run / "control.sock", station.house.run, *station.house.run.parents[:4]):
        path.chmod(path.stat().st_mode | 0o007)
    act = f"""
import os
from pathlib import Path
from kiosk.local import Line
from kiosk.wire import GetView, Operate
os.setgroups([]); os.setgid({nobody.pw_gid}); os.setuid({nobody.pw_uid})
line = Line(Path({str(station.house.run / "control.sock")!r}))
for message in (GetView(), Operate("main", "open")):
    line.send(message)
    print(type(line.receive(5)).__name__)
"""
    done = subprocess.run([sys.executable, "-c", act], capture_output=True, text=True, check=True, timeout=30, cwd=ROOT)
    assert done.stdout.split() == ["View", "Refused"]
    assert station.house.view().doors["main"].lock == "locked"


def test_operate_through_the_scanners_socket_is_refused(station: Station) -> None:
    station.scanner.send(Operate("main", "open"))
    assert isinstance(station.scanner.receive(timeout=30), Refused)
    station.scanner.send(Scan("main", signed(claims()), 0.0))
    assert station.next("granted")["index"] == 7


def test_a_jammed_bolt_an_opened_housing_and_maintenance_are_told(tmp_path: Path) -> None:
    bolt, tamper = 24, 25
    house = House(tmp_path, f"[tamper]\npin = {tamper}\nactive_low = false\n")
    text = house.config.read_text().replace("{ pin = 17 }", f"{{ pin = 17, bolt = {{ pin = {bolt} }} }}")
    house.config.write_text(text)
    house.trust()
    with house.station() as station:
        station.bench.drive(bolt, level=False)
        station.scan(signed(claims()))
        assert station.next("lock_fault") == {"kind": "lock_fault", "door": "main", "jammed": True}
        assert house.view().doors["main"].lock == "fault"
        assert house.kiosk("doctor", "--json").returncode == 1
        until(lambda: station.bench.wait_for(LOCK, level=False, after=1.0, timeout=0.1), "the relock")
        assert station.next("lock_fault")["jammed"] is False, "the bolt is where the relock wants it"
        station.bench.drive(tamper, level=True)
        until(lambda: house.view().faults.get("tamper") == "the housing is open")
        station.bench.drive(tamper, level=False)
        until(lambda: "tamper" not in house.view().faults)
