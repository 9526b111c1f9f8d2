"""How often doctors were asked, and what became of hospitals' releases, as a table. Only computes."""

from __future__ import annotations

from collections.abc import Sequence

from kiosk.central.numbers.tables import Column, Table
from kiosk.central.store.medicine import CONSULTED, Times
from kiosk.language import _
from kiosk.wording.words import released


def medicine_table(found: Sequence[Times]) -> Table:
    """Each thing that came to be, and how often; of consultations their minutes, too."""
    columns = (Column("what", _("What")), Column("times", _("Number")), Column("minutes", _("Minutes"), 1))
    rows = tuple((told(each), each.times, each.seconds / 60 if each.seconds else None) for each in found)
    return Table(_("Doctor and medicine"), columns, rows)


def told(each: Times) -> str:
    """In words: `opened` alone says too little."""
    if each.what == CONSULTED:
        return _("the doctor's link was shown")
    return _("release: {outcome}", outcome=released(each.what))
