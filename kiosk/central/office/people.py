"""The pages with people's passes: found by pseudonym or card, issued, renewed, replaced, revoked; never by index."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

import segno
from msgspec import Struct
from starlette.responses import Response

from kiosk.central.office.asked import Asked, missing, page, to
from kiosk.central.passes import By, Issued, NotSo, Passes, Wanted, wrong_card, wrong_with
from kiosk.central.people_file import end_of
from kiosk.central.proposals import MOST_AT_ONCE, may_take_away, revoke
from kiosk.central.store.people import Credential
from kiosk.central.web.forms import Form
from kiosk.language import _
from kiosk.trust.passes import PassClass
from kiosk.trust.status import Status
from kiosk.wording.words import when

HOLDS: Final = 60 * 86_400
"""Seconds for which a new pass holds unless somebody says otherwise."""

MOST_FOUND: Final = 100
MOST_LISTED: Final = 5000
CLASSES: Final = {each.name.lower(): each for each in PassClass}
STATUSES: Final = {"revoke": Status.REVOKED, "suspend": Status.SUSPENDED, "restore": Status.VALID}


class Row(Struct, frozen=True):
    """A pass as a page shows it."""

    holder: str
    number: int
    card: str
    pass_class: str
    scope: str
    district: str
    until: str
    state: str
    counts: bool
    over: bool
    changed: str
    changed_by: str
    reason: str


def row_of(each: Credential, now: float) -> Row:
    """What a page shows of a credential: all but its index."""
    facts = each.facts
    return Row(
        each.holder,
        each.number,
        facts.card,
        PassClass(facts.pass_class).name.lower(),
        facts.scope,
        facts.district,
        day_of(facts.until) if facts.until else "",
        each.state,
        each.counts,
        0 < facts.until <= now,
        when(facts.changed, form="%Y-%m-%d %H:%M") if facts.changed else "",
        facts.changed_by,
        facts.reason,
    )


def day_of(until: float) -> str:
    """The last day of a pass that ends with it."""
    return when(until - 1, form="%Y-%m-%d")


def show(asked: Asked) -> Response:
    """Search; without words what to do next."""
    words = asked.query.get("words", "").strip()[:64]
    found = asked.store.find_credentials(words, asked.scope, MOST_FOUND) if words else []
    rows = [row_of(each, asked.now) for each in found]
    waiting = len(asked.store.proposals(asked.scope, asked.now))
    revoked = re.sub("[^0-9]", "", asked.query.get("revoked", ""))[:6]
    return page("people", asked, words=words, rows=rows, most=MOST_FOUND, waiting=waiting, revoked=revoked)


# A new pass.


def read_order(form: Form, now: float, district: str) -> tuple[Wanted | None, Mapping[str, str]]:
    """The pass that a form orders; or what is wrong, by field."""
    until = end_of(form.words("until"))
    kind = CLASSES.get(form.words("class"))
    if until is None or kind is None:
        told = {"until": until is None and _("A day, such as 2027-12-31."), "class": kind is None and _("Choose one.")}
        return None, {field: words for field, words in told.items() if words}
    place = form.words("district") or district
    wanted = Wanted(form.words("holder"), until, form.words("card"), kind, form.words("scope"), place)
    wrong = dict(wrong_with(wanted, now, district))
    return (None if wrong else wanted), wrong


def new(asked: Asked) -> Response:
    """The form for a pass."""
    form = Form({"until": day_of(asked.now + HOLDS), "class": "worker", "district": asked.scope.prefix})
    return _order(asked, form, {})


def issue(asked: Asked) -> Response:
    """Issue it; the page with the code is the only one there is."""
    wanted, wrong = read_order(asked.form, asked.now, asked.scope.prefix)
    if wanted is None:
        return _order(asked, asked.form, wrong, 422)
    order = wanted
    try:
        issued = _acts(asked).issue(order, By(asked.who.name))
    except NotSo as error:
        return _order(asked, asked.form, {error.field: str(error)}, 422)
    return _handed_out(asked, issued)


def _order(asked: Asked, form: Form, wrong: Mapping[str, str], status: int = 200) -> Response:
    return page("people_new", asked, status, form=form, wrong=wrong, classes=[*CLASSES])


def _handed_out(asked: Asked, issued: Issued) -> Response:
    """The code of a pass, to be printed now."""
    code = segno.make_qr(issued.text, error="m", mode="alphanumeric", boost_error=False)
    picture = code.svg_inline(scale=5, border=4, omitsize=False)
    return page("people_code", asked, row=row_of(issued.credential, asked.now), picture=picture, text=issued.text)


def _acts(asked: Asked) -> Passes:
    return Passes(asked.store, asked.issuer)


# One holder.


def one(asked: Asked) -> Response:
    """All passes of a holder, and what was done with them."""
    return holder_page(
        asked, _held(asked, asked.query.get("holder", "")), Form({"until": day_of(asked.now + HOLDS)}), {}
    )


def change(asked: Asked) -> Response:
    """Renew, replace, suspend, restore or revoke one of them, or look its index up; all but a renewal for a reason."""
    held = _held(asked, asked.form.raw("holder"))
    meant = next((each for each in held if f"{each.number}" == asked.form.words("number")), None)
    do = DEEDS.get(asked.form.words("do"))
    if meant is None or do is None:
        missing(_("There is no such pass."))
    by = By(asked.who.name, asked.form.words("reason"))
    if not by.reason and do is not _renew:
        return holder_page(asked, held, asked.form, {"reason": _("This asks for a reason.")}, 422)
    try:
        _count(asked)
        return do(asked, meant, by)
    except NotSo as error:
        field = error.field if error.field in {"card", "until"} else "reason"
        return holder_page(asked, held, asked.form, {field: str(error)}, 422)


def _renew(asked: Asked, held: Credential, by: By) -> Response:
    until = end_of(asked.form.words("until"))
    if until is None:
        raise NotSo("until", _("A day, such as 2027-12-31."))
    for field, why in wrong_with(Wanted(held.holder, until), asked.now):
        if field == "until":
            raise NotSo(field, why)
    return _handed_out(asked, _acts(asked).renew(held, until, by))


def _replace(asked: Asked, held: Credential, by: By) -> Response:
    card = asked.form.words("card")
    if wrong := wrong_card(card):
        raise NotSo("card", wrong)
    return _handed_out(asked, _acts(asked).replace(held, card, by))


def _set_status(asked: Asked, held: Credential, by: By) -> Response:
    _acts(asked).set_status([held], STATUSES[asked.form.words("do")], by)
    return holder_page(asked, _held(asked, held.holder), Form({"until": day_of(asked.now + HOLDS)}), {}, done=True)


def _look_up(asked: Asked, held: Credential, by: By) -> Response:
    index = _acts(asked).look_up(held, by)
    form = Form({"until": day_of(asked.now + HOLDS)})
    return holder_page(asked, _held(asked, held.holder), form, {}, index=(held.number, index))


def _let_go(asked: Asked, held: Credential, by: By) -> Response:
    """Of the login elsewhere: whoever proves that pseudonym there next is this holder."""
    with asked.store.transaction():
        if asked.store.forget_login(held.holder):
            asked.acted("holder login let go", held.holder, held.facts.district, by.reason)
    return holder_page(asked, _held(asked, held.holder), Form({"until": day_of(asked.now + HOLDS)}), {}, done=True)


DEEDS: Final[Mapping[str, Callable[[Asked, Credential, By], Response]]] = {
    "renew": _renew,
    "replace": _replace,
    "look up": _look_up,
    "let go": _let_go,
    **dict.fromkeys(STATUSES, _set_status),
}


def _count(asked: Asked) -> None:
    """Raises NotSo where one person takes too many passes away, one by one."""
    if asked.form.words("do") in TAKES_AWAY and not may_take_away(asked.store, 1, asked.who.name, asked.now):
        raise NotSo("", _("More than {most} a day: as a list, which a second person confirms.", most=MOST_AT_ONCE))


TAKES_AWAY: Final = {"replace", "revoke", "suspend"}


def _held(asked: Asked, holder: str) -> list[Credential]:
    return asked.store.credentials(holder, asked.scope) or missing(_("There is no such holder."))


def holder_page(
    asked: Asked,
    held: list[Credential],
    form: Form,
    wrong: Mapping[str, str],
    status: int = 200,
    *,
    done: bool = False,
    index: tuple[int, int] | None = None,
) -> Response:
    """All passes of a holder, with what is wrong in the form, or was done."""
    rows = [row_of(each, asked.now) for each in reversed(held)]
    acts = asked.acts(about=held[0].holder)
    return page(
        "people_one", asked, status, rows=rows, acts=acts, form=form, wrong=wrong, done=done, index=index,
        holder=held[0].holder, bound=asked.store.has_login(held[0].holder),
    )  # fmt: skip


# Many at once.


def many(asked: Asked) -> Response:
    """The form in which a list of pseudonyms or card numbers is revoked."""
    return _many(asked, Form(), {})


def revoke_many(asked: Asked) -> Response:
    """Revoke a list: all of it, or where a line is wrong nothing. More than a hundred wait for a second person."""
    lines = [*dict.fromkeys(re.split(r"[\s,;，；]+", asked.form.raw("list").strip()))]
    reason = asked.form.words("reason")
    held, unknown = _listed(asked, [each for each in lines if each])
    wrong = {
        "list": _wrong_list(lines, unknown),
        "reason": "" if reason else _("This asks for a reason."),
    }
    if any(wrong.values()):
        return _many(asked, asked.form, {field: words for field, words in wrong.items() if words}, 422)
    waits = revoke(asked.store, asked.issuer, held, asked.scope.prefix, By(asked.who.name, reason))
    return to("/proposals" if waits else f"/people?revoked={len(held)}")


def _listed(asked: Asked, lines: list[str]) -> tuple[list[Credential], list[str]]:
    """The passes that count of these holders and cards, and the lines that mean none."""
    of_holder = asked.store.credentials_of(lines)
    on_card = asked.store.on_cards(lines)
    meant = {
        line: [
            each
            for each in [*of_holder.get(line, []), *([on_card[line]] if line in on_card else [])]
            if each.counts and asked.scope.covers(each.facts.district)
        ]
        for line in lines[:MOST_LISTED]
    }
    held = {each.index: each for found in meant.values() for each in found}
    return [*held.values()], [line for line, found in meant.items() if not found]


def _wrong_list(lines: list[str], unknown: list[str]) -> str:
    if lines == [""]:
        return _("Pseudonyms or card numbers, one a line.")
    if len(lines) > MOST_LISTED:
        return _("{most} lines at the most.", most=MOST_LISTED)
    if unknown:
        few = ", ".join(each[:40] for each in unknown[:10])
        return _("{count} of these have no pass that counts: {few}", count=len(unknown), few=few)
    return ""


def _many(asked: Asked, form: Form, wrong: Mapping[str, str], status: int = 200) -> Response:
    return page("people_revoke", asked, status, form=form, wrong=wrong, most=MOST_AT_ONCE, text=form.raw("list"))
