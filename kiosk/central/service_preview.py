"""What a service looks like at a station, as lines: what it is, where and when, and what is read in each language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import assert_never

from kiosk.central.service_kinds import texts_of
from kiosk.central.sheets import facility_words
from kiosk.foreign import visible
from kiosk.index.poll import poll_id, poll_words, read_poll
from kiosk.language import _
from kiosk.trust.ledger import indices_in
from kiosk.trust.passes import PassClass
from kiosk.trust.service import (
    AnsweredCase,
    Answers,
    Body,
    Campaign,
    Checklist,
    Doctor,
    Event,
    Item,
    Ledger,
    Notice,
    PollBody,
    Question,
    ServiceDocument,
    Sheet,
    Stop,
)
from kiosk.wording.words import service_word, thing_said, when, word


def preview_of(head: ServiceDocument, body: Body | None) -> list[str]:
    """All of it; of a kind that is not read here only the first line."""
    where = head.station or _("every station")
    times = f"{when(head.begins)} – {when(head.ends)}"
    lines = [_("{kind} for {station}, {times}", kind=service_word(head.kind), station=where, times=times)]
    if body is None:
        return lines
    lines += [f"  {visible(line)}" for line in _about(body)]
    for language in languages(body):
        read = [line for text in said_in(body, language) for line in text.splitlines()]
        lines += [visible(f"  {language}  {line}") for line in read]
    return lines


def languages(body: Body) -> list[str]:
    """Each for which it brings a text, in the order in which they come."""
    return [*dict.fromkeys(language for _at, texts in texts_of(body) for language in texts)]


def _about(body: Body) -> Iterator[str]:
    """What is the same in every language."""
    match body:
        case Notice(urgent=True):
            yield _("urgent")
        case Event(starts=starts, picture=picture):
            yield _("It starts on {time}", time=when(starts))
            if picture:
                yield _("With a picture of {kilobytes:.0f} kB", kilobytes=picture.size / 1000)
        case PollBody(poll):
            yield from poll_lines(poll)
        case Checklist(every=every):
            yield _("A round each {days} days", days=every)
        case Sheet(facilities=facilities, also=also, place=place):
            if place:
                yield _("It stands at {latitude:g}, {longitude:g}", latitude=place.latitude, longitude=place.longitude)
            words = {f"{name}": called for name, called in facility_words().items()}
            if facilities:
                yield _("It has: {facilities}", facilities=_(", ").join(words.get(each, each) for each in facilities))
            if also:
                yield _("Passes of {prefixes} are good there, too", prefixes=_(", ").join(also))
        case Campaign():
            yield from _of_campaign(body)
        case Ledger():
            yield _("Of the campaign {id}, as it was known on {time}", id=body.campaign, time=when(body.at))
            yield _("{count} had one", count=sum(1 for _index in indices_in(body)))
        case Stop(latitude=latitude, longitude=longitude, radius=radius, prefix=prefix):
            where = {"latitude": latitude, "longitude": longitude, "radius": radius}
            yield _("It stands at {latitude:g}, {longitude:g}, give or take {radius} m", **where)
            yield _("Passes of {prefixes} are good there, too", prefixes=prefix)
        case Doctor():
            yield from _of_doctor(body)


def _of_campaign(body: Campaign) -> Iterator[str]:
    if body.without_pass:
        yield _("{item}: without a pass, as many as a steward hands over", item=body.item)
        return
    often = {"once": _("one for each holder"), "day": _("one a day"), "week": _("one a week")}
    classes = _(", ").join(_class(each) for each in body.classes)
    yield _("{item}: {often}; for: {classes}", item=body.item, often=often[body.per], classes=classes)
    if body.slots:
        slots = _(", ").join(body.slots)
        yield _("From {slots}; where a station has none of these slots, a steward hands it over", slots=slots)
    else:
        yield _("A steward hands it over")
    stale = {
        "home_only": _("only to holders of the station itself"),
        "count_only": _("to everybody, and what was given twice is counted later"),
        "stop": _("to nobody"),
    }
    minutes = body.ledger_max_age // 60
    yield _("After {minutes} minutes without the network: {whom}", minutes=minutes, whom=stale[body.when_stale])


def _class(number: int) -> str:
    names = {int(each): each.name.lower() for each in PassClass}
    return word(names.get(number, number))


def _of_doctor(body: Doctor) -> Iterator[str]:
    yield _("To call: {number}; by the worker's own phone: {url}", number=body.call, url=body.url)
    if body.hours:
        yield _("When: {hours}", hours=_(", ").join(body.hours))
    for key in body.keys:
        yield _("The hospital's key {kid} releases: {items}", kid=key.kid.hex(), items=_(", ").join(key.items))


def poll_lines(data: bytes) -> Iterator[str]:
    """What everybody can compare; the board's own program shows the rest."""
    poll = read_poll(data)
    yield _("The poll's words: {words}", words=poll_words(data))
    yield _("Its id, the SHA-256 of its file: {id}", id=poll_id(data).hex())
    yield _(
        "Held from {begins} to {ends} at {stations}",
        begins=when(poll.begins),
        ends=when(poll.ends),
        stations=_(", ").join(poll.stations),
    )
    yield _("{count} slips; valid from {quorum} ballots on", count=len(poll), quorum=poll.quorum)


def said_in(body: Body, language: str) -> Iterator[str]:
    """What is read in that language; where a text has not that one, as at the station."""
    match body:
        case (
            Notice(texts)
            | Question(texts)
            | Event(texts)
            | Sheet(texts)
            | Campaign(texts)
            | Stop(texts)
            | Doctor(texts)
        ):
            yield text_in(texts, language)
        case Ledger(stock=stock):
            for each in stock:
                yield _(
                    "{station}: {count} left at {time}",
                    station=text_in(each.texts, language),
                    count=each.left,
                    time=when(each.at),
                )
        case PollBody():
            return  # the board's own program shows what is asked
        case Answers(cases):
            for case in cases:
                yield _case(case, language)
        case Checklist(texts, items):
            yield text_in(texts, language)
            for item in items:
                yield _item(item, language)
        case _:
            assert_never(body)


def text_in(texts: Mapping[str, str], language: str) -> str:
    """The text in that language; else in Chinese, else the first."""
    return texts.get(language) or texts.get("zh") or next(iter(texts.values()), "")


def _case(case: AnsweredCase, language: str) -> str:
    late = _(", overdue since {day}", day=case.due) if case.late else ""
    return f"{case.since} {thing_said(case.place, case.what)}: {word(case.state)}{late} {text_in(case.words, language)}"


def _item(item: Item, language: str) -> str:
    text = text_in(item.texts, language)
    if item.kind == "month":
        return _("- {text}: the month of expiry", text=text)
    if item.proof is None:
        return _("- {text}: yes or no", text=text)
    least, most = item.proof.least, item.proof.most
    bounds = [f"≥ {least:g}" if least is not None else "", f"≤ {most:g}" if most is not None else ""]
    return _(
        "- {text}: by {sensor} {bounds}", text=text, sensor=item.proof.sensor, bounds=" ".join(filter(None, bounds))
    )
