"""The page with the services of every kind: what is in force, one written as TOML and looked at before, the end of one."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.responses import Response

from kiosk.central.figures import PROVINCE
from kiosk.central.ledgers import withdraw_ledgers
from kiosk.central.offering import doubts, offer, wrong_beside
from kiosk.central.office.asked import Asked, missing, page, to
from kiosk.central.passes import By
from kiosk.central.photos import MOST_BYTES
from kiosk.central.proposals import ServicePublication, propose
from kiosk.central.reach import meant
from kiosk.central.refusals import TooLarge
from kiosk.central.roles import ADMINISTRATOR, STEWARD, Roles
from kiosk.central.service_file import PAGE, Written, read_service_text
from kiosk.central.service_kinds import texts_of
from kiosk.central.service_preview import preview_of
from kiosk.central.services import OtherService, read_service
from kiosk.central.store.services import StoredService
from kiosk.central.web.forms import Form
from kiosk.index.poll import poll_words
from kiosk.language import _, of_languages
from kiosk.settings.loading import told_lines
from kiosk.settings.table import BadSettings
from kiosk.settings.text import as_far_as_readable
from kiosk.trust.service import LEDGER, NOTICE, POLL, Body, PollBody, body_in
from kiosk.wording.words import service_word, when

MOST: Final = 200
"""Services of a list; whoever looks for another names its kind."""

MOST_TEXT: Final = 128 * 1024
FOR: Final[Mapping[str, Roles]] = {
    NOTICE: STEWARD, "question": STEWARD, "event": STEWARD, "answers": STEWARD, "checklist": STEWARD,
    "sheet": ADMINISTRATOR, "campaign": ADMINISTRATOR, "stop": ADMINISTRATOR, "doctor": ADMINISTRATOR,
}  # fmt: skip
"""Who publishes and ends what can be written: who is let in, and what is handed out, is the administrators'."""

MADE_HERE: Final = frozenset({"answers", LEDGER})
"""Of which the centre makes one for each station, or many; only who asks for them sees them."""

SHORT: Final = "%Y-%m-%d %H:%M"


class Row(Struct, frozen=True):
    """A service as the list shows it; `mine`: who looks may end it."""

    id: str
    kind: str
    scope: str
    begins: str
    ends: str
    state: str
    says: str
    mine: bool


class Preview(Struct, frozen=True):
    """What it would look like, at how many stations, with what is doubtful; and its picture, until it is published."""

    lines: list[str]
    reaches: int
    doubts: list[str]
    picture: str


def show(asked: Asked) -> Response:
    """Those for the operator's stations, and the form for another."""
    return _all(asked, "", {})


def change(asked: Asked) -> Response:
    """Show what a text would look like at its stations, or publish it."""
    text = _text(asked.form)
    written, told = _read(asked, text)
    if written is None or told:
        return _all(asked, text, {"text": "\n".join(told)}, 422)
    preview = _previewed(asked, written)
    if asked.form.words("do") != "publish":
        return _all(asked, text, {}, preview=preview)
    if not asked.form.words("reason"):
        return _all(asked, text, {"reason": _("This asks for a reason.")}, 422, preview)
    try:
        return _publish(asked, text, written)
    except OtherService as error:
        where = error.scope or _("every station")
        words = _("This name is a {kind} for {station}: take another.", kind=service_word(error.kind), station=where)
        return _all(asked, text, {"text": f"{PAGE}: id: {words}"}, 422, preview)
    except TooLarge as error:
        return _all(asked, text, {"text": str(error)}, 422, preview)


def _publish(asked: Asked, text: str, written: Written) -> Response:
    head, by = written.head, By(asked.who.name, asked.form.words("reason"))
    if len(head.station) <= PROVINCE and FOR[head.kind] == ADMINISTRATOR:
        propose(asked.store, ServicePublication(text), head.station, by, asked.now)
        return to("/proposals")
    with asked.store.transaction():
        offer(asked.store, asked.issuer, written)
        asked.acted("service published", head.id, head.station, by.reason)
    return to("/services")


def _text(form: Form) -> str:
    """The file that was sent, in whatever coding; else what was typed."""
    return as_far_as_readable(form.file("file", MOST_TEXT) or form.raw("text").encode())


def _read(asked: Asked, text: str) -> tuple[Written | None, list[str]]:
    """The service of a text; or everything that is wrong with it, as the command line says it."""
    if len(text) > MOST_TEXT:
        return None, [_("That is too large: {most} bytes at the most.", most=MOST_TEXT)]
    try:
        found = read_service_text(text, asked.now, lambda _name: _picture(asked.form))
    except BadSettings as error:
        return None, error.errors
    if not asked.scope.covers(found.head.station):
        words = _("Your own stations begin with {prefix}.", prefix=asked.scope.prefix)
        return None, told_lines(PAGE, text, [(("station",), words)])
    if not asked.may(FOR[found.head.kind]):
        return None, told_lines(PAGE, text, [(("kind",), _("Only an administrator publishes one of this kind."))])
    return found, told_lines(PAGE, text, list(wrong_beside(asked.store, found, asked.now)))


def _picture(form: Form) -> bytes:
    """The picture that came with the text, or that it had when it was looked at."""
    raw = form.file("picture", MOST_BYTES) or form.kept
    if not raw:
        raise OSError(_("choose the picture, too"))
    return raw


def _previewed(asked: Asked, written: Written) -> Preview:
    reaches = len(meant(asked.store, written.head.station))
    kept = b64encode(written.picture).decode()
    return Preview(preview_of(written.head, written.body), reaches, [*doubts(asked.store, written)], kept)


def withdraw(asked: Asked) -> Response:
    """End one at every station, and with a campaign its ledgers."""
    found = asked.store.service(asked.form.words("id"))
    if found is None or not asked.scope.covers(found.scope):
        missing(_("There is no such service, or it is for a wider place than yours."))
    if not _may_end(asked, found):
        raise HTTPException(403, _("Your role does not let you do this. An administrator may change it."))
    reason = asked.form.words("reason")
    if not reason:
        return page("service_end", asked, 422, row=_row(asked, found), form=asked.form, wrong=_reasonless())
    with asked.store.transaction():
        if asked.issuer.withdraw_service(found.id):
            withdraw_ledgers(asked.store, asked.issuer, found.id)
            asked.acted("service withdrawn", found.id, found.scope, reason)
    return to("/services")


def _reasonless() -> Mapping[str, str]:
    return {"reason": _("This asks for a reason.")}


def ask_to_withdraw(asked: Asked) -> Response:
    """What would end, and the form that ends it."""
    found = asked.store.service(asked.query.get("id", ""))
    if found is None or not _concerns(asked, found.scope):
        missing(_("There is no such service, or it is for a wider place than yours."))
    return page("service_end", asked, row=_row(asked, found), form=asked.form, wrong={})


def _may_end(asked: Asked, found: StoredService) -> bool:
    return asked.scope.covers(found.scope) and found.kind in FOR and asked.may(FOR[found.kind])


def _row(asked: Asked, each: StoredService) -> Row:
    body = body_in(*read_service(each.body))
    said = _says(body) if body else ""
    state = "ended" if each.ends <= asked.now else "waiting" if each.begins > asked.now else "in force"
    times = when(each.begins, form=SHORT), when(each.ends, form=SHORT)
    mine = state != "ended" and _may_end(asked, each)
    return Row(each.id, service_word(each.kind), each.scope, *times, state, said, mine)


def _says(body: Body) -> str:
    """The first that is read of it; of a poll what is compared."""
    if isinstance(body, PollBody):
        return poll_words(body.poll)
    return next((of_languages(texts) for _at, texts in texts_of(body)), "")


def _concerns(asked: Asked, prefix: str) -> bool:
    return prefix.startswith(asked.scope.prefix) or asked.scope.prefix.startswith(prefix)


def _listed(asked: Asked, kind: str) -> Iterable[StoredService]:
    found = asked.store.services(kind)[::-1]
    return (each for each in found if _concerns(asked, each.scope) and (kind or each.kind not in MADE_HERE))


def _all(
    asked: Asked, text: str, wrong: Mapping[str, str], status: int = 200, preview: Preview | None = None
) -> Response:
    kinds = {each: service_word(each) for each in (*FOR, POLL, LEDGER)}
    kind = asked.query.get("kind", "")
    held = [*_listed(asked, kind if kind in kinds else "")]
    return page(
        "services", asked, status, rows=[_row(asked, each) for each in held[:MOST]], more=max(0, len(held) - MOST),
        kinds=kinds, kind=kind, text=text, form=asked.form, wrong=wrong, preview=preview,
        polls=asked.may(ADMINISTRATOR),
    )  # fmt: skip
