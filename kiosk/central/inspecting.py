"""How stations stand with their checklists, asked of the store; and in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from kiosk.central.figures import local
from kiosk.central.scope import Scope
from kiosk.central.store import CentralStore
from kiosk.central.voices.rounds import Listed, Round, Standing, standings
from kiosk.language import _, of_languages
from kiosk.wording.words import when, word

CLEANED_WITHIN: Final = 30
"""Days of which it is told how often it was cleaned."""

MINUTE: Final = "%Y-%m-%d %H:%M"


class Told(Struct, frozen=True):
    """A standing in words: of each item what is wrong with it, or when it ends."""

    station: str
    checklist: str
    last: str
    due: str
    overdue: bool
    wrong: tuple[str, ...]
    soon: tuple[str, ...]
    cleaned: str


def overview(store: CentralStore, scope: Scope, prefix: str, now: float) -> list[Standing]:
    """Of the stations in service within both, what is overdue longest first."""
    stations = [(code, at) for code, _key, at in store.stations(Scope(prefix)) if scope.covers(code)]
    since = (date.fromisoformat(local(now)[0]) - timedelta(days=CLEANED_WITHIN - 1)).isoformat()
    cleaned = store.cleanings(scope, prefix, since)
    found = standings(stations, store.checklists().values(), store.last_rounds(scope, prefix), now)
    return [replace(each, cleaned=cleaned[each.station]) if each.station in cleaned else each for each in found]


def told(each: Standing, listed: Mapping[str, Listed]) -> Told:
    """A standing, for people."""
    checklist = listed[each.checklist]
    months = each.last.months if each.last else {}
    return Told(
        each.station,
        of_languages(checklist.said.texts),
        when(each.last.at, form=MINUTE) if each.last else _("never"),
        _by_when(each),
        each.overdue,
        (*wrong_words(each.no, checklist), *_ends(each.ended, months, checklist)),
        _ends(each.ending, months, checklist),
        _cleaned(each),
    )


def wrong_words(items: Iterable[str], checklist: Listed | None) -> tuple[str, ...]:
    """What was not as it is to be."""
    return tuple(item_word(each, checklist) for each in items)


def item_word(key: str, checklist: Listed | None) -> str:
    """What a round looks at; its key where the checklist has it no longer."""
    items = checklist.said.items if checklist else ()
    return next((of_languages(each.texts) for each in items if each.key == key), key)


def result_word(made: Round, key: str) -> str:
    """What a round found of it."""
    result = made.results[key]
    said = result if result in made.months.values() else word(result)
    return f"{said} ({_('by its sensor')})" if key in made.proven else said


def _ends(keys: Iterable[str], months: Mapping[str, str], checklist: Listed) -> tuple[str, ...]:
    return tuple(f"{item_word(each, checklist)} ({months[each]})" for each in keys)


def _by_when(each: Standing) -> str:
    return _("round overdue since {day}", day=each.due) if each.overdue else _("next round by {day}", day=each.due)


def _cleaned(each: Standing) -> str:
    if each.cleaned is None:
        return ""
    times, last = each.cleaned
    return _(
        "cleaned {count} times in {days} days, last {when}",
        count=times,
        days=CLEANED_WITHIN,
        when=when(last, form=MINUTE),
    )


def line(each: Told) -> str:
    """All of it in one line."""
    parts = (
        _("last round: {when}", when=each.last),
        each.due,
        _("not as it is to be: {items}", items=_(", ").join(each.wrong)) if each.wrong else "",
        _("ends soon: {items}", items=_(", ").join(each.soon)) if each.soon else "",
        each.cleaned,
    )
    return f"{each.station}  {each.checklist}  " + _("; ").join(filter(None, parts))
