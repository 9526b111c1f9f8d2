"""The entries of the stream *services*: what a station offers inside. Part of :mod:`kiosk.core.entries`.

None of them names a holder, but for the steward whose round, count or filling it was; `handed_out` has a token, by which
whoever has the campaign's key can find the holder.
"""

from __future__ import annotations

from typing import Literal

from kiosk.core.facts import Fact


class Rated(Fact, frozen=True):
    """What those who came in thought, all of some weeks together: for each of four answers, the best first, how many gave it.

    `question`: `station`, or the id of a question's document. `surplus`: answers beyond one for each who came in; `entered`:
    how many did. It is the bundle `generation` of that `urn`, of which there is one, however often it comes.
    """

    question: str
    counts: tuple[int, int, int, int]
    surplus: int = 0
    entered: int = 0
    weeks: int = 1
    urn: str = ""
    generation: int = 0


class Voiced(Fact, frozen=True):
    """Somebody inside said that something is wrong: where, and what. `me_too`: so many more said the same within a day.

    `urgent`: it left at once; any other at the second 03:00 after it. It is `generation` of that `urn`, as a bundle is.
    """

    place: str
    what: str
    me_too: int = 0
    urgent: bool = False
    urn: str = ""
    generation: int = 0


class Inspected(Fact, frozen=True):
    """A steward's round by a checklist: for each of its items `yes`, `no`, or the month `YYYY-MM` in which it expires.

    `proven`: the items whose sensor decided. `index`: the steward's. Numbered as a bundle is.
    """

    index: int
    checklist: str
    version: int
    results: dict[str, str]
    proven: tuple[str, ...] = ()
    urn: str = ""
    generation: int = 0


class Cleaned(Fact, frozen=True):
    """A steward said that it is clean. `index`: the steward's; `checklist`: the one in force. Numbered as a bundle is."""

    index: int
    checklist: str = ""
    urn: str = ""
    generation: int = 0


class Ballots(Fact, frozen=True):
    """Sealed ballots of a poll that is over, sorted: a part of what a station's urn holds, all parts in one commit.

    `poll`: its id, hexadecimal; `sealed`: outer envelopes in Base64. An empty urn is one part without any. A ballot that comes
    twice is the same bytes, and one. `remarks`: where the poll asks for them the envelopes of as many remarks, sorted by
    themselves: which stands in which part says nothing.
    """

    poll: str
    part: int
    parts: int
    sealed: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


class HandedOut(Fact, frozen=True):
    """Something of a campaign was handed out, `count` times.

    From a slot it is two entries: the first is committed together with the mark, before the slot's lock moves, and one that is
    `taken` when the contact has said so. What a steward handed over is one entry. `slot`: a door of the settings, empty where a
    steward did; `token`: 32 hexadecimal digits (:mod:`kiosk.trust.tokens`), empty where no pass was shown; `period`: the day
    `2026-11-27` or the week `2026-W48` (ISO 8601) of one for each, empty where there is one in all.
    """

    campaign: str
    item: str
    slot: str = ""
    token: str = ""
    period: str = ""
    taken: bool = False
    count: int = 1


class Counted(Fact, frozen=True):
    """A steward (`index`) counted what is there of an item, without being shown what was `expected` (None: nobody knew)."""

    index: int
    item: str
    counted: int
    expected: int | None = None


class Filled(Fact, frozen=True):
    """A steward (`index`) put `count` of an item into a slot (empty: the store). `month`: until the end of which it is good."""

    index: int
    slot: str
    item: str
    count: int
    month: str = ""


class Released(Fact, frozen=True):
    """A hospital's release of a medicine was shown: what became of it. `release`: SHA-256 of its id, hexadecimal."""

    release: str
    slot: str
    outcome: str


class Consulted(Fact, frozen=True):
    """The doctor's link was on the display for so many seconds, and how that `ended`."""

    seconds: float
    ended: str


class StoppedAt(Fact, frozen=True):
    """A station on wheels `arrived` at one of its stops, `left` it, or `missed` it: it was not there in time."""

    stop: str
    what: Literal["arrived", "left", "missed"]
