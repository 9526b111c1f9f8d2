"""A service that somebody has written, beside what there is: what is wrong there, what is doubtful, its publication."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kiosk.central.campaign_keys import keyed
from kiosk.central.issuer import Issuer
from kiosk.central.polls import too_old
from kiosk.central.reach import crowded
from kiosk.central.service_clashes import clashes
from kiosk.central.service_file import Written, service_warnings
from kiosk.central.service_kinds import as_said
from kiosk.central.store import CentralStore
from kiosk.language import _
from kiosk.settings.table import Wrong
from kiosk.trust.service import PollBody, Question, ServiceDocument
from kiosk.wording.words import listed

NAMED: Final = 10
"""Stations that are named; of more only how many there are."""


def wrong_beside(store: CentralStore, written: Written, now: float) -> Iterator[Wrong]:
    """Why it cannot be published beside the others, each with the key that is to be changed."""
    wrong = list(clashes(store, written.head, written.body, now))
    yield from wrong
    if not wrong and (full := crowded(store, written.head, written.room, now)):
        yield ("station",), _("{station} would hold more services than it can.", station=full[0])


def doubts(store: CentralStore, written: Written) -> Iterator[str]:
    """What is allowed and hardly meant, and what nobody here can know."""
    yield from service_warnings(written)
    if _asks_otherwise(store, written):
        yield _(
            "{id} asked something else so far, and what was answered to that will stand under this. Another question needs "
            "another id.",
            id=written.head.id,
        )
    if isinstance(written.body, PollBody) and (old := too_old(store, written.body.poll)):
        yield _(
            "{count} stations take no poll with remarks until they are updated, and nobody can vote there: {stations}",
            count=len(old),
            stations=listed(old[:NAMED]),
        )


def _asks_otherwise(store: CentralStore, written: Written) -> bool:
    """Whether it is a question, and the one of its id had other words in a language that both have."""
    before = store.questions().get(written.head.id)
    if before is None or not isinstance(written.body, Question):
        return False
    return any(before.texts.get(language, text) != text for language, text in written.body.texts.items())


def offer(store: CentralStore, issuer: Issuer, written: Written) -> ServiceDocument:
    """Publish it; a part of the transaction that writes into the audit who did. Raises OtherService, TooLarge, CannotSign."""
    return issuer.publish_service(written.head, as_said(keyed(store, written).body), written.picture)
