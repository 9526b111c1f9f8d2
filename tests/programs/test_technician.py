"""`kiosk log`, `kiosk queue` and `kiosk config`, as somebody types them at a station: with it running, dead, and broken."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import signal
import struct
import subprocess
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.settings import DoorTable, Settings
from tests.keys import STRANGER, claims, signed
from tests.programs.house import House, environment, until
from tests.programs.terminal import read_until


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """After an evening: two workers, a forged pass, and nobody there any more."""
    house = House(tmp_path_factory.mktemp("evening"))
    house.trust()
    with house.station() as station:
        assert station.verdict(signed(claims(5))) == "granted"
        assert station.verdict(signed(claims(6))) == "granted"
        assert station.verdict(signed(claims(7), STRANGER)) == "bad_signature"
        station.next("locked")
    return house


def lines(done: subprocess.CompletedProcess[str]) -> list[str]:
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_log_tells_the_newest_last_and_why_somebody_was_refused(house: House) -> None:
    *told, legend = lines(house.kiosk("log"))
    assert len(told) == len(house.entries())
    assert legend.startswith("? behind a time")
    assert "started" in told[0]
    assert "ended in order" in told[-1]
    (denied,) = [line for line in told if "refused" in line]
    assert "main: refused: This pass was not issued by the union" in denied


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        (("-n", "1"), ["stopped"]),
        (("-n", "0"), []),
        (("--kind", "granted", "--kind", "denied"), ["granted", "granted", "denied"]),
        (("--kind", "granted", "-n", "1"), ["granted"]),
        (("--door", "attic"), []),
        (("--kind", "started", "--since", "3d"), ["started"]),
        (("--stream", "telemetry"), []),
    ],
)
def test_the_log_is_filtered(words: tuple[str, ...], kinds: list[str], house: House) -> None:
    found = [json.loads(line) for line in lines(house.kiosk("log", "--json", *words))]
    assert [entry["kind"] for entry in found] == kinds
    assert all(entry in house.entries() for entry in found)


@pytest.fixture
def following(tmp_path: Path) -> Iterator[tuple[House, subprocess.Popen[str]]]:
    house = House(tmp_path)
    house.trust()
    with house.station():
        pass
    command = house._command("log", "--follow", "--json", "-n", "0")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield house, process
        process.kill()


def test_the_log_is_followed_also_into_a_new_file(following: tuple[House, subprocess.Popen[str]]) -> None:
    house, process = following
    assert process.stdout is not None
    with house.station() as station:
        station.verdict(signed(claims(5)))
        kinds = {json.loads(process.stdout.readline())["kind"] for _ in range(3)}
        assert {"started", "granted"} <= kinds
    (house.data / "logbook.db").rename(house.data / "logbook.db.away")
    (house.data / "logbook.db-wal").unlink(missing_ok=True)
    with house.station():
        until(lambda: json.loads(process.stdout.readline())["kind"] == "started", "the new file")  # type: ignore[union-attr]


def test_the_queue_says_what_waits_and_what_to_type(house: House) -> None:
    found = json.loads(house.kiosk("queue", "--json").stdout)
    assert found["streams"]["access"]["waiting"] == len(house.entries())
    assert (found["central"], found["next"]) == ("the station does not answer", "kiosk doctor")
    told = house.kiosk("queue").stdout
    assert f"{len(house.entries())} wait, numbers 1 to {len(house.entries())}, the oldest of" in told
    assert "Next: kiosk doctor" in told


@pytest.mark.parametrize("verb", ["log", "queue"])
def test_without_a_logbook_they_say_so(verb: str, tmp_path: Path) -> None:
    done = House(tmp_path).kiosk(verb)
    assert (done.returncode, "Next: kiosk doctor" in done.stderr, "Traceback" in done.stderr) == (1, True, False)


def test_the_settings_are_shown_with_their_defaults(house: House) -> None:
    found = json.loads(house.kiosk("config", "show", "doors.main", "--json").stdout)
    assert found["doors.main.pulse"] == {"value": 1.0, "default": False}
    assert found["doors.main.rest"] == {"value": 90.0, "default": True}
    assert all(name.startswith("doors.main.") for name in found)
    assert {name.split(".")[2] for name in found} >= set(DoorTable.__struct_fields__) - {"programmes"}
    assert "station.code" in house.kiosk("config", "show").stdout
    assert house.kiosk("config", "show", "doors.mai").returncode == 2


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("doors.main.pulse", ["a number, at least 1, at most 30", "default 5.0", "here 1.0"]),
        ("doors.main.lock", ["a table", "default none", "pin, active_high, wiring, bolt"]),
        ("doors", ["a name of your own", "One door.", "pulse"]),
        ("doors.attic.lock.wiring", ["one of fail_secure, fail_safe", 'default "fail_secure"']),
        ("sensors.fridge.device", ["such as", "28-00000a1b2c3d"]),
        ("pins", ["one of gpio, simulated", 'here "simulated"']),
        ("doors.main.classes", ["a list, each one of worker, technician"]),
    ],
)
def test_a_setting_is_explained(key: str, told: list[str], house: House) -> None:
    done = house.kiosk("config", "explain", key)
    assert done.returncode == 0, done.stderr
    plain = " ".join(done.stdout.split())
    assert all(words in plain for words in told), done.stdout


def test_every_setting_can_be_explained_and_a_wrong_name_is_answered_with_the_near_one(house: House) -> None:
    from kiosk.settings.words import explained

    for name in Settings.__struct_fields__:
        assert explained(name)
    for name in DoorTable.__struct_fields__:
        assert explained(f"doors.x.{name}")
    done = house.kiosk("config", "explain", "doors.main.puls")
    assert (done.returncode, "did you mean pulse?" in done.stderr) == (2, True)


@pytest.mark.slow
def test_watch_shows_what_happens_through_a_restart_of_the_station(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.trust()
    near, far = pty.openpty()
    fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    terminal = {**environment(), "TERM": "xterm-256color"}
    process = subprocess.Popen(house._command("watch"), stdin=far, stdout=far, stderr=far, env=terminal)
    os.close(far)
    try:
        read_until(near, "does not answer")
        for index in (5, 6):
            with house.station() as station:
                read_until(near, "list")
                station.verdict(signed(claims(index)))
                read_until(near, f"card {index} (")
            read_until(near, "does not answer")
        process.send_signal(signal.SIGINT)
        read_until(near, "\x1b[?1049l")
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
        os.close(near)


def test_watch_needs_a_terminal(house: House) -> None:
    done = house.kiosk("watch")
    assert (done.returncode, "kiosk log --follow" in done.stderr) == (2, True)


ACTS: dict[tuple[str, ...], dict[str, object]] = {
    ("door", "open"): {"door": "main", "verb": "open", "seconds": 0.0},
    ("door", "hold", "--for", "1m"): {"door": "main", "verb": "hold", "seconds": 60.0},
    ("door", "release"): {"door": "main", "verb": "release", "seconds": 0.0},
    ("maintenance", "on", "--for", "10m"): {"seconds": 600.0},
    ("maintenance", "off"): {"seconds": 0},
    ("config", "check"): {"station": "37081101", "doors": ["main"], "warnings": []},
}


def test_what_a_verb_did_is_told_as_json_too_and_what_it_could_not(tmp_path: Path) -> None:
    house = House(tmp_path)
    with house.station():
        for words, facts in ACTS.items():
            done = house.kiosk(*words, "--json")
            assert (done.returncode, json.loads(done.stdout)) == (0, {"ok": True, **facts}), words
    away = house.kiosk("door", "open", "--json")
    told = json.loads(away.stdout)
    assert (away.returncode, told["ok"]) == (3, False)
    assert told["errors"] == [away.stderr.strip()]
    house.config.write_text(house.config.read_text() + "[door]\n[scaners]\n")
    broken = house.kiosk("config", "check", "--json")
    assert broken.returncode == 2
    assert [error.rpartition(": ")[2] for error in json.loads(broken.stdout)["errors"]] == [
        "no such setting, did you mean doors?",
        "no such setting, did you mean scanners?",
    ]
