"""The page with what was done: by whom, when, and why."""

from __future__ import annotations

from starlette.responses import Response

from kiosk.central.office.asked import Asked, page
from kiosk.central.store.audit import PAGE


def show(asked: Asked) -> Response:
    """The newest acts within the operator's stations, or those before a number."""
    before = asked.query.get("before", "")
    number = int(before) if before.isdecimal() and before.isascii() and len(before) < 16 else 2**53
    acts = asked.acts(before=number)
    older = acts[-1].number if len(acts) == PAGE else None
    return page("audit", asked, acts=acts, older=older, head=asked.store.audit_head())
