"""With a receipt somebody asks what became of what they said: its state and answer, no more; and says whether it is right."""

from __future__ import annotations

from msgspec import Struct
from starlette.responses import Response

from kiosk.central.cases import Cases, NotSo
from kiosk.central.public.asked import Asked, page
from kiosk.central.public.forms import admit, busy, word_of, wrong_word
from kiosk.central.scope import EVERYWHERE
from kiosk.central.voice_words import standing
from kiosk.central.voices.case import TABLE, Case, Event, Judge
from kiosk.central.voices.receipts import WrongReceipt
from kiosk.language import _

OF_THE_SERVER = ""
"""Receipts are of no station: what is asked counts for all together."""


class Became(Struct, frozen=True):
    """All that a receipt tells."""

    state: str
    answer: str
    confirms: bool
    disputes: bool


def became(case: Case) -> Became:
    """Of a case."""
    after = TABLE[case.state]
    return Became(standing(case), case.answer, after[Event.CONFIRM] is not None, after[Event.DISPUTE] is not None)


def limited(asked: Asked) -> None:
    """Before anything of it is read."""
    busy(asked, "receipt", OF_THE_SERVER)


def ask(asked: Asked) -> Response:
    """The form."""
    return _page(asked, "")


def answer(asked: Asked) -> Response:
    """What became of it; a number with a wrong digit is looked up nowhere."""
    wrong = wrong_word(asked, "receipt")
    if wrong:
        return _page(asked, wrong, 422)
    try:
        case = _case(asked)
    except WrongReceipt:
        return _page(asked, _("A receipt has 13 digits, and in this one at least one is wrong."), 422)
    if case is None:
        return _page(asked, _("There is no such receipt, or it was answered long ago."), 404)
    event = asked.form.raw("do")
    if event in {Event.CONFIRM.value, Event.DISPUTE.value}:
        return _judged(asked, case, Event.CONFIRM if event == Event.CONFIRM.value else Event.DISPUTE)
    return _page(asked, "", found=became(case))


def _case(asked: Asked) -> Case | None:
    """Raises WrongReceipt, and counts what is looked up."""
    cases, text = Cases(asked.store), asked.form.words("receipt")
    return cases.of_receipt(text, asked.now, lambda: admit(asked, "receipt", OF_THE_SERVER))


def _judged(asked: Asked, case: Case, event: Event) -> Response:
    try:
        after = Cases(asked.store).act(case.number, Judge(event), "", EVERYWHERE, asked.now)  # type: ignore[arg-type]
    except NotSo as error:
        return _page(asked, str(error), 409, found=became(case))
    return _page(asked, "", found=became(after), done=True)


def _page(asked: Asked, wrong: str, status: int = 200, found: Became | None = None, *, done: bool = False) -> Response:
    receipt = asked.form.words("receipt")[:20]
    word = word_of(asked, "receipt")
    made = page("receipt", asked, status, wrong=wrong, receipt=receipt, form_word=word, found=found, done=done)
    made.headers["Cache-Control"] = "no-store"
    return made
