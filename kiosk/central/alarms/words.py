"""What is wrong, in words: one line for one cause, on the pages, in mails, and at the terminal."""

from __future__ import annotations

from typing import Protocol

import msgspec

from kiosk.central.alarms.sending import Letter
from kiosk.central.alarms.settings import AlarmSettings
from kiosk.central.alarms.telling import Event, Line
from kiosk.central.store.messages import Body, Message
from kiosk.foreign import visible
from kiosk.language import _, speaking, told
from kiosk.wording.names import Names
from kiosk.wording.words import SHORT, in_zone, when, word


class Wrong(Protocol):
    """A cause, or a message's line of one."""

    @property
    def what(self) -> str:
        """The trouble."""

    @property
    def place(self) -> str:
        """A station's code, or a place's digits."""

    @property
    def whole(self) -> bool:
        """Whether it is of a place."""

    @property
    def detail(self) -> str:
        """What is told of it besides."""


def where(cause: Wrong, name: str = "") -> str:
    """The station, the place, or the server."""
    if not cause.whole:
        return visible(f"{cause.place} {name}".strip()) or _("the server")
    match len(cause.place):
        case 0:
            return _("all stations")
        case 2:
            return _("province {digits}", digits=cause.place)
        case 4:
            return _("city {digits}", digits=cause.place)
        case _:
            return _("district {digits}", digits=cause.place)


def trouble(cause: Wrong) -> str:
    """What is wrong there, with what is told of it besides."""
    detail = told(visible(cause.detail))
    said = _trouble(cause.what)
    return f"{said}{_(': ')}{detail}" if detail else said


def _trouble(what: str) -> str:
    kind, _dot, name = what.partition(".")
    match kind:
        case "silent":
            return _("silent")
        case "forced_open":
            return _("door forced open")
        case "held_open":
            return _("door open too long")
        case "jammed":
            return _("the bolt is not where it should be")
        case "fire":
            return _("the fire input is active: every door is free")
        case "alarm":
            return Names(None).alarm(name)
        case "fault":
            return Names(None).fault(name)
        case "voice":
            return _of_voices(name)
        case "round":
            return _("nobody has made the round of a checklist in time")
        case "stock":
            return _("nothing is left of what is handed out") if name == "empty" else _("little is left to hand out")
        case "lacks":
            return _("has not the newest {document}", document=word(name))
        case _:
            return _at_the_server(kind, name)


def _of_voices(what: str) -> str:
    match what:
        case "did_not_open":
            return _("somebody says that the door did not open")
        case "blocked":
            return _("somebody says that the way in or out is blocked")
        case "dangerous":
            return _("somebody says that there is a danger")
        case "many":
            return _("very many say by phone that something is urgent")
        case "unowned":
            return _("nobody looks after what people have said")
        case _:
            return _("what people have said waits for an answer for too long")


def _at_the_server(kind: str, name: str) -> str:
    match kind:
        case "unpublished":
            return _("revocations wait, and no list says them")
        case "unsent":
            return _("alarms do not reach {receiver}", receiver=name)
        case "claim":
            return _("has a claim, and has not enrolled with it")
        case _:
            return word(name)


def extent(count: int, of: int) -> str:
    """How many of a place's stations have it."""
    return _("{count} of {of} stations", count=count, of=of)


def event_word(event: Event) -> str:
    """What a message says of a cause."""
    return {"raised": _("new"), "reminded": _("still so"), "cleared": _("well again")}.get(event, word(event))


def line(each: Line) -> str:
    """One cause, in one line."""
    parts = [where(each, each.name), trouble(each)]
    if each.whole and each.count:
        parts.insert(1, extent(each.count, each.of))
    since = _("since {when}", when=when(each.since, form=SHORT))
    assigned = _("{account} looks after it", account=each.assigned) if each.assigned else ""
    more = _("and {count} more there", count=each.more) if each.more else ""
    return f"[{event_word(each.event)}] " + _(", ").join(filter(None, (*parts, since, assigned, more)))


def letter(message: Message, rules: AlarmSettings) -> Letter:
    """A message as its receiver reads it."""
    with speaking(rules.language == "zh"), in_zone(rules.tells_in):
        head, lines = subject(message), _lines(message)
    link = f"{rules.office.rstrip('/')}/office/" if rules.office else ""
    data = {"kind": message.kind, "at": message.at, **msgspec.to_builtins(message.body)}
    name = f"yizhan-{message.number}-{message.at:.0f}"
    return Letter(name, head, "\n".join(filter(None, (head, *lines, link))), data)


def subject(message: Message) -> str:
    """A message in one line, for who looks at what was sent, too."""
    match message.kind:
        case "test":
            return _("[stations] a test: alarms reach you here")
        case "daily":
            return _("[stations] every day: {wrong} causes of trouble now", wrong=message.body.wrong)
        case _:
            return _subject(message.body)


def _lines(message: Message) -> list[str]:
    body = message.body
    if message.kind == "daily":
        return [
            _("the audit's newest act: {head}", head=body.head),
            _("Keep this line where nobody of the office can change it."),
        ]
    more = [_("and {count} more", count=body.more)] if body.more else []
    return [*map(line, body.lines), *more]


def _subject(body: Body) -> str:
    """The first cause, if it is one alone; else how many of each."""
    if len(body.lines) == 1 and not body.more:
        each = body.lines[0]
        return _(
            "[stations] {event}: {place}: {trouble}",
            event=event_word(each.event),
            place=where(each, each.name),
            trouble=_trouble(each.what),
        )
    events = [each.event for each in body.lines]
    counts = [f"{event_word(event)} {events.count(event)}" for event in dict.fromkeys(events)]
    return _("[stations] {counts}; {wrong} causes of trouble now", counts=_(", ").join(counts), wrong=body.wrong)
