"""Orders about many at once: each line is judged by itself and told what became of it; all that is done is one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import Struct, convert

from kiosk.central.issuing.asked import Answered, Asked
from kiosk.central.issuing.holders import wanted
from kiosk.central.issuing.strict import wrong_in
from kiosk.central.passes import STAFF, Wanted, wrong_with
from kiosk.central.store.people import Credential
from kiosk.contract.bodies import FieldError
from kiosk.contract.issuing import BulkIssue, BulkRevoke, Line, Lines, NewHolder
from kiosk.foreign import visible
from kiosk.language import _
from kiosk.trust.status import Status

LONGEST_NAME: Final = 64


class Judged(Struct, frozen=True):
    """A line of an order: what it orders, or what is wrong with it."""

    holder: str
    wanted: Wanted | None
    wrong: list[FieldError]


def issue(asked: Asked, order: BulkIssue) -> Answered:
    """Credentials for all whose lines are right; one act in the audit, which says how many."""
    judged = _beside_others([_read(asked, each) for each in order.holders], asked)
    new = [each.wanted for each in judged if each.wanted]
    if new:
        asked.passes.register(new, [], asked.scope.prefix, asked.by())
    lines = [Line(each.holder, "issued" if each.wanted else "refused", each.wrong) for each in judged]
    return Answered(Lines(lines))


def _read(asked: Asked, line: dict[str, Any]) -> Judged:
    holder = visible(f"{line.get('holder', '')}"[:LONGEST_NAME])
    if wrong := [*wrong_in(line, NewHolder)]:
        return Judged(holder, None, wrong)
    meant = wanted(convert(line, NewHolder), asked)
    wrong = [FieldError(*each) for each in wrong_with(meant, asked.now, asked.scope.prefix)]
    return Judged(holder, None if wrong else meant, wrong)


def _beside_others(lines: list[Judged], asked: Asked) -> list[Judged]:
    """As it is beside what there is, and what the lines before it order."""
    meant = [each.wanted for each in lines if each.wanted]
    held = asked.store.credentials_of({each.holder for each in meant})
    taken = {holder for holder, passes in held.items() if any(each.counts for each in passes)}
    cards = {*asked.store.on_cards({each.card for each in meant if each.card})}
    found = []
    for each in lines:
        wrong = [*_twice(each.wanted, taken, cards)] if each.wanted else each.wrong
        found.append(Judged(each.holder, None if wrong else each.wanted, wrong))
        if each.wanted and not wrong:
            taken.add(each.wanted.holder)
            cards |= {each.wanted.card} - {""}
    return found


def _twice(meant: Wanted, holders: set[str], cards: set[str]) -> Iterator[FieldError]:
    if meant.holder in holders:
        yield FieldError("holder", _("has a pass already: renew it, or replace its card"))
    if meant.card in cards:
        yield FieldError("card", _("is another pass's already"))


def revoke(asked: Asked, order: BulkRevoke) -> Answered:
    """Revoke what counts of each of these holders."""
    known = asked.store.credentials_of(order.holders, asked.scope)
    own = {holder: _own(known.get(holder, [])) for holder in order.holders}
    asked.passes.set_status(_counting(own), Status.REVOKED, asked.by(order.reason))
    return Answered(Lines([_line(holder, own[holder]) for holder in order.holders]))


def _own(passes: list[Credential]) -> list[Credential]:
    return [each for each in passes if each.facts.pass_class not in STAFF]


def _counting(own: Mapping[str, list[Credential]]) -> list[Credential]:
    return [each for passes in own.values() for each in passes if each.counts]


def _line(holder: str, passes: list[Credential]) -> Line:
    if not passes:
        return Line(holder, "refused", [FieldError("holder", _("There is no such holder."))])
    return Line(holder, "revoked" if any(each.counts for each in passes) else "unchanged")
