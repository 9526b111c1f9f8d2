"""Whether a station is open, in words for whoever stands before it, or may walk there."""

from __future__ import annotations

from msgspec import Struct

from kiosk.central.openness import Openness
from kiosk.central.public.clock import ago, day_and_hour
from kiosk.central.publicly import PublicStation
from kiosk.central.stops import PlannedStop, Where
from kiosk.language import _, chinese, of_languages


class Said(Struct, frozen=True):
    """Whether it is open, in words; `kind` is yes, no or unknown. `where`: of one on wheels, at which stop it is or will be."""

    kind: str
    word: str
    why: str
    hours: str = ""
    where: str = ""


class StopLine(Struct, frozen=True):
    """A stop of the list: its name, and from when to when."""

    name: str
    times: str


def name_of(station: PublicStation) -> str:
    """What it is called, by the language of whoever asks; its code where it has no name."""
    english = station.sheet.name_en
    return (english if english and not chinese() else station.name) or english or station.printed


def said(station: PublicStation, now: float) -> Said:
    """The answer to whoever stands before it, or may walk there."""
    if not station.enrolled:
        return Said("unknown", _("Not in service yet"), _("This station stands in the register, and has not begun."))
    found = station.openness(now)
    words = {"yes": _("Open"), "no": _("Closed"), "unknown": _("Not known whether it is open")}
    place = station.where(now)
    if place is None:
        return Said(found.open, words[found.open], _why(station, found, now), _hours(found, now))
    elsewhere = {"on_the_way": _("On the way"), "planned": _("Not there yet")}
    word = words[found.open] if place.state in {"here", "unknown"} else elsewhere[place.state]
    closes_first = place.state == "here" and (found.next_change or place.stop.ends) < place.stop.ends
    hours = _hours(found, now) if closes_first else ""
    return Said(found.open, word, _why(station, found, now), hours, where_words(place, now))


def where_words(place: Where, now: float) -> str:
    """Where a station on wheels is."""
    name = of_languages(place.stop.texts)
    begins, ends = (day_and_hour(each, now) for each in (place.stop.begins, place.stop.ends))
    match place.state:
        case "here":
            return _("It is here until {when}: {stop}.", when=ends, stop=name)
        case "on_the_way" if now < place.stop.begins:
            return _("It is on the way to {stop}, where it is to be from {when}.", stop=name, when=begins)
        case "on_the_way":
            return _("It is on the way to {stop}, where it is to be until {when}.", stop=name, when=ends)
        case "planned":
            return _("It is to be at {stop} from {begins} until {ends}.", stop=name, begins=begins, ends=ends)
        case "unknown" if place.since is not None:
            since = day_and_hour(place.since, now)
            return _("Not known since {when}: it should be at {stop}.", when=since, stop=name)
        case "unknown":
            return _("It should be at {stop}. Whether it is, nobody knows.", stop=name)


def stop_line(stop: PlannedStop, now: float) -> StopLine:
    """For the list of those that come."""
    begins, ends = (day_and_hour(each, now) for each in (stop.begins, stop.ends))
    return StopLine(of_languages(stop.texts), _("{begins} to {ends}", begins=begins, ends=ends))


def _why(station: PublicStation, found: Openness, now: float) -> str:
    heard = station.evidence.heard
    match found.why:
        case "heard":
            return _("It said so itself {ago}.", ago=ago(now - (heard or now)))
        case "hours":
            return ""
        case "locked_down":
            return _("Somebody has locked it down for now.")
        case "fire":
            return _("There is a fire alarm. Keep away.")
        case "silent" if heard is not None and station.sheet.attended:
            return _("Nothing was heard of it since {when}.", when=day_and_hour(heard, now))
        case "silent":
            return _("Nothing was heard of it for more than a quarter of an hour.")
        case "no_hours":
            return _("It was heard {ago}, but nobody has said its hours here.", ago=ago(now - (heard or now)))
        case "elsewhere" | "lost":
            return ""


def _hours(found: Openness, now: float) -> str:
    """What its hours say, and until when."""
    if found.by_hours is None:
        return ""
    if found.next_change is None:
        return _("Its hours are day and night.") if found.by_hours else _("It has no hours this week.")
    when = day_and_hour(found.next_change, now)
    if found.by_hours:
        return _("By its hours it is open until {when}.", when=when)
    return _("By its hours it opens {when}.", when=when)
