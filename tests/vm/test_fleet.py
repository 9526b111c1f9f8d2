"""Updates for a fleet in the virtual machine: a server offers, the station fetches, tries, and keeps or goes back by itself.

One station, from test to test: a release that is good, with three power cuts on its way; one that is cut off while it is tried,
and after it was kept; one that is cut off twice; one that is bad; and a night in which somebody has taken over sync.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import time
from typing import Any

import pytest

from kiosk import __version__
from kiosk.central.store import CentralStore
from kiosk.demo.founding import found, founded, stick_of
from kiosk.keyfiles import read_private
from kiosk.update.bundle import MOST_FETCHED
from tests.conftest import ROOT
from tests.keys import claims
from tests.vm import machine as vm
from tests.vm.packed import REFUSED, built, raised, repacked, rubbish
from tools.deb import build

pytestmark = [pytest.mark.vm, pytest.mark.timeout(14_400), pytest.mark.filterwarnings("ignore")]

CODE = "37081101"
FOLDER = ROOT / "build" / "fleet"
GOOD, TRIED, CUT_TWICE, BAD = (raised(minor) for minor in (1, 2, 3, 4))
HERE = "deb13_amd64"
WORKERS = 600
"""So that each second somebody else comes: a card rests after it has opened."""
LAID = {"noise": "damaged", "oversize": "damaged"}
"""Rubbish that needs no key, made in there, and why it is refused; the last one fills what sync may fill."""


def verb(*words: str) -> str:
    done = subprocess.run([sys.executable, "-m", "kiosk", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def server() -> Iterator[Path]:
    """The server's folder, with four releases that its root key has signed, and passes; nothing is open to a ring yet."""
    build("trixie", "amd64")
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    central = FOLDER / "central"
    found(central)
    good = built(GOOD, FOLDER)
    packages = [
        good,
        repacked(good, TRIED, FOLDER / "tried.deb"),
        repacked(good, CUT_TWICE, FOLDER / "cut.deb"),
        repacked(good, BAD, FOLDER / "bad.deb", spoiled="sensors/program.py"),
    ]
    for package in packages:
        bundle = package.with_suffix(".update")
        verb("root", "release", str(package), "--ring", "all", "--out", str(bundle), "--root", str(stick_of(central)))
        verb("central", "release", "publish", str(bundle), "--data", str(central))
        bundle.unlink()
        package.unlink()
    verb("central", "release", "ring", "1", CODE, "--data", str(central))
    cards(central)
    rubbish(FOLDER / "rubbish", read_private(stick_of(central) / "root.key"), HERE)
    yield central
    shutil.rmtree(FOLDER)


def cards(central: Path) -> None:
    """The passes of WORKERS, one in a line."""
    with closing(CentralStore(central)) as store:
        issuer, now = founded(central, store), int(time())
        wanted = claims(0, issued_at=now, expires=now + 30 * 86_400)
        passes = (issuer.issue(wanted, f"w-{number}")[1] for number in range(WORKERS))
        (FOLDER / "passes").write_text("\n".join(passes))


@contextmanager
def night(folder: Path, disk: Path) -> Iterator[Any]:
    """The station after a boot; afterwards the power goes."""
    with vm.booted(folder, disk) as machine:
        yield machine
        machine.power_cut()


def play(machine: Any, scene: str) -> dict[str, Any]:
    found = vm.play(machine, "tests.vm.fleet", scene)
    print(f"\n{scene}: {json.dumps(found)}")
    return found


def is_well(machine: Any, version: str = "") -> str:
    """After a boot the door opens, nothing is on trial, and the logbook is whole; what runs, as named."""
    found = play(machine, "booted")
    runs = str(found.pop("runs"))
    current = "" if runs == __version__ else runs
    assert found == {"opened": True, "on trial": False, "current": current, "whole": True}
    assert runs == (version or runs)
    return runs


@pytest.fixture(scope="module")
def station(folder: Path, disk: Path, server: Path) -> Path:
    """Enrolled at the server."""
    claim = verb("central", "claim", CODE, "--data", str(server))
    with vm.restored(folder, disk) as machine:
        assert play(machine, f"install {claim}") == {"runs": __version__, "enrolled": True}
        offered(machine, GOOD)
        machine.power_cut()
    return disk


def is_cut(folder: Path, station: Path, phase: str, version: str) -> str:
    """The power goes in that phase of an update to `version`; what ran before."""
    with night(folder, station) as machine:
        runs = is_well(machine)
        play(machine, f"cut {phase} {version}")
    return runs


def offered(machine: Any, version: str) -> None:
    """The next one, kept by the disk before the power goes."""
    play(machine, f"offer {version}")
    machine.run("sync", check=True)


def test_a_good_release_is_kept_by_itself_after_three_power_cuts_on_its_way(folder: Path, station: Path) -> None:
    for phase in ("fetching", "fetched", "unpacking"):
        assert is_cut(folder, station, phase, GOOD) == __version__
    with night(folder, station) as machine:
        is_well(machine, __version__)
        ended = play(machine, f"ends {GOOD} kept")
        machine.run("sync", check=True)
    assert (ended["runs"], ended["told"]) == (GOOD, [[GOOD, "kept"]])
    assert ended["presses"], "each of which opened the door"


def test_the_power_goes_while_a_release_is_tried_and_after_it_was_kept(folder: Path, station: Path) -> None:
    with night(folder, station) as machine:
        before = is_well(machine)
        offered(machine, TRIED)
    assert is_cut(folder, station, "tried", TRIED) == before
    assert is_cut(folder, station, "kept", TRIED) == before
    with night(folder, station) as machine:
        is_well(machine, TRIED)
        ended = play(machine, f"ends {TRIED} kept")
        machine.run("sync", check=True)
    assert ended["told"][-2:] == [[TRIED, "went_back"], [TRIED, "kept"]]


def test_a_release_that_a_power_cut_ends_twice_rests(folder: Path, station: Path) -> None:
    """Once it lay beside the versions, once it was switched to; that it was the power's fault nobody knows."""
    with night(folder, station) as machine:
        before = is_well(machine)
        offered(machine, CUT_TWICE)
    assert is_cut(folder, station, "unpacked", CUT_TWICE) == before
    assert is_cut(folder, station, "switched", CUT_TWICE) == before
    with night(folder, station) as machine:
        is_well(machine, before)
        assert play(machine, f"rests {CUT_TWICE}") == {"runs": before, "tries": 2, "folder": False}


def test_a_bad_release_goes_back_by_itself_and_the_server_offers_it_to_nobody_more(folder: Path, station: Path) -> None:
    with night(folder, station) as machine:
        before = is_well(machine)
        offered(machine, BAD)
        ended = play(machine, f"ends {BAD} went_back")
        assert (ended["runs"], ended["told"][-1]) == (before, [BAD, "went_back"])
        assert f"{CODE} (went_back)" in play(machine, f"stops {BAD}")["stopped"]
        machine.run("sync", check=True)


def test_a_sync_that_was_taken_over_lays_down_rubbish_and_nothing_of_it_runs(folder: Path, station: Path) -> None:
    with night(folder, station) as machine:
        version = is_well(machine)
        current, beside = ("" if version == __version__ else version), set[tuple[str, ...]]()
        for kind, why in (REFUSED | LAID).items():
            found = play(machine, f"rubbish {kind}")
            assert all(found["said"]), "each look says why"
            assert (found["told"], found["current"], found["evil"], found["opened"]) == (why, current, False, True)
            beside.add(tuple(found["folders"]))
        assert len(beside) == 1, "nothing lies beside the versions"
        assert found["bytes"] == MOST_FETCHED, "the kernel lets the file grow no further"
        older = play(machine, "rubbish older")
        assert (older["current"], older["evil"], older["entries"]) == (current, False, found["entries"])
        around = play(machine, "rubbish around")["got"]
        assert "done" not in around.values(), around
        assert play(machine, "would_tell") == {"evil": True}
