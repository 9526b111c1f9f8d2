"""Entries of what a station offers inside, as sentences."""

from __future__ import annotations

from typing import assert_never

from kiosk.core import entries as fact
from kiosk.language import _
from kiosk.wording.names import Names
from kiosk.wording.words import listed, released, span, thing_said, word

OfServices = (
    fact.Rated
    | fact.Voiced
    | fact.Inspected
    | fact.Cleaned
    | fact.Ballots
    | fact.HandedOut
    | fact.Counted
    | fact.Filled
    | fact.Released
    | fact.Consulted
    | fact.StoppedAt
)


def of_services(entry: OfServices, names: Names) -> str:
    """What was said, voted or handed out."""
    match entry:
        case fact.Rated():
            return _rated(entry)
        case fact.Voiced():
            return _voiced(entry)
        case fact.Inspected():
            return _inspected(entry)
        case fact.Cleaned(index, checklist):
            words = _("cleaned, says credential {index}", index=index)
            return words + (f" ({checklist})" if checklist else "") + _numbered(entry)
        case fact.Ballots():
            return _ballots(entry)
        case fact.HandedOut() | fact.Counted() | fact.Filled():
            return _of_supplies(entry, names)
        case fact.Released("", _slot, outcome):
            return _("a release of a medicine that no key vouches for: {outcome}", outcome=released(outcome))
        case fact.Released(release, slot, outcome):
            words = _("medicine by release {release}, {slot}: {outcome}")
            return words.format(release=release[:8], slot=names.door(slot), outcome=released(outcome))
        case fact.Consulted(seconds, ended):
            return _("the doctor's link was shown for {span}: {ended}", span=span(seconds), ended=word(ended))
        case fact.StoppedAt(stop, what):
            return _("stop {stop}: {what}", stop=stop, what=word(what))
        case _:
            assert_never(entry)


def _of_supplies(entry: fact.HandedOut | fact.Counted | fact.Filled, names: Names) -> str:
    match entry:
        case fact.HandedOut():
            return _handed_out(entry, names)
        case fact.Counted(index, item, counted, expected):
            words = _("counted by credential {index}: {count} of {item}", index=index, count=counted, item=item)
            return words + ("" if expected is None else _(", expected {count}", count=expected))
        case fact.Filled(index, slot, item, count, month):
            words = _("filled by credential {index}: {count} of {item}", index=index, count=count, item=item)
            into = _(" into {slot}", slot=names.door(slot)) if slot else ""
            return words + into + (_(", good until the end of {month}", month=month) if month else "")
        case _:
            assert_never(entry)


def _handed_out(entry: fact.HandedOut, names: Names) -> str:
    """Before its slot opens it is on its way; whose it was stands in the token, by its beginning."""
    told = {"campaign": entry.campaign, "item": entry.item, "count": entry.count}
    form = _("{campaign}: {count} of {item} taken") if entry.taken else _("{campaign}: {count} of {item} granted")
    slot = _(", {slot}", slot=names.door(entry.slot)) if entry.slot else ""
    period = _(", for {period}", period=entry.period) if entry.period else ""
    token = _(" (token {token})", token=entry.token[:8]) if entry.token else ""
    return form.format(**told) + slot + period + token


def _ballots(entry: fact.Ballots) -> str:
    words = _("poll {poll}: sealed ballots at its end: {count}", poll=entry.poll[:8], count=len(entry.sealed))
    words += _(", with sealed remarks: {count}", count=len(entry.remarks)) if entry.remarks else ""
    return words + (_(" (part {part} of {parts})", part=entry.part, parts=entry.parts) if entry.parts > 1 else "")


def _rated(entry: fact.Rated) -> str:
    counts = listed(map(str, entry.counts))
    surplus = _(", {surplus} more than came in", surplus=entry.surplus) if entry.surplus else ""
    words = _("{question}: from the best answer to the worst {counts}{surplus}; weeks: {weeks}, who came in: {entered}")
    sums = words.format(
        question=entry.question, counts=counts, surplus=surplus, weeks=entry.weeks, entered=entry.entered
    )
    return sums + _numbered(entry)


def _numbered(entry: fact.Rated | fact.Voiced | fact.Inspected | fact.Cleaned) -> str:
    return _(" (urn {urn}, bundle {number})", urn=entry.urn, number=entry.generation) if entry.urn else ""


def _voiced(entry: fact.Voiced) -> str:
    words = _("said inside: {thing}", thing=thing_said(entry.place, entry.what))
    more = _(", and {count} more said so", count=entry.me_too) if entry.me_too else ""
    return words + more + (_(" (urgent)") if entry.urgent else "") + _numbered(entry)


def _inspected(entry: fact.Inspected) -> str:
    results = listed(f"{item} {word(result)}" for item, result in entry.results.items())
    words = _(
        "inspected by credential {index} ({checklist} {version}): {results}",
        index=entry.index,
        checklist=entry.checklist,
        version=entry.version,
        results=results,
    )
    proven = _("; by sensors: {items}", items=listed(entry.proven)) if entry.proven else ""
    return words + proven + _numbered(entry)
