"""The station's sockets from accounts that may open them: who may say what, and what one cannot take from the others."""

from __future__ import annotations

import base64
import json
import re
import resource
import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from kiosk.local import Line, boot_time
from kiosk.sockets.peer import MOST_BAD
from kiosk.station.accounts import ACCOUNTS
from kiosk.wire import (
    AwaitEnrolment,
    EnrolmentWanted,
    Explain,
    Explained,
    GetNonce,
    GetView,
    Nonce,
    Refused,
    Scan,
    Subscribe,
    Trouble,
    encode,
)
from kiosk.wire.views import View
from tests.conftest import ROOT
from tests.keys import claims, signed
from tests.programs.accounts import running_as, said_as
from tests.programs.house import EXIT, LOCK, House, Station, until


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    house = House(tmp_path)
    house.trust()
    with house.station() as station:
        yield station


# Who may say what.


def test_the_accounts_are_those_of_the_package() -> None:
    accounts = (ROOT / "systemd" / "kiosk.sysusers.conf").read_text()
    for program, account in ACCOUNTS.items():
        assert re.search(rf"^u {account} ", accounts, re.MULTILINE)
        unit = next((ROOT / "systemd").glob(f"kiosk-{program}[.@]*")).read_text()
        assert f"User={account}\n" in unit


ASKED = """
line = Line(run / "control.sock")
for message in (GetView(), Explain("rubbish"), Acknowledge("e", "access", 1), BeginEpoch("e", "access", 1), Offer(b"x"),
                GetNonce(), Central(False), Flush(), Trouble("sync.loop", "lies"), AwaitEnrolment(),
                EnrolmentAnswered(b"k" * 32, b"r" * 32, ()), Operate("main", "open"), Maintain(60), TryLamp("main", "alarm"),
                Commission({}), GetRecording()):
    line.send(message)
    print(type(message).__name__, type(line.receive(10)).__name__)
"""


def test_who_is_neither_sync_nor_a_technician_may_only_look(station: Station) -> None:
    told = said_as(station.house.run, ASKED)
    answers = dict(zip(told[::2], told[1::2], strict=True))
    assert {kind for kind, answer in answers.items() if answer != "Refused"} == {"GetView", "Explain"}
    view = station.house.view()
    assert (view.faults, view.doors["main"].lock, view.maintenance) == ({}, "locked", 0.0)


SPOKEN = """
for name, messages in {
    "scan.sock": (Scan("main", sys.stdin.read() or "YZ1:X", boot_time()), Trouble("scanner.loop", "lies")),
    "sense.sock": (Sensed("fridge", 90.0), Located(1.0, 1.0, 1.0), SlotSeen("x", True), Trouble("sensors.loop", "lies")),
}.items():
    line = Line(run / name)
    for message in messages:
        line.send(message)
        print(type(line.receive(10)).__name__)
"""


def test_only_the_scanner_shows_codes_and_only_the_sensors_tell_values(station: Station) -> None:
    assert said_as(station.house.run, SPOKEN) == ["Refused"] * 6
    view = station.house.view()
    assert view.faults == {}
    assert not view.programs["sensors"], "who is not the program does not count as its presence"
    assert station.verdict(signed(claims())) == "granted"
    assert station.house.kinds().count("denied") == 0


ENROLS = """
line = Line(run / "control.sock")
line.send(AwaitEnrolment()); print(line.receive(10).why.replace(" ", "_"), flush=True)
line.send(EnrolmentAnswered(b"k" * 32, b"r" * 32, ())); print(type(line.receive(10)).__name__, flush=True)
signal.pause()
"""


def test_nobody_enrols_in_syncs_place(tmp_path: Path) -> None:
    house = House(tmp_path)
    with house.station() as station:
        assert house.kiosk("maintenance", "on").returncode == 0
        sync = Line(house.run / "control.sock")
        sync.send(AwaitEnrolment())
        with running_as(house.run, ENROLS) as other:
            station.scan("YZE1:37081101:0123456789ABCDEF")
            assert sync.receive(timeout=20) == EnrolmentWanted("0123456789ABCDEF")
            assert other.stdout is not None
            assert other.stdout.readline() == "Refused\n"
        sync.close()
        assert not (house.data / "root.pub").exists()


def test_a_scanner_speaks_for_no_door_that_has_none(tmp_path: Path) -> None:
    house = House(
        tmp_path, '[scanners.main]\ndoor = "main"\nkeyboard = "/nowhere"\n[doors.drug]\nlock = { pin = 18 }\n'
    )
    house.trust()
    with house.station() as station:
        station.scanner.send(Scan("drug", signed(claims()), boot_time()))
        assert isinstance(station.scanner.receive(10), Refused)
        assert station.verdict(signed(claims())) == "granted"


# What hostile bytes do.

DEEP = [b'{"zz":' + b"[" * 2000 + b"]" * 2000 + b',"type":"scan"}', b"[" * 30_000, b'{"type":"view","a":' * 1000]


@pytest.mark.parametrize("name", ["scan.sock", "sense.sock", "control.sock"])
def test_nested_json_is_refused_and_the_connection_lives(station: Station, name: str) -> None:
    line = Line(station.house.run / name)
    for deep in DEEP:
        line._sock.sendall(deep + b"\n")
        assert isinstance(line.receive(20), Refused)
    line.close()
    assert station.process.poll() is None
    assert station.verdict(signed(claims())) == "granted"


def test_who_says_nothing_but_rubbish_is_dropped_after_a_while(station: Station) -> None:
    line = Line(station.house.run / "scan.sock")
    line._sock.sendall(b"rubbish\n" * 2 * MOST_BAD)
    assert sum(isinstance(line.receive(20), Refused) for _ in range(MOST_BAD)) == MOST_BAD
    until(line.hung_up)
    line.close()


# What one account cannot take from the others.

HOLDS = """
held = []
for _ in range(200):
    for name in ("control.sock", "scan.sock", "sense.sock"):
        held.append(connect(name))
print("held", flush=True)
while True:
    for number in range(len(held)):
        try: held[number].send(b"{")
        except OSError: held[number] = connect()
    time.sleep(0.05)
"""


def opened_for(house: House, index: int) -> bool:
    return any(entry.get("index") == index for entry in house.entries())


def test_an_account_that_takes_every_place_keeps_nobody_out(station: Station) -> None:
    house = station.house
    with running_as(house.run, HOLDS):
        for index in (5, 6):
            scanner = Line(house.run / "scan.sock")
            scanner.send(Scan("main", signed(claims(index)), boot_time()))
            until(partial(opened_for, house, index))
            scanner.close()
        assert house.kiosk("door", "hold", "--for", "30s").returncode == 0
        assert house.view().doors["main"].mode == "held_open"
    assert station.next("operated"), "and who was there before is there still"


NEVER_READS = """
ask = b'{"type":"getview"}\\n{"type":"subscribe"}\\n' * 2000
held = [connect() for _ in range(30)]
for sock in held:
    sock.setblocking(False)
for round in range(100):
    for number, sock in enumerate(held):
        try:
            while True: sock.send(ask)
        except BlockingIOError: pass
        except OSError:
            held[number] = connect(); held[number].setblocking(False)
    if round == 60: print("pushed", flush=True)
    time.sleep(0.02)
signal.pause()
"""


def resident(station: Station) -> float:
    """MB."""
    pages = int(Path(f"/proc/{station.process.pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def test_peers_that_ask_and_never_read_take_little_memory(station: Station) -> None:
    before = resident(station)
    with running_as(station.house.run, NEVER_READS):
        assert resident(station) - before < 15
        assert station.verdict(signed(claims())) == "granted"


FLOODS = """
line = b'{"type":"explain","text":"' + sys.stdin.readline().strip().encode() + b'"}\\n'
def flood():
    while True:
        try:
            sock = connect(); sock.settimeout(2)
            threading.Thread(target=lambda: [None for _ in iter(lambda: sock.recv(1 << 20), b"")], daemon=True).start()
            while True: sock.sendall(line * 100)
        except OSError: time.sleep(0.1)
for _ in range(24): threading.Thread(target=flood, daemon=True).start()
print("floods", flush=True)
signal.pause()
"""


@pytest.mark.slow
def test_a_flood_of_explain_holds_up_neither_the_exit_button_nor_a_technician(station: Station) -> None:
    code = FLOODS.replace("sys.stdin.readline()", repr(signed(claims())))
    with running_as(station.house.run, code):
        for _ in range(5):
            pressed = boot_time()
            station.bench.drive(EXIT, level=False)
            freed = station.bench.wait_for(LOCK, level=True, after=pressed)
            assert freed is not None
            assert freed.at - pressed < 0.5, "loosely: make bench measures"
            station.bench.drive(EXIT, level=True)
            assert station.bench.wait_for(LOCK, level=False, after=freed.at) is not None
        line = Line(station.house.run / "control.sock")
        assert line.ask(Explain("rubbish"), Explained).reason == "not_a_pass"
        line.close()


def test_half_a_megabyte_is_a_line_of_syncs_and_of_nobody_elses(station: Station) -> None:
    long = json.dumps({"type": "offer", "document": base64.b64encode(bytes(300_000)).decode()}).encode() + b"\n"
    line = Line(station.house.run / "control.sock")
    line._sock.sendall(long)
    assert type(line.receive(20)).__name__ == "Done"
    line.close()
    told = said_as(station.house.run, f"s = connect(); s.sendall(b'A' * {len(long)} + b'\\n'); print(s.recv(4096))")
    assert " ".join(told).count("more than 65536 bytes") == 1
    line = Line(station.house.run / "control.sock")
    assert line.ask(GetNonce(), Nonce)
    assert line.ask(GetView(), View)
    line.close()


def test_a_flood_of_news_is_told_once_a_turn_and_how_it_ends_is_told(station: Station) -> None:
    told = Line(station.house.run / "control.sock")
    told.send(Subscribe())
    flood = b"".join(encode(Trouble("gps", None if number % 2 else "no fix")) for number in range(1000))
    views = 0
    with socket.socket(socket.AF_UNIX) as sensors:
        sensors.connect(str(station.house.run / "sense.sock"))
        sensors.sendall(flood + encode(Trouble("gps", "the last")))
        while not isinstance(view := told.receive(10.0), View) or view.faults.get("gps") != "the last":
            views += isinstance(view, View)
    told.close()
    assert views < 500
