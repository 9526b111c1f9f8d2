"""What the store knows, as troubles: which stations are silent, what is wrong at each, and what at the server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from kiosk.central.published import Published, lacking
from kiosk.central.store.alarms import Alarm
from kiosk.central.store.registers import OpenClaim
from kiosk.central.store.sightings import OpenFault, StationLine
from kiosk.central.store.stocks import Stock
from kiosk.central.voices.case import Case, end_of_day, today
from kiosk.central.voices.rounds import Listed, Round, standings
from kiosk.central.wrong import EMPTY, LITTLE, OVERDUE, SILENT, Trouble
from kiosk.foreign import visible

LATE: Final = 900.0
"""Seconds after which a station that is heard has what is published, or something is wrong."""

UNPUBLISHED_AFTER: Final = 300.0
"""Seconds after which a revocation is in the list, or something is wrong."""

WAITS: Final = 86_400.0
"""Seconds for which nobody asks why a claim is not used."""

HIDES: Final = {"sensors": "sensor.", "scanner": "scanner."}
"""A program that is away, and the faults that it alone makes."""


class Known(Struct, frozen=True):
    """What the store knows at one moment. `unsent`: since when which receiver of alarms could not be told.

    `pressing`: cases of what people said that are urgent or late; `rounds`: the last of each station and checklist;
    `short`: where little is left of what is handed out.
    """

    stations: list[StationLine]
    faults: dict[str, list[OpenFault]]
    raised: dict[str, list[OpenFault]]
    published: Published
    alarms: list[Alarm]
    claims: list[OpenClaim]
    gathered: float | None
    unsent: dict[str, float] = {}
    pressing: list[Case] = []
    checklists: list[Listed] = []
    rounds: list[Round] = []
    short: list[Stock] = []

    @property
    def enrolled(self) -> list[str]:
        """The codes of the stations in service."""
        return [each.code for each in self.stations if each.state == "enrolled"]


def troubles(known: Known, now: float) -> Iterator[Trouble]:
    """Everything that is wrong at `now`, at stations in service and at the server."""
    newest = Newest(known.published)
    for each in known.stations:
        if each.state == "enrolled":
            yield from _silence(each, now)
            yield from _late(each, newest, now)
            yield from told_of(each.code, known.faults.get(each.code, []), known.raised.get(each.code, []))
    yield from (Trouble(f"server.{each.what}", each.station, each.first, each.detail) for each in known.alarms)
    yield from _waiting(known, now)
    yield from _not_made(known, now)
    yield from _running_short(known)
    for case in known.pressing:
        yield from _said(case, today(now))


def _silence(line: StationLine, now: float) -> Iterator[Trouble]:
    heard = line.seen.at if line.seen else line.enrolled
    if heard is not None and line.silent(now):
        yield Trouble(SILENT, line.code, heard)


class Newest:
    """The newest versions for each station: the same for all for which the same policies and services are."""

    def __init__(self, published: Published) -> None:
        self._published, self._known = published, dict[tuple[str, ...], dict[str, int]]()
        self._lengths = sorted({len(scope) for scope in (*published.policies, *published.services)})

    def versions(self, station: str) -> dict[str, int]:
        """Of every kind but commands, which are each station's own."""
        scopes = tuple(station[:length] for length in self._lengths)
        if scopes not in self._known:
            self._known[scopes] = self._published.versions(station)
        return self._known[scopes]


def _late(line: StationLine, newest: Newest, now: float) -> Iterator[Trouble]:
    """A document's number is the second in which it was published, or the one after the last."""
    if line.seen and line.seen.documents and not line.silent(now):
        for kind, number in lacking(newest.versions(line.code), line.seen.documents).items():
            if now - number > LATE:
                yield Trouble(f"lacks.{kind}", line.code, number)


def told_of(station: str, faults: list[OpenFault], raised: list[OpenFault]) -> Iterator[Trouble]:
    """What the station itself tells: its open faults, and the alarms that stand."""
    yield from _faults(station, faults)
    yield from _raised(station, raised)


def _faults(station: str, faults: list[OpenFault]) -> Iterator[Trouble]:
    hidden = tuple(names for program, names in HIDES.items() if any(each.what == program for each in faults))
    for each in faults:
        if not each.what.startswith(hidden):
            yield _told(f"fault.{each.what}", station, each.since, each.detail)


def _raised(station: str, raised: list[OpenFault]) -> Iterator[Trouble]:
    for each in raised:
        kind, _dot, name = each.what.partition(".")
        if kind in {"door", "lock"}:
            yield _told(each.detail, station, each.since, name)
        else:
            yield _told(each.what, station, each.since, each.detail)


def _told(what: str, station: str, since: float, detail: str) -> Trouble:
    """As a station calls it, in words that every database and every form gives back: by its name a cause is found again."""
    return Trouble(visible(what), station, since, visible(detail))


def _waiting(known: Known, now: float) -> Iterator[Trouble]:
    if known.gathered is not None and now - known.gathered > UNPUBLISHED_AFTER:
        yield Trouble("unpublished", "", known.gathered)
    for receiver, since in known.unsent.items():
        yield Trouble(f"unsent.{receiver}", "", since)
    for claim in known.claims:
        if now - claim.made > WAITS:
            yield Trouble("claim", claim.station, claim.made)


def _not_made(known: Known, now: float) -> Iterator[Trouble]:
    """Rounds that are overdue; of several at a station the joined one names each checklist."""
    stations = [(each.code, each.enrolled or 0.0) for each in known.stations if each.state == "enrolled"]
    for each in standings(stations, known.checklists, known.rounds, now):
        if each.overdue:
            yield Trouble(OVERDUE, each.station, end_of_day(each.due), each.checklist)


def _running_short(known: Known) -> Iterator[Trouble]:
    """What is handed out and must be brought soon; of several things at a station the joined one names each."""
    enrolled = set(known.enrolled)
    for each in known.short:
        if each.station in enrolled:
            yield Trouble(LITTLE if each.pieces else EMPTY, each.station, each.at, each.item)


def _said(case: Case, day: str) -> Iterator[Trouble]:
    """What somebody said there that cannot wait, and what has waited for too long."""
    if case.urgent and case.open:
        yield Trouble(f"voice.{case.what}", case.station, case.said)
    if case.unowned(day):
        yield Trouble("voice.unowned", case.station, end_of_day(case.own_by))
    elif case.overdue(day):
        yield Trouble("voice.overdue", case.station, end_of_day(case.due))
