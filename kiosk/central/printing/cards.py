"""The cards of holders: what the register knows of each, signed and laid out; registered before the first is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kiosk.central.codes import is_public
from kiosk.central.people_file import last_day
from kiosk.central.printing.card import Card
from kiosk.central.printing.registering import PrintedPasses
from kiosk.central.printing.sheets import Print, sheets
from kiosk.central.store.people import Credential
from kiosk.language import _
from kiosk.printing.pdf import pdf_of
from kiosk.trust.passes import PassClass


def card_of(held: Credential, code: str, call: str) -> Card:
    """What the card of a credential says; `code`: the text of its pass."""
    facts = held.facts
    place = facts.scope if is_public(facts.scope) or not facts.scope else f"{facts.scope}…"
    return Card(facts.card, code, PassClass(facts.pass_class), place, last_day(facts.until), call)


def signed_cards(acts: PrintedPasses, held: Iterable[Credential], call: str) -> Iterator[Card]:
    """The card of each, its pass signed when its turn comes. Raises NotSo and CannotSign."""
    return (card_of(each, acts.signed(each), call) for each in held)


def cards_pdf(cards: Iterable[Card], wanted: Print) -> bytes:
    """The cards to be printed. Raises NoFont."""
    return pdf_of(sheets(cards, wanted), _("Cards"))
