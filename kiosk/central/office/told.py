"""Who was told what is wrong, and whether it arrived; and a test."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from kiosk.central.alarms.words import subject
from kiosk.central.office.asked import Asked, missing, page, to
from kiosk.central.store.messages import Body
from kiosk.language import _

MOST: Final = 100


def show(asked: Asked) -> Response:
    """The newest messages, and the receivers. It tells of all stations, so it is for who looks after all."""
    _of_all(asked)
    messages = [(each, subject(each)) for each in asked.store.messages(MOST)]
    return page("told", asked, messages=messages, receivers=asked.store.alarm_rules.receivers)


def test(asked: Asked) -> Response:
    """A test to each; the list says what becomes of it, and no page waits for a receiver."""
    _of_all(asked)
    with asked.store.transaction():
        for each in asked.store.alarm_rules.receivers:
            asked.store.queue_message(each.name, "test", Body([]), asked.now)
        asked.acted("test of alarms", "alarms")
    return to("/told")


def _of_all(asked: Asked) -> None:
    if asked.scope.prefix:
        missing(_("Alarms go out for all stations together."))
