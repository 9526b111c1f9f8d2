"""The page on which an election board's poll is published: its file as it is, compared by its words, wanted by two persons."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping

from msgspec import Struct
from starlette.responses import Response

from kiosk.central.offering import doubts, wrong_beside
from kiosk.central.office.asked import Asked, page, to
from kiosk.central.passes import By
from kiosk.central.polls import poll_service
from kiosk.central.proposals import PollPublication, propose
from kiosk.central.reach import meant
from kiosk.central.service_file import Written
from kiosk.central.service_preview import preview_of
from kiosk.index.poll import MOST_BYTES, NotAPoll, read_poll
from kiosk.language import _


class Seen(Struct, frozen=True):
    """A poll as it is compared, what is doubtful, at how many stations it is held; and its file, until it is proposed."""

    lines: list[str]
    doubts: list[str]
    reaches: int
    file: str


def show(asked: Asked) -> Response:
    """The form for a file."""
    return _page(asked, {})


def change(asked: Asked) -> Response:
    """Show what a file says, or let the one that was shown wait for a second person."""
    shown = asked.form.kept
    data = asked.form.file("file", MOST_BYTES) or shown
    try:
        written = _read(asked, data)
    except NotAPoll as error:
        return _page(asked, {"file": str(error)}, 422)
    seen = _seen(asked, data, written)
    if asked.form.words("do") != "publish" or data != shown:  # nobody has compared another one
        return _page(asked, {}, seen=seen)
    reason = asked.form.words("reason")
    if not reason:
        return _page(asked, {"reason": _("This asks for a reason.")}, 422, seen)
    propose(asked.store, PollPublication(data), written.head.station, By(asked.who.name, reason), asked.now)
    return to("/proposals")


def _read(asked: Asked, data: bytes) -> Written:
    """The poll of that file. Raises NotAPoll with why it cannot be published by the operator."""
    if not data:
        raise NotAPoll(_("Choose the file that the election board has made, index.poll."))
    written = poll_service(data, asked.now)
    if not all(map(asked.scope.covers, read_poll(data).stations)):
        raise NotAPoll(_("Your own stations begin with {prefix}.", prefix=asked.scope.prefix))
    if wrong := [what for _key, what in wrong_beside(asked.store, written, asked.now)]:
        raise NotAPoll("; ".join(wrong))
    return written


def _seen(asked: Asked, data: bytes, written: Written) -> Seen:
    held_at = [code for code in meant(asked.store, "") if read_poll(data).is_held_at(code)]
    lines = preview_of(written.head, written.body)
    return Seen(lines, [*doubts(asked.store, written)], len(held_at), b64encode(data).decode())


def _page(asked: Asked, wrong: Mapping[str, str], status: int = 200, seen: Seen | None = None) -> Response:
    return page("poll", asked, status, seen=seen, form=asked.form, wrong=wrong)
