"""A station's line of the register in words, for the command line and for the office."""

from __future__ import annotations

from typing import Final

from kiosk.central.published import Published
from kiosk.central.store.sightings import StationLine
from kiosk.foreign import visible
from kiosk.language import _
from kiosk.wording.words import span

OWN: Final = "yizhan-kiosk/"
"""How a station's program names itself, before its version."""


def heard(each: StationLine, now: float) -> str:
    """When a station was heard last, in words."""
    if each.seen is None:
        return _("never heard") if each.state == "enrolled" else "–"
    ago = span(max(0.0, now - each.seen.at))
    return _("silent for {span}", span=ago) if each.silent(now) else _("{span} ago", span=ago)


def version(each: StationLine) -> str:
    """What its program calls itself; of ours the number."""
    return visible(each.seen.version.removeprefix(OWN)) if each.seen else ""


def waiting(queue: int | None) -> str:
    """How many of its entries waited there when it was last heard of them; empty for none, and where it does not say."""
    return _("{count} entries wait there", count=queue) if queue else ""


def lacking(each: StationLine, published: Published) -> list[str]:
    """Of which documents it has not said that it has the newest; what became of commands is told elsewhere."""
    if each.state != "enrolled" or not each.seen:
        return []
    return [*published.lacking(each.code, each.seen.documents or {})]
