"""Policies and commands, from the central server's command line to the lock's pin, through sync, which is not trusted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.local import boot_time
from tests.programs.house import LOCK, Station, until
from tests.programs.town import CODE, Town

HALF_A_SECOND = 0.5
SLACK = 1.0
"""Seconds that a loaded test machine may add; `make bench` measures."""


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = Town(tmp_path)
    with town.server():
        town.enrol(town.port)
        yield town


def online(town: Town) -> None:
    until(lambda: town.house.view().quality == "synced", "the time")


def send(town: Town, *words: str) -> str:
    """Send a command; its id."""
    done = town.house.kiosk("central", "command", CODE, *words, "--data", str(town.central))
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[1].rstrip(",")


def outcome(station: Station) -> tuple[str, str]:
    ended = station.next("command_ended")
    return ended["command"], ended["outcome"]


def acknowledged(town: Town) -> list[str]:
    """The commands of whose end the central server knows."""
    return [each["command"] for each in town.entries() if each["kind"] == "command_ended"]


def test_a_command_opens_the_door_once_and_is_acknowledged_by_an_entry(town: Town) -> None:
    with town.house.station() as station, town.house.program("sync"):
        online(town)
        sent = send(town, "unlock")
        assert outcome(station) == (sent, "done")
        assert station.bench.wait_for(LOCK, level=True) is not None
        until(lambda: sent in acknowledged(town), "the acknowledging entry at the central server")
        operated = next(each for each in town.house.entries() if each["kind"] == "operated")
        assert operated["who"] == f"central {sent}"
    with town.house.station() as station, town.house.program("sync"):
        online(town)
        assert [edge.level for edge in station.bench.edges if edge.pin == LOCK] == [False], "it is not obeyed again"
        assert town.house.view().documents["command"] > 0


def test_each_verb_is_carried_out_or_refused_with_its_reason(town: Town) -> None:
    with town.house.station() as station, town.house.program("sync"):
        online(town)
        send(town, "lockdown", "--for", "10m")
        assert outcome(station)[1] == "done"
        assert town.house.view().doors["main"].mode == "locked_down"
        send(town, "open")
        assert outcome(station)[1] == "locked_down"
        send(town, "release")
        assert outcome(station)[1] == "done"
        send(town, "hold", "--for", "10m")
        assert outcome(station)[1] == "done"
        door = town.house.view().doors["main"]
        assert (door.mode, door.lock) == ("held_open", "unlocked")
        send(town, "open", "--door", "cellar")
        assert outcome(station)[1] == "no_such_door"
        send(town, "report")
        assert station.next("reported")["doors"] == {"main": "held_open unlocked closed none"}


def test_programs_end_in_order_when_a_restart_is_wanted(town: Town) -> None:
    with town.house.station() as station, town.house.program("sync") as sync:
        online(town)
        send(town, "restart", "--program", "sync")
        assert outcome(station)[1] == "done"
        assert sync.wait(20) == 0
        with town.house.program("sync"):
            send(town, "restart", "--program", "station")
            assert outcome(station)[1] == "done"
            assert station.process.wait(20) == 0
        assert town.house.kinds()[-1] == "stopped"


def test_a_policy_closes_the_door_and_opens_it_again(town: Town) -> None:
    file = town.house.folder / "policy.toml"
    closed = 'station = "3708"\n[doors.main]\nhours = ["daily 03:00-03:01"]\n'
    with town.house.station() as station, town.house.program("sync"):
        online(town)
        for text, verdict in ((closed, "closed"), ('station = "3708"\n', "granted")):
            file.write_text(text)
            assert town.house.kiosk("central", "policy", str(file), "--data", str(town.central)).returncode == 0
            assert station.next("document_applied")["document"] == "policy"
            assert station.verdict(town.make_pass()) == verdict


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[doors.main]\nhours = ["sometimes"]\n', "'sometimes' is no opening hours"),
        ("fresh_for = 10\nstale_for = 5\n", "stale_for is shorter than fresh_for"),
        ("hours = []\n", "policy.toml:1: hours: no such setting"),
        ("version = 3\n", "policy.toml:1: version: no such setting"),
        ("[doors\n", "policy.toml:1:7: ] is missing"),
        ('[doors.main]\nalways = "worker"\n', "policy.toml:2: doors.main.always: expected a list"),
        (
            '[doors.main]\nprogrammes = [{ name = "x", begins = 2026-01-02T00:00:00, ends = 2026-01-01T00:00:00 }]\n',
            "has no offset",
        ),
        (
            '[doors.main]\nprogrammes = [{ name = "x", begins = 2026-01-02T00:00:00Z, ends = 2026-01-01T00:00:00Z }]\n',
            "doors.main.x ends before it begins",
        ),
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused_where_it_is_written(tmp_path: Path, text: str, told: str) -> None:
    town = Town(tmp_path)
    file = tmp_path / "policy.toml"
    file.write_text(text)
    done = town.house.kiosk("central", "policy", str(file), "--data", str(town.central))
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert told in done.stderr


def test_enrolment_shows_the_same_words_at_both_ends_and_retires_the_old_key(town: Town) -> None:
    claim = town.house.kiosk("central", "claim", CODE, "--reason", "lost", "--data", str(town.central)).stdout.strip()
    old = (town.house.data / "station.key").read_text()
    done = town.house.kiosk("enrol", f"http://127.0.0.1:{town.port}", claim)
    assert done.returncode == 0, done.stderr
    words = next(
        line.strip() for line in done.stdout.splitlines() if len(line.split()) == 6 and line.startswith("    ")
    )
    assert words in town.house.kiosk("central", "stations", "--data", str(town.central)).stdout
    again = town.house.kiosk("enrol", f"http://127.0.0.1:{town.port}", claim)
    assert (again.returncode, "used" in again.stderr) == (1, True)
    with town.house.station(), town.house.program("sync"):
        online(town)
    (town.house.data / "station.key").write_text(old)
    with town.house.station(), town.house.program("sync"):
        until(lambda: "central" in town.house.view().faults, "the refusal of the old key")


def test_from_the_command_line_to_the_pin_in_half_a_second_when_online(town: Town) -> None:
    """From the moment at which the command is stored: the command line's own start is not counted."""
    from kiosk.central.store import CentralStore
    from kiosk.demo.founding import founded
    from kiosk.trust.documents import CommandDocument

    store = CentralStore(town.central)
    issuer = founded(town.central, store)
    with town.house.station() as station, town.house.program("sync"):
        online(town)
        sent_at = boot_time()
        issuer.command(CommandDocument(1, "x", CODE, "unlock", 0, 0), 60.0)
        edge = station.bench.wait_for(LOCK, level=True, after=sent_at)
        assert edge is not None
        assert edge.at - sent_at < HALF_A_SECOND + SLACK
    store.close()
