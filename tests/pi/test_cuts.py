"""The power goes, or the station is killed, at random instants around a pass: what was seen in the logbook is there afterwards.

A card of QEMU's has no cache that a cut empties: what the kernel has handed over is kept, what it has not is gone. tests/vm has
a disk that loses more. KIOSK_PI_CUTS, KIOSK_PI_KILLS: how many.
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
from tests.pi.machine import BOOK, LOCK, Pi

pytestmark = [pytest.mark.pi, pytest.mark.timeout(7200), pytest.mark.filterwarnings("ignore")]
CUTS: Final = int(os.environ.get("KIOSK_PI_CUTS", "50"))
KILLS: Final = int(os.environ.get("KIOSK_PI_KILLS", "20"))
SYSTEM: Final = 133120 * 512
"""Where the system's partition begins, in bytes; tools/pi.sh."""

SEES: Final = f"""\
cat >/run/sees <<'END'
while [ ! -e /run/enough ]; do
    echo "<$({BOOK} "SELECT seq FROM sqlite_sequence WHERE name = 'access'")>"
    sleep 0.1
done
END
"""
"""What sync sees, and may have told the central server: the newest number that was committed."""

WRITTEN: Final = f"{BOOK} 'SELECT seq, checksum FROM access ORDER BY seq'"


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
    chance, seen, kept, powered = random.Random(1), list[int](), list[int](), 0  # noqa: S311
    copy, data = tmp_path / "copy.qcow2", tmp_path / "data"
    station.out(SEES)
    station.types("sh /run/sees &")
    for turn in range(CUTS):
        station.scan(signed(claims(100 + turn)))
        threading.Event().wait(chance.uniform(0, 4))
        powered += station.level(LOCK)
        seen.append(newest_seen(station))
        station.copy_card(first_card, copy)
        with system_of(copy) as system:
            shutil.copytree(system / "var/lib/kiosk", data)
        kept.append(newest_kept(data))
        shutil.rmtree(data)
    station.types("touch /run/enough; wait")  # no answer is asked for: it would be among what is seen
    lost = [max(0, before - after) for before, after in zip(seen, kept, strict=True)]
    print(f"\n{CUTS} cuts, {powered} with the lock's power on, {seen[0]} to {seen[-1]} entries seen, lost {sum(lost)}")
    assert not any(lost), lost
    assert seen[-1] > seen[0], "passes went on between the cuts"


def test_what_was_seen_outlasts_a_kill_at_any_instant(station: Pi) -> None:
    """And the lock is secured again, whatever it was before."""
    chance, seen, powered = random.Random(2), set[str](), 0  # noqa: S311
    for turn in range(KILLS):
        station.scan(signed(claims(200 + turn)))
        threading.Event().wait(chance.uniform(0, 4))
        powered += station.level(LOCK)
        seen |= {*station.kill_station(WRITTEN).splitlines()}
        station.until_level(LOCK, 0)  # the scanner may have told the pass again
    lost = seen - {*station.out(WRITTEN).splitlines()}
    print(f"\n{KILLS} kills, {powered} with the lock's power on, {len(seen)} entries seen, lost {len(lost)}")
    assert not lost
    assert station.checks()["logbook.file"] == "fine"
