"""One station: what it is and has, what is wrong, what it told last, and the commands that it was sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, get_args

from msgspec import Struct, convert
from starlette.responses import Response

from kiosk.central.alarms.words import trouble
from kiosk.central.codes import is_public
from kiosk.central.numbers import medicine
from kiosk.central.numbers.period import newest
from kiosk.central.office.asked import Asked, missing, page, to
from kiosk.central.office.inspections import rounds_of, standing_of
from kiosk.central.office.live import stream
from kiosk.central.office.stations import in_words
from kiosk.central.roles import ISSUER, STEWARD, TECHNICIAN, VIEWER
from kiosk.central.sent import sent_commands
from kiosk.central.sheets import EMPTY
from kiosk.central.station_words import waiting
from kiosk.central.stops import PlannedStop, stops_of
from kiosk.central.store import CentralStore
from kiosk.central.store.entries import Held, Wanted
from kiosk.central.store.sightings import OpenFault, StationLine
from kiosk.central.troubles import told_of
from kiosk.central.web.forms import Form
from kiosk.central.wrong import causes
from kiosk.language import _, of_languages
from kiosk.trust.documents import CommandDocument, CommandVerb
from kiosk.wording.names import Names
from kiosk.wording.sentences import sentence
from kiosk.wording.words import stamped, word

ENTRIES: Final = 30
COMMANDS: Final = 10
MEDICINE_DAYS: Final = 30
WITHIN: Final = 300.0
"""Seconds in which a command is obeyed, or not at all."""

VERBS: Final = tuple(verb for verb in get_args(CommandVerb) if verb != "restart")
"""What a page can send; a program is started anew by whoever has a command line."""

DANGEROUS: Final = frozenset({"unlock", "hold_open", "lock_down", "release"})
MOST_STOPS: Final = 20
LONGEST: Final = 24 * 60
"""Minutes for which a command may hold."""

OF_DOORS: Final = (
    "unlocked", "locked", "taken", "not_taken", "interrupted_unlock", "lock_fault", "door_alarm", "operated",
)  # fmt: skip
"""Kinds of entries that tell how a door is."""


class Document(Struct, frozen=True):
    """A kind of documents: the number that the station says it has, and the newest here."""

    kind: str
    held: int
    newest: int


class StopRow(Struct, frozen=True):
    """A stop of a station on wheels: its name, its times, what was told of it last, and when."""

    name: str
    begins: str
    ends: str
    told: str
    told_at: str


class NewCommand(Struct, frozen=True):
    """What the form asks for; `seconds` 0 for the verb's own time."""

    verb: CommandVerb
    door: str
    seconds: int
    reason: str


def told(entries: Iterable[Held], names: Names) -> list[tuple[str, str]]:
    """When and what, of each entry; the newest first."""
    found = [(stamped(each.entry["wall"], str(each.entry.get("quality", "")), None), each.entry) for each in entries]
    return [(at, sentence(entry, names)) for at, entry in reversed(found)]


def last_of_doors(doors: Iterable[str], entries: Iterable[Held], names: Names) -> list[tuple[str, str, str]]:
    """Of each door or slot its name, and when and what was told of it last; empty where it was not."""
    of_doors = [each for each in entries if each.entry["kind"] in OF_DOORS]
    newest = {door: each for each in of_doors if isinstance(door := each.entry.get("door"), str)}
    return [
        (names.door(door), *(told([newest[door]], names)[0] if door in newest else ("", ""))) for door in sorted(doors)
    ]


def documents(line: StationLine, newest: Mapping[str, int]) -> list[Document]:
    """What it holds of what there is."""
    held = (line.seen and line.seen.documents) or {}
    return [Document(kind, held.get(kind, 0), number) for kind, number in newest.items() if kind != "command"]


def read_command(form: Form, doors: Iterable[str]) -> tuple[NewCommand | None, Mapping[str, str]]:
    """The command that a form asks for; or what is wrong, by field."""
    verb, door, minutes, reason = (form.words(each) for each in ("verb", "door", "minutes", "reason"))
    number = int(minutes) if minutes.isascii() and minutes.isdecimal() and len(minutes) < 6 else None
    wrong = {
        "verb": verb not in VERBS and _("Choose one."),
        "door": door not in {"", *doors} and _("It has no such door."),
        "minutes": minutes and (number is None or not 0 < number <= LONGEST) and _("From 1 to {most} minutes.", most=LONGEST),
        "reason": verb in DANGEROUS and not reason and _("This asks for a reason."),
    }  # fmt: skip
    found = {field: words for field, words in wrong.items() if words}
    return (None if found else NewCommand(convert(verb, CommandVerb), door, (number or 0) * 60, reason)), found


def show(asked: Asked) -> Response:
    """The station's page."""
    return _page(asked, _known(asked), Form(), {})


def send(asked: Asked) -> Response:
    """Send it a command: signed, published and written into the audit, or none of it."""
    line = _known(asked)
    doors = (*asked.store.doors(line.code), *asked.store.doors(line.code, slots=True))
    new, wrong = read_command(asked.form, doors)
    if line.state != "enrolled":
        wrong = {"verb": _("Only an enrolled station can be told anything.")}
    if new is None or wrong:
        return _page(asked, line, asked.form, wrong, 422)
    wanted = CommandDocument(1, "x", line.code, new.verb, 0, 0, new.door, seconds=new.seconds)
    with asked.store.transaction():
        sent = asked.issuer.command(wanted, WITHIN)
        why = " ".join(filter(None, (new.door, new.reason)))
        asked.acted(new.verb, line.code, line.code, f"{why} ({sent.id})")
    return to(f"/stations/{line.code}#commands")


def live(asked: Asked) -> Response:
    """Tells the page when anything of it has changed."""
    line = _known(asked)
    return stream(asked, VIEWER, lambda: _mark(asked, line.code))


def _mark(asked: Asked, code: str) -> object:
    lines = asked.store.register(asked.scope, code)
    now = asked.store.last_command(code, asked.now)
    return lines, asked.store.faults(code), asked.store.raised(code), asked.store.ends(code), now


def _known(asked: Asked) -> StationLine:
    found = asked.store.register(asked.scope, asked.path["code"])
    return found[0] if found else missing(_("There is no such station, or it is not one of yours."))


def wrong_here(code: str, faults: list[OpenFault], raised: list[OpenFault]) -> list[tuple[str, float]]:
    """What the station tells that is wrong, the most urgent first: in words, and since when."""
    return [(trouble(each), each.since) for each in causes(told_of(code, faults, raised), [code])]


def medicine_of(asked: Asked, code: str) -> list[tuple[str, int]]:
    """How often its doctor was asked lately, and what became of releases of a medicine, in words."""
    days = newest(asked.now, MEDICINE_DAYS).days
    return [(medicine.told(each), each.times) for each in asked.store.medicine(asked.scope, code, days[0], days[-1])]


def stop_rows(store: CentralStore, code: str, now: float) -> list[StopRow]:
    """Its stops, the next first and then those that are over, with what it told of each."""
    wheels = store.sheets().get(code, EMPTY).wheels
    planned = sorted(stops_of(store, {code}, lambda _code: wheels).get(code, ()), key=lambda each: each.begins)
    told = [each for each in planned if now < each.ends] + [each for each in reversed(planned) if each.ends <= now]
    return [_stop_row(each, now) for each in told[:MOST_STOPS]]


def _stop_row(stop: PlannedStop, now: float) -> StopRow:
    at = stamped(stop.told_at, "", None) if stop.told else ""
    times = stamped(stop.begins, "", None), stamped(stop.ends, "", None)
    told = word(stop.told) if stop.told else _("nothing: nobody knows") if stop.ends <= now else ""
    return StopRow(of_languages(stop.texts), *times, told, at)


def _page(asked: Asked, line: StationLine, form: Form, wrong: Mapping[str, str], status: int = 200) -> Response:
    store, code = asked.store, line.code
    published = store.published_bare(code)
    entries = store.newest(code, "access", Wanted(), ENTRIES)
    doors, slots = store.doors(code), store.doors(code, slots=True)
    names, of_doors = Names(None, slots), store.newest(code, "access", Wanted(OF_DOORS), ENTRIES)
    held = ((line.seen and line.seen.documents) or {}).get("command", 0)
    return page(
        "station",
        asked,
        status,
        line=in_words(line, published, asked.now),
        network=line.seen.address if line.seen else "",
        waiting=waiting(store.queues(code).get(code)),
        doors=last_of_doors(doors, of_doors, names),
        slots=last_of_doors(slots, of_doors, names),
        door_names=doors,
        slot_names=slots,
        documents=documents(line, published.versions(code)),
        wrong_here=wrong_here(code, store.faults(code), store.raised(code)),
        entries=told(entries, names),
        commands=sent_commands(store, code, held, COMMANDS, asked.now)[::-1],
        acts=asked.acts(about=code, most=COMMANDS),
        medicine=medicine_of(asked, code),
        standing=standing_of(asked, code),
        rounds=rounds_of(asked, code),
        stops=stop_rows(asked.store, code, asked.now),
        looks_up=asked.may(ISSUER),
        answers=asked.may(STEWARD),
        sends=asked.may(TECHNICIAN) and line.state == "enrolled",
        verbs=VERBS,
        sheets=asked.may(STEWARD) and is_public(code),
        form=form,
        wrong=wrong,
    )
