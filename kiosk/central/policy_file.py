"""A policy as somebody at the union writes it, in TOML: checked whole before anything is published, like the settings.

What it says against itself or against reason is refused, every error at once; what is allowed and hardly meant is warned of.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, get_args

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from kiosk.decoding import UNDECODABLE
from kiosk.language import _, told
from kiosk.opening import parse_hours
from kiosk.settings import ClassName
from kiosk.settings.loading import check_table, told_lines
from kiosk.settings.reading import read_toml, tables_in
from kiosk.settings.table import BadSettings, Table, Wrong, did_you_mean
from kiosk.settings.table import Path as Key
from kiosk.trust.documents import MAX_DOCUMENT, sign_document
from kiosk.trust.passes import PassClass
from kiosk.trust.policy import DoorPolicy, PolicyDocument, Scope, Short

DAY: Final = 86_400
FRESH_LEAST: Final = DAY
"""Seconds; a status list is published once a day."""

STALE_LEAST: Final = 2 * DAY
REFUSING_LEAST: Final = 7 * DAY
"""Seconds of `stale_for` with `refuse_when_old`: a line that is dead over a long weekend would keep every worker out."""

MOST: Final = 400 * DAY
"""Seconds for which a document key holds."""

HOUR_A_WEEK: Final = 60
PAGE: Final = Path("policy")
"""What a text is called that is no file."""

LONG: Final = 366 * DAY
CLASSES: Final = {name: int(PassClass[name.upper()]) for name in get_args(ClassName)}


class BadPolicy(Exception):
    """The file is no policy; `errors` has a line for each thing that is wrong."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__("\n".join(errors))
        self.errors = errors


class ProgrammeFile(Table, frozen=True):
    """An opening with an end; both times carry their offset."""

    name: Short
    begins: datetime
    ends: datetime
    hours: tuple[str, ...] | None = None
    admits: Literal["passes", "everybody"] = "passes"


class DoorFile(Table, frozen=True):
    """The calendar of a door; `always` names classes, or has their numbers."""

    hours: tuple[str, ...] | None = None
    always: tuple[str | int, ...] = ("technician", "steward")
    programmes: tuple[ProgrammeFile, ...] = ()


class PolicyFile(Table, frozen=True):
    """The whole file; see docs/wire.md."""

    station: Scope = ""
    doors: dict[str, DoorFile] = msgspec.field(default_factory=dict)
    fresh_for: int = 2 * DAY
    stale_for: int = 30 * DAY
    refuse_when_old: bool = False
    texts: dict[str, str] = msgspec.field(default_factory=dict)
    nearby: str | dict[str, str] = ""
    by_phone: bool = True


def read_policy(path: Path) -> PolicyDocument:
    """The policy in a file; version and time are given when it is published. Raises BadPolicy with everything that is wrong."""
    try:
        text, raw = read_toml(path)
    except BadSettings as error:
        raise BadPolicy(error.errors) from error
    return _judged(path, text, raw)


def read_policy_text(text: str) -> PolicyDocument:
    """The policy in the text of a page, as that in a file. Raises BadPolicy."""
    try:
        raw = tables_in(text.replace("\r\n", "\n"), PAGE)
    except BadSettings as error:
        raise BadPolicy(error.errors) from error
    return _judged(PAGE, text, raw)


def _judged(path: Path, text: str, raw: dict[str, Any]) -> PolicyDocument:
    try:
        wrong = list(check_table(raw, PolicyFile, ())) or list(_senseless(msgspec.convert(raw, PolicyFile)))
        if wrong:
            raise BadPolicy(told_lines(path, text, wrong))
        return _bounded(path, _document(msgspec.convert(raw, PolicyFile)))
    except UNDECODABLE as error:
        raise BadPolicy([f"{path}: {error}"]) from error


def _bounded(path: Path, policy: PolicyDocument) -> PolicyDocument:
    """The policy, if stations will take it when it is signed. Raises BadPolicy."""
    size = len(sign_document(replace(policy, version=2**52, issued_at=2**40), Ed25519PrivateKey.generate(), bytes(4)))
    if size > MAX_DOCUMENT:
        words = _("a document of {bytes} bytes; stations take {most} at the most", bytes=size, most=MAX_DOCUMENT)
        raise BadPolicy([f"{path}: {words}"])
    return policy


def _document(file: PolicyFile) -> PolicyDocument:
    """The policy as it is signed. Raises msgspec.ValidationError."""
    raw = msgspec.to_builtins(file, builtin_types=(datetime,))
    if file.by_phone:  # as without a word: older stations would tell that they have no use for it
        del raw["by_phone"]
    for name, door in file.doors.items():
        raw["doors"][name]["always"] = [CLASSES.get(str(each), each) for each in door.always]
        for each in raw["doors"][name]["programmes"]:
            each.update(begins=round(each["begins"].timestamp()), ends=round(each["ends"].timestamp()))
    return msgspec.convert({"type": "policy", "version": 1, "issued_at": 0, **raw}, PolicyDocument)


def _senseless(file: PolicyFile) -> Iterator[Wrong]:
    """What is well written and cannot be meant, with the reason."""
    yield from _ages(file)
    for name, door in file.doors.items():
        yield from _door(door, ("doors", name))


def _ages(file: PolicyFile) -> Iterator[Wrong]:
    if file.stale_for < file.fresh_for:
        yield ("stale_for",), _("stale_for is shorter than fresh_for")
    once = _("a list is published once a day")
    weekend = _("with refuse_when_old a line that is dead for some days would keep every worker out")
    outage = _("a station whose line is dead for a day would call its list old")
    least = (REFUSING_LEAST, weekend) if file.refuse_when_old else (STALE_LEAST, outage)
    for name, value, bound, why in (
        ("fresh_for", file.fresh_for, FRESH_LEAST, once),
        ("stale_for", file.stale_for, *least),
    ):
        if value < bound:
            what = _("must be at least {bound} seconds: {why}", bound=bound, why=why)
            yield (
                (name,),
                what + (did_you_mean(str(value * DAY), [value * DAY]) if bound <= value * DAY <= MOST else ""),
            )
        elif value > MOST:
            yield (name,), _("must be at most {bound} seconds: no key holds longer", bound=MOST)


def _door(door: DoorFile, at: Key) -> Iterator[Wrong]:
    for each in door.always:
        if isinstance(each, str) and each not in CLASSES:
            yield (*at, "always"), _("no such class: {name}", name=each) + did_you_mean(each, CLASSES)
        elif isinstance(each, int) and each not in CLASSES.values():
            yield (*at, "always"), _("no such class: {name}", name=each)
    yield from _hours(door.hours, at)
    if door.hours and not door.always and 0 < weekly(door.hours) < HOUR_A_WEEK:
        yield (
            (*at, "hours"),
            _(
                "nobody, not even a technician, gets in but for less than an hour a week; to lock down: "
                "kiosk central command STATION lockdown"
            ),
        )
    for number, programme in enumerate(door.programmes, 1):
        where = (*at, "programmes", str(number))
        yield from _times(programme, where, at)
        yield from _hours(programme.hours, where)


def _times(programme: ProgrammeFile, where: Key, at: Key) -> Iterator[Wrong]:
    """A time without its offset means another instant at each end, so it is refused."""
    naive = [(name, at) for name, at in (("begins", programme.begins), ("ends", programme.ends)) if at.tzinfo is None]
    for name, time in naive:
        yield (*where, name), _("{time} has no offset; write e.g. {time}+08:00", time=time.isoformat())
    if naive:
        return
    if programme.begins.timestamp() < 0:
        yield (*where, "begins"), _("must not be before 1970")
    if programme.ends <= programme.begins:
        name = ".".join(at)
        yield where, _("{name}.{programme} ends before it begins", name=name, programme=programme.name)


def _hours(hours: tuple[str, ...] | None, at: Key) -> Iterator[Wrong]:
    if hours == ():
        yield (*at, "hours"), _("hours are empty")
    for text in hours or ():
        try:
            parse_hours(text)
        except ValueError as error:
            yield (*at, "hours"), told(str(error))


def weekly(hours: tuple[str, ...]) -> int:
    """For how many minutes a week a door is open; 0 when it cannot be told."""
    try:
        return sum(len(days) * length for days, _opens, length in map(parse_hours, hours))
    except ValueError:
        return 0


def policy_warnings(policy: PolicyDocument, now: float) -> Iterator[str]:
    """What is allowed and hardly meant."""
    for name, door in policy.doors.items():
        yield from _door_warnings(f"doors.{name}", door, now)


def _door_warnings(name: str, door: DoorPolicy, now: float) -> Iterator[str]:
    if door.hours is not None and not door.always:
        yield _("{name}: the hours bind technicians and stewards, too", name=name)
    if door.hours is not None and weekly(door.hours) < HOUR_A_WEEK:
        yield _("{name}: open for less than an hour a week", name=name)
    for programme in door.programmes:
        where = f"{name}.{programme.name}"
        if programme.ends <= now:
            yield _("{name}: is over already", name=where)
        elif programme.ends - programme.begins > LONG:
            yield _("{name}: lasts for more than a year", name=where)
