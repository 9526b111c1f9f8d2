"""What is wrong now: of all that is told of stations and server, one line for one cause.

A trouble is one thing at one station. The same trouble at most stations of a place (a district, a city, a province: the first
six, four or two digits of their codes, or none) is one cause there, and any other is a cause of its own. Silence has one cause
only where it began within minutes; other troubles begin by the clocks of stations, which may be wrong.
"""

from __future__ import annotations

import enum
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from itertools import pairwise
from typing import Final

from msgspec import Struct

LEVELS: Final = (0, 2, 4, 6)
"""How many digits of a station's code name a place, the widest first."""

FEWEST: Final = 3
"""Stations of one cause, at the least."""

LASTS: Final = 0.25
"""Of a place's stations, the share down to which what most of them had is one cause there."""

WITHIN: Final = 600.0
"""Seconds from the first station of a place to fall silent to the last: a line that is cut, or a power failure."""

SILENT: Final = "silent"

HOUR: Final = 3600.0
MOST_SAID: Final = 12
"""Causes of a kind that strangers make urgent within an hour, all over; the rest of all hours and kinds is one."""

MUCH_SAID: Final = "voice.many"
OVERDUE: Final = "round.overdue"
EMPTY: Final = "stock.empty"
LITTLE: Final = "stock.little"
WAITING: Final = frozenset({"voice.unowned", "voice.overdue", OVERDUE, EMPTY, LITTLE})
"""What waits for people: one cause of a district from FEWEST stations on, at however many of them it does."""


class Urgency(enum.IntEnum):
    """What a duty officer looks at first: doors that keep people out or do not close, then danger, then all that is measured.

    SAID: what strangers say is urgent. No number of them stands before anything that a station tells.
    """

    DOOR = 0
    SAFETY = 1
    OTHER = 2
    SAID = 3
    LATER = 4


URGENT: Final[tuple[tuple[str, Urgency], ...]] = (
    (SILENT, Urgency.DOOR),
    ("forced_open", Urgency.DOOR),
    ("jammed", Urgency.DOOR),
    ("fault.scanner*", Urgency.DOOR),
    ("fault.pin.*", Urgency.DOOR),
    ("fault.settings", Urgency.DOOR),
    ("fault.*.exit", Urgency.DOOR),
    ("server.cannot_sign", Urgency.DOOR),
    ("fire", Urgency.SAFETY),
    ("alarm.*", Urgency.SAFETY),
    ("fault.tamper", Urgency.SAFETY),
    ("server.two_stations", Urgency.SAFETY),
    ("unpublished", Urgency.SAFETY),
    ("voice.unowned", Urgency.LATER),
    ("voice.overdue", Urgency.LATER),
    ("voice.*", Urgency.SAID),
    (OVERDUE, Urgency.LATER),
    ("stock.*", Urgency.LATER),
    ("claim", Urgency.LATER),
)
"""By a pattern of the trouble, the first that fits."""


class Trouble(Struct, frozen=True, order=True):
    """Something is wrong at a station (the server, where it is empty) since that time; `detail` says more, if there is more."""

    what: str
    station: str
    since: float
    detail: str = ""


class Cause(Struct, frozen=True):
    """One thing that is wrong: at these stations, or where there are none at the server.

    `place` is the station's code, or the digits that most stations of a place begin with (`whole`), of which `of` are enrolled.
    """

    what: str
    place: str
    whole: bool
    stations: tuple[str, ...]
    of: int
    since: float
    detail: str

    @property
    def key(self) -> str:
        """Names it for as long as it lasts."""
        return f"{self.what}@{self.place}" + "*" * self.whole

    @property
    def urgency(self) -> Urgency:
        """How urgent it is."""
        return urgency(self.what)


@lru_cache(4096)
def urgency(what: str) -> Urgency:
    """How urgent a trouble is."""
    return next((each for pattern, each in URGENT if fnmatchcase(what, pattern)), Urgency.OTHER)


def by_strangers(what: str) -> bool:
    """Whether it comes of what people said."""
    return what.startswith("voice.")


def causes(troubles: Iterable[Trouble], enrolled: Iterable[str], before: Collection[str] = ()) -> list[Cause]:
    """The causes of these troubles, the most urgent first. `enrolled`: the codes of all stations that are in service.

    `before`: the keys of causes that were there already; one of a place stays one until fewer than a quarter of its stations
    have it, or fewer than three.
    """
    places = Places(enrolled)
    kinds: dict[str, dict[str, Trouble]] = {}
    for each in sorted(troubles):
        at = kinds.setdefault(each.what, {})
        at[each.station] = _joined(at[each.station], each) if each.station in at else each
    found = [cause for at in kinds.values() for cause in _of_one_kind(at, places, before)]
    return sorted(_few_said(found, places), key=lambda each: (each.urgency, -len(each.stations), each.since, each.key))


def _few_said(found: Collection[Cause], places: Places) -> Iterator[Cause]:
    """All of them; of what strangers make urgent the first few of each hour, and one for the rest."""
    yield from (each for each in found if each.urgency is not Urgency.SAID)
    counts, rest = Counter[tuple[str, int]](), list[Cause]()
    for each in sorted(
        (each for each in found if each.urgency is Urgency.SAID), key=lambda each: (each.since, each.key)
    ):
        hour = (each.what, int(each.since // HOUR))
        counts[hour] += 1
        if counts[hour] <= MOST_SAID:
            yield each
        else:
            rest.append(each)
    if rest:
        stations = tuple(sorted({code for each in rest for code in each.stations}))
        yield Cause(MUCH_SAID, "", True, stations, places.count[""], min(each.since for each in rest), "")


def _joined(first: Trouble, second: Trouble) -> Trouble:
    """The same at one station twice, such as at two of its doors."""
    details = dict.fromkeys(detail for detail in (first.detail, second.detail) if detail)
    return Trouble(first.what, first.station, min(first.since, second.since), ", ".join(details))


class Places:
    """The places in which stations stand, and how many stand in each."""

    def __init__(self, enrolled: Iterable[str]) -> None:
        self.codes = frozenset(enrolled)
        self.count = Counter[str]()
        for level in LEVELS:
            self.count.update(code[:level] for code in self.codes if len(code) > level)
        narrower = (
            (each[:wide], each) for wide, narrow in pairwise(LEVELS) for each in self.count if len(each) == narrow
        )
        self._same = {wide for wide, narrow in narrower if self.count[wide] == self.count[narrow]}

    def of(self, codes: Iterable[str], level: int) -> dict[str, list[str]]:
        """By place of that level; where all stations of one stand in a narrower one, it is that one that counts."""
        found: dict[str, list[str]] = {}
        for code in codes:
            if len(code) > level and code in self.codes and code[:level] not in self._same:
                found.setdefault(code[:level], []).append(code)
        return found

    def most(self, place: str, codes: Collection[str]) -> bool:
        """Whether these are most of a place's stations, and not only those of one place within it."""
        if len(codes) < FEWEST or 2 * len(codes) <= self.count[place]:
            return False
        if len(place) == LEVELS[-1]:
            return True
        within = Counter(_within(code, place) for code in codes)
        return sum(2 * count > self.count.get(each, 1) for each, count in within.items()) > 1

    def still(self, place: str, codes: Collection[str]) -> bool:
        """Whether so many of a place's stations have what most had before: it neither flickers nor lasts for ever."""
        return len(codes) >= max(FEWEST, LASTS * self.count[place])


def _within(code: str, place: str) -> str:
    """The next narrower place, or the station itself."""
    return code[: next(level for level in LEVELS if level > len(place))]


def _of_one_kind(at: Mapping[str, Trouble], places: Places, before: Collection[str]) -> Iterator[Cause]:
    left = dict(at)
    for level in LEVELS if len(at) >= FEWEST else ():
        for place, codes in sorted(places.of(sorted(left), level).items()):
            members = _together([left[code] for code in codes])
            cause = _cause(place, members, places.count[place], whole=True)
            named = [each.station for each in members]
            stays = cause.key in before and places.still(place, named)
            if places.most(place, named) or stays or _waits(cause):
                yield cause
                left = {code: each for code, each in left.items() if code not in set(named)}
    yield from (_cause(each.station, [each], 1, whole=False) for each in left.values())


def _waits(cause: Cause) -> bool:
    return cause.what in WAITING and len(cause.place) == LEVELS[-1] and len(cause.stations) >= FEWEST


def _together(troubles: list[Trouble]) -> list[Trouble]:
    """Of silence the most that began within minutes of each other, the first if there are two such; of all else every one."""
    if troubles[0].what != SILENT:
        return troubles
    ordered = sorted(troubles, key=lambda each: (each.since, each.station))
    times = [each.since for each in ordered]
    ends = [bisect_right(times, since + WITHIN) for since in times]
    first = max(range(len(times)), key=lambda at: (ends[at] - at, -at))
    return ordered[first : ends[first]]


def _cause(place: str, members: list[Trouble], of: int, *, whole: bool) -> Cause:
    details = Counter(each.detail for each in members)
    detail = min(details, key=lambda each: (-details[each], each))
    stations = tuple(sorted(each.station for each in members if each.station))
    return Cause(members[0].what, place, whole, stations, of, min(each.since for each in members), detail)
