"""Sealed ballots of polls that are over: merged, sorted, and without the stations, entries and times with which they came.

A poll's ballots are one value, written anew with whatever comes, since the rows of a table would tell in which order they came;
their entries are deleted in the same transaction. Its remarks are another. Nobody here can open one.
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
from kiosk.index.remark_file import MOST_REMARKS
from kiosk.index.sealing import OUTER, REMARK

KIND: Final = "ballots"

APPEAL: Final = 90 * DAY
"""Seconds for which ballots are kept once they were exported: who doubts the count may have it counted again."""

BY_THIS: Final = """
    SELECT poll, since, exported, (SELECT count(*) FROM poll_stations sent WHERE sent.poll = polls.poll), ballots, remarks
    FROM polls
"""


class _Sent(Struct, frozen=True):
    """What is taken of a `ballots` entry, which a station may have filled with anything."""

    poll: PollHex
    sealed: Annotated[tuple[str, ...], Meta(max_length=1000)] = ()
    remarks: Annotated[tuple[str, ...], Meta(max_length=1000)] = ()


class Envelopes(Struct, frozen=True):
    """Those of a poll: of ballots, and of remarks."""

    ballots: Collection[bytes] = ()
    remarks: Collection[bytes] = ()


class Gathered(Struct, frozen=True):
    """The ballots of a poll that have come since then, from so many stations; `exported`: when they were last, if ever.

    `remarks`: one of each ballot, where the poll asks for them, in an order of their own.
    """

    poll: str
    since: float
    exported: float | None
    stations: int
    ballots: tuple[bytes, ...]
    remarks: tuple[bytes, ...]


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
        refused = [
            poll
            for poll, sent in _by_poll(entries).items()
            if self._merge(poll, unread.station, sent, entries[0].received, min(MOST, slips.get(poll, MOST)))
        ]
        self._engine.run(
            "DELETE FROM entries WHERE log = ? AND seq > ? AND seq <= ? AND kind = ?",
            (unread.log, unread.mark, unread.until, KIND),
        )
        return refused

    def _merge(self, poll: str, station: str, sent: Envelopes, received: float, most: int) -> int:
        """With those for which there is room, of a station's own and in the board's files; how many there were besides."""
        found = self.gathered_ballots(poll)
        before = Envelopes(frozenset(found.ballots), frozenset(found.remarks)) if found else Envelopes()
        had = self._sent_by(poll, station)
        ballots, over = _new(sent.ballots, before.ballots, most - had[0], MOST_BALLOTS)
        remarks, over_remarks = _new(sent.remarks, before.remarks, most - had[1], MOST_REMARKS)
        self._engine.run(
            "INSERT INTO poll_stations (poll, station, ballots, remarks) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (poll, station) DO UPDATE SET ballots = poll_stations.ballots + excluded.ballots,"
            " remarks = poll_stations.remarks + excluded.remarks",
            (poll, station, len(ballots), len(remarks)),
        )
        if ballots or remarks or found is None:
            self._engine.run(
                "INSERT INTO polls (poll, since, ballots, remarks) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (poll) DO UPDATE SET ballots = excluded.ballots, remarks = excluded.remarks",
                (poll, received, _joined(before.ballots, ballots), _joined(before.remarks, remarks)),
            )
        return over + over_remarks

    def _sent_by(self, poll: str, station: str) -> tuple[int, int]:
        """How many ballots and remarks of a station were new."""
        found = self._engine.one(
            "SELECT ballots, remarks FROM poll_stations WHERE poll = ? AND station = ?", (poll, station)
        )
        return (int(found[0]), int(found[1])) if found else (0, 0)

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


def _by_poll(entries: Iterable[Came]) -> dict[str, Envelopes]:
    """What these entries have of each poll: of each kind those that have the length that all have."""
    polls: dict[str, tuple[set[bytes], set[bytes]]] = {}
    for entry in entries:
        if sent := _decoded(entry.body):
            ballots, remarks = polls.setdefault(sent.poll, (set(), set()))
            ballots |= _whole(sent.sealed, OUTER)
            remarks |= _whole(sent.remarks, REMARK)
    return {poll: Envelopes(*both) for poll, both in polls.items()}


def _whole(sealed: Iterable[str], length: int) -> set[bytes]:
    return {each for each in map(sealed_in, sealed) if len(each) == length}


def _new(came: Collection[bytes], before: Collection[bytes], room: int, most: int) -> tuple[list[bytes], int]:
    """Those that were not there before, as far as there is room; and how many there are besides."""
    wanted = sorted(each for each in came if each not in before)
    new = wanted[: max(0, min(room, most - len(before)))]
    return new, len(wanted) - len(new)


def _joined(before: Iterable[bytes], new: Iterable[bytes]) -> bytes:
    return b"".join(sorted({*before, *new}))


def _parted(joined: bytes, length: int) -> tuple[bytes, ...]:
    return tuple(bytes(joined[at : at + length]) for at in range(0, len(joined), length))


def _gathered(
    poll: str, since: float, exported: float | None, stations: int, ballots: bytes, remarks: bytes
) -> Gathered:
    parted = _parted(bytes(ballots), OUTER), _parted(bytes(remarks), REMARK)
    return Gathered(poll, since, exported, stations, *parted)
