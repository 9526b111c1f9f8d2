"""The power goes at random instants around a pass: what anybody has seen in the logbook is there afterwards.

A card of QEMU's has no cache that a cut empties: what the kernel has handed over is kept, what it has not is gone. tests/vm has
a disk that loses more. KIOSK_PI_CUTS: how many cuts.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from kiosk.logbook.reader import Reader
from kiosk.logbook.store import Logbook
from tests.keys import claims, signed
from tests.pi.machine import LOCK, Pi, board

pytestmark = [pytest.mark.pi, pytest.mark.timeout(7200), pytest.mark.filterwarnings("ignore")]
CUTS: Final = int(os.environ.get("KIOSK_PI_CUTS", "20"))
SYSTEM: Final = 133120 * 512
"""Where the system's partition begins, in bytes; tools/pi.sh."""

SEES: Final = """\
cat >/run/sees <<'END'
while [ ! -e /run/enough ]; do
    echo "<$(sqlite3 -readonly /var/lib/kiosk/logbook.db "SELECT seq FROM sqlite_sequence WHERE name = 'access'")>"
    sleep 0.1
done
END
"""
"""What sync sees, and may have told the central server: the newest number that was committed."""


@contextmanager
def system_of(card: Path) -> Iterator[Path]:
    """The card's system as the next boot would find it: its journal is played back."""
    raw, at = card.with_suffix(".img"), card.with_suffix(".system")
    subprocess.run(["qemu-img", "convert", "-O", "raw", card, raw], check=True)
    at.mkdir()
    subprocess.run(["mount", "-o", f"loop,offset={SYSTEM}", raw, at], check=True)
    try:
        yield at
    finally:
        subprocess.run(["umount", at], check=True)
        at.rmdir()
        raw.unlink()


def newest_kept(folder: Path) -> int:
    """The newest entry of a logbook that opens, whole and without a gap."""
    book, reader = Logbook(folder, "boot"), Reader(folder)
    try:
        assert not book.replaced
        assert not reader.check()
        rows = list(reader.rows("access"))
    finally:
        book.close()
        reader.close()
    assert all(row.intact for row in rows)
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    return len(rows)


def newest_seen(pi: Pi) -> int:
    return max((int(each) for each in pi.heard(rb"<(\d+)>")), default=0)


def test_what_was_seen_outlasts_a_cut_at_any_instant(station: Pi, first_card: Path, tmp_path: Path) -> None:
    """The card is copied while the machine stands still: what a cut would have left at that moment."""
    chance, seen, powered = random.Random(1), list[int](), 0  # noqa: S311
    station.out(SEES)
    station.types("sh /run/sees &")
    for turn in range(CUTS):
        station.scan(signed(claims(100 + turn)))
        threading.Event().wait(chance.uniform(0, 4))
        powered += station.level(LOCK)
        seen.append(newest_seen(station))
        station.copy_card(first_card, tmp_path / f"{turn}.qcow2")
    station.types("touch /run/enough")  # no answer is asked for: it would be among what is seen
    for turn, last in enumerate(seen):
        with system_of(tmp_path / f"{turn}.qcow2") as system:
            shutil.copytree(system / "var/lib/kiosk", tmp_path / "data")
        assert newest_kept(tmp_path / "data") >= last, f"cut {turn}"
        shutil.rmtree(tmp_path / "data")
    assert seen[-1] > seen[0], "passes went on between the cuts"
    print(f"\n{CUTS} cuts, {powered} while the lock had power, entries {seen[0]} to {seen[-1]} seen before, none lost")


def test_a_start_after_a_cut_in_mid_unlock_says_so_and_gives_the_lock_no_power(built: Path, card: Path) -> None:
    """The whole way, with a boot after the cut."""
    with board(built, card, cache="writethrough") as pi:
        pi.power_on()
        pi.await_station()
        pi.scan(signed(claims(7)))
        pi.until_level(LOCK, 1)
        pi.until_level(LOCK, 0)
        told = pi.entries()
        pi.scan(signed(claims(8)))
        pi.until_level(LOCK, 1)
    with board(built, card, cache="writethrough") as pi:
        pi.power_on()
        pi.await_station()
        assert pi.entries()[: len(told)] == told
        assert "interrupted_unlock" in pi.kinds()
        assert [level for _at, level in pi.driven(LOCK)] == [0]
