"""The page with which a duty begins: what is wrong now, one line for one cause, the most urgent first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import urlencode

from msgspec import Struct
from starlette.responses import Response

from kiosk.central.alarms.words import extent, trouble, where
from kiosk.central.duty import Incident
from kiosk.central.looking import Wrong
from kiosk.central.office.asked import BY_ITSELF, Asked, page
from kiosk.central.roles import DUTY
from kiosk.central.scope import Scope
from kiosk.central.wrong import MUCH_SAID, Cause, Urgency
from kiosk.language import _
from kiosk.wording.words import SHORT, span, when

EVERY: Final = 30
"""Seconds after which the page loads itself anew; it can be told not to (WCAG 2.2, 2.2.2)."""

MOST: Final = 100
"""Lines that are shown; whoever has more than that chooses a district."""

MOST_PLACES: Final = 30
CLOCK: Final = "%H:%M:%S"


class Row(Struct, frozen=True):
    """A cause in words: where, what, how many, since when, and what was done about it."""

    key: str
    urgency: str
    where: str
    stations: str
    trouble: str
    extent: str
    since: str
    ago: str
    acts: list[str]
    acknowledged: bool
    address: str
    place: str


class Place(Struct, frozen=True):
    """A district, and how many causes are there."""

    prefix: str
    count: int
    chosen: bool


def show(asked: Asked) -> Response:
    """What is wrong within the operator's stations, or within a part of them."""
    wrong = asked.looking.wrong(asked.now)
    chosen = asked.query.get("place", "")[:12]
    causes = wrong.seen_by(asked.scope)
    found = [each for each in causes if within(each, chosen)]
    loud, mute = parted(found, wrong, asked.now)
    still = "still" in asked.query
    answer = page(
        "duty",
        asked,
        groups=grouped(row(each, wrong, asked.now) for each in loud[:MOST]),
        more=max(0, len(loud) - MOST),
        mute=[row(each, wrong, asked.now) for each in mute[:MOST]],
        places=places(causes, chosen),
        chosen=chosen,
        counts=counted(loud),
        stations=len(wrong.stations(Scope(chosen) if asked.scope.covers(chosen) else asked.scope)),
        looked=when(wrong.at, form=CLOCK),
        still=still,
        every=EVERY,
        ours={each.place for each in found if asked.may(DUTY) and asked.scope.covers(each.place)},
        here="?" + urlencode({"place": chosen} if chosen else {}),
    )
    if not still:
        itself = urlencode({**({"place": chosen} if chosen else {}), BY_ITSELF: 1})
        answer.headers["Refresh"] = f"{EVERY}; url=?{itself}"
    return answer


def within(cause: Cause, prefix: str) -> bool:
    """Whether a cause is at some of the stations of a prefix."""
    return cause.place.startswith(prefix) or any(each.startswith(prefix) for each in cause.stations)


def parted(causes: Iterable[Cause], wrong: Wrong, now: float) -> tuple[list[Cause], list[Cause]]:
    """Those that are loud, and those that are mute."""
    quiet = {key for key, each in wrong.incidents.items() if each.mute(now)}
    found: tuple[list[Cause], list[Cause]] = ([], [])
    for each in causes:
        found[each.key in quiet].append(each)
    return found


def row(cause: Cause, wrong: Wrong, now: float) -> Row:
    """A cause in words."""
    incident = wrong.incidents.get(cause.key)
    line = wrong.lines.get(cause.place)
    return Row(
        cause.key,
        cause.urgency.name.lower(),
        where(cause, line.name if line else ""),
        stations_of(cause),
        trouble(cause),
        extent(len(cause.stations), cause.of) if cause.whole else "",
        when(cause.since, form=SHORT),
        span(max(0.0, now - cause.since)),
        done(incident, now) if incident else [],
        incident is not None and incident.acknowledged is not None,
        "/cause?" + urlencode({"key": cause.key}),
        cause.place,
    )


def stations_of(cause: Cause) -> str:
    """The address of the station, or of the list of the place's stations or of what was said; empty for the server."""
    if cause.what == MUCH_SAID:
        return "/voices?which=urgent"
    if not cause.whole:
        return f"/stations/{cause.place}" if cause.stations and cause.what != "claim" else ""
    return "/stations?" + urlencode({"prefix": cause.place, "state": "silent" if cause.what == "silent" else "faulty"})


def done(incident: Incident, now: float) -> list[str]:
    """What was done about it, the last of each kind, in words."""
    seen = incident.acknowledged
    noted = next((each for each in reversed(incident.notes) if each.why), None)
    muted = next((each for each in reversed(incident.notes) if each.act == "muted"), None)
    words = [
        _("{account} has seen it at {when}", account=seen.account, when=when(seen.at, form="%H:%M")) if seen else "",
        _("{account} looks after it", account=incident.assigned) if incident.assigned else "",
        _("mute until {when}", when=when(muted.until or 0, form=SHORT)) if muted and incident.mute(now) else "",
        _("{account}: {words}", account=noted.account, words=noted.why) if noted else "",
    ]
    return [each for each in words if each]


def grouped(rows: Iterable[Row]) -> list[tuple[str, str, list[Row]]]:
    """By urgency: its name, its title, its rows."""
    titles = titles_of_urgency()
    found: dict[str, list[Row]] = {name: [] for name in titles}
    for each in rows:
        found[each.urgency].append(each)
    return [(name, titles[name], each) for name, each in found.items() if each]


def titles_of_urgency() -> Mapping[str, str]:
    """What each urgency is called, the highest first."""
    return {
        Urgency.DOOR.name.lower(): _("Doors"),
        Urgency.SAFETY.name.lower(): _("Danger"),
        Urgency.OTHER.name.lower(): _("To be mended"),
        Urgency.SAID.name.lower(): _("Said by phone"),
        Urgency.LATER.name.lower(): _("To be asked"),
    }


def counted(causes: Iterable[Cause]) -> list[tuple[str, str, int]]:
    """How many causes there are of each urgency: its name, its title, the number; of none nothing."""
    found = Counter(each.urgency.name.lower() for each in causes)
    return [(name, title, found[name]) for name, title in titles_of_urgency().items() if found[name]]


def places(causes: Iterable[Cause], chosen: str) -> list[Place]:
    """The districts in which something is wrong, most first."""
    found = Counter(place for each in causes for place in {code[:6] for code in each.stations})
    most = sorted(found.items(), key=lambda each: (-each[1], each[0]))[:MOST_PLACES]
    return [Place(place, count, place == chosen) for place, count in most]
