"""The switch between Chinese and English."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from kiosk.central.office.asked import Asked, missing, to
from kiosk.central.office.login import safe

FOR: Final = 365 * 86_400


def choose(asked: Asked) -> Response:
    """Chinese or English from now on, on the page from which somebody came."""
    if asked.path["language"] not in {"zh", "en"}:
        missing("")
    answer = to(safe(asked.query.get("next", "")))
    answer.set_cookie("language", asked.path["language"], max_age=FOR, path="/office", samesite="lax")
    return answer
