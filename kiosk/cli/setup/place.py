"""The first step: who the station is."""

from __future__ import annotations

from kiosk.cli.setup.desk import Desk
from kiosk.cli.setup.steps import Step
from kiosk.cli.setup.talk import answer, begins
from kiosk.language import _


def ask_place(desk: Desk) -> None:
    """The union's code and the name."""
    begins(
        Step.STATION, _("The union has given this station a code. It stands in its letter, and on the station's list.")
    )
    old = desk.draft.values.get("station", {})
    while not desk.put({"station": {"code": answer(_("Code"), old.get("code"))}}):
        pass
    while not desk.put({"station": {"name": answer(_("Name, as the display says it"), old.get("name") or "驿站")}}):
        pass
