"""Sealed ballots of polls that are over: merged, sorted, and without the stations, entries and times with which they came.

A poll's ballots are one value, written anew with whatever comes, since the rows of a table would tell in which order they came;
their entries are deleted in the same transaction. Nobody here can open one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from kiosk.central.retention import DAY
from kiosk.central.store.bundles import Came, Unread
from kiosk.central.store.engine import Engine
from kiosk.core.desk.ballot import MOST
from kiosk.index.ballots import MOST_BALLOTS, PollHex, sealed_in
from kiosk.index.sealing import OUTER

KIND: Final = "ballots"

APPEAL: Final = 90 * DAY
"""Seconds for which ballots are kept once they were exported: who doubts the count may have it counted again."""

BY_THIS: Final = """
    SELECT poll, since, exported, (SELECT count(*) FROM poll_stations sent WHERE sent.poll = polls.poll), ballots FROM polls
"""


class _Sent(Struct, frozen=True):
    """What is taken of a `ballots` entry, which a station may have filled with anything."""

    poll: PollHex
    sealed: Annotated[tuple[str, ...], Meta(max_length=1000)] = ()


class Gathered(Struct, frozen=True):
    """The ballots of a poll that have come since then, from so many stations; `exported`: when they were last, if ever."""

    poll: str
    since: float
    exported: float | None
    stations: int
    ballots: tuple[bytes, ...]


class Ballots:
    """That part of the store."""

    _engine: Engine

    def take_ballots(self, unread: Unread, came: Iterable[Came], slips: Mapping[str, int]) -> list[str]:
        """Merge those of a step through a log into their polls, and let their entries go; a part of its transaction.

        `slips`: how many the polls that are known here have. Returns those of which a ballot was refused.
        """
        entries = [each for each in came if each.kind == KIND]
        if not entries:
            return []
        polls: dict[str, set[bytes]] = {}
        for entry in entries:
            if sent := _decoded(entry.body):
                polls.setdefault(sent.poll, set()).update(_whole(sent.sealed))
        refused = [
            poll
            for poll, sealed in polls.items()
            if self._merge(poll, unread.station, sealed, entries[0].received, min(MOST, slips.get(poll, MOST)))
        ]
        self._engine.run(
            "DELETE FROM entries WHERE log = ? AND seq > ? AND seq <= ? AND kind = ?",
            (unread.log, unread.mark, unread.until, KIND),
        )
        return refused

    def _merge(self, poll: str, station: str, sealed: Collection[bytes], received: float, most: int) -> int:
        """With those for which there is room, of a station's own and in the board's file; how many there were besides."""
        found = self.gathered_ballots(poll)
        before = set(found.ballots) if found else set()
        room = max(0, min(most - self._sent_by(poll, station), MOST_BALLOTS - len(before)))
        wanted = sorted(each for each in sealed if each not in before)
        new = wanted[:room]
        self._engine.run(
            "INSERT INTO poll_stations (poll, station, ballots) VALUES (?, ?, ?)"
            " ON CONFLICT (poll, station) DO UPDATE SET ballots = poll_stations.ballots + excluded.ballots",
            (poll, station, len(new)),
        )
        if new or found is None:
            whole = b"".join(sorted(before | set(new)))
            self._engine.run(
                "INSERT INTO polls (poll, since, ballots) VALUES (?, ?, ?)"
                " ON CONFLICT (poll) DO UPDATE SET ballots = excluded.ballots",
                (poll, received, whole),
            )
        return len(wanted) - len(new)

    def _sent_by(self, poll: str, station: str) -> int:
        found = self._engine.one("SELECT ballots FROM poll_stations WHERE poll = ? AND station = ?", (poll, station))
        return int(found[0]) if found else 0

    def gathered_polls(self) -> list[Gathered]:
        """Every poll of which ballots have come, or empty urns, the first first."""
        return [_gathered(*row) for row in self._engine.all(f"{BY_THIS} ORDER BY since, poll")]

    def gathered_ballots(self, poll: str) -> Gathered | None:
        """Those of one poll; None where nothing has come."""
        found = self._engine.one(f"{BY_THIS} WHERE poll = ?", (poll,))
        return _gathered(*found) if found else None

    def stations_of_poll(self, poll: str) -> list[str]:
        """The stations that have sent their urn of that poll."""
        rows = self._engine.all("SELECT station FROM poll_stations WHERE poll = ? ORDER BY station", (poll,))
        return [station for (station,) in rows]

    def note_export(self, poll: str, now: float) -> None:
        """The board has them."""
        self._engine.run("UPDATE polls SET exported = ? WHERE poll = ?", (now, poll))

    def forget_ballots(self, now: float, other: float) -> int:
        """Those that were exported so long ago that nobody can doubt the count any longer, or came before `other`."""
        gone = "SELECT poll FROM polls WHERE exported < ? OR since < ?"
        values = (now - APPEAL, other)
        with self._engine.transaction(alone=False):
            self._engine.run(f"DELETE FROM poll_stations WHERE poll IN ({gone})", values)
            return self._engine.run(f"DELETE FROM polls WHERE poll IN ({gone})", values)


def _decoded(body: str) -> _Sent | None:
    try:
        return msgspec.json.decode(body, type=_Sent)
    except msgspec.MsgspecError:
        return None


def _whole(sealed: Iterable[str]) -> set[bytes]:
    """Those that have the length that all have."""
    return {each for each in map(sealed_in, sealed) if len(each) == OUTER}


def _gathered(poll: str, since: float, exported: float | None, stations: int, ballots: bytes) -> Gathered:
    raw = bytes(ballots)
    return Gathered(poll, since, exported, stations, tuple(raw[at : at + OUTER] for at in range(0, len(raw), OUTER)))
