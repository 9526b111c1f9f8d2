"""The switch between Chinese and English."""

from __future__ import annotations

import re
from typing import Final

from starlette.responses import Response

from kiosk.central.public.asked import Asked, absent, to

COOKIE: Final = "lang"
"""Another name than the office's: both may be at one host."""

FOR: Final = 365 * 86_400
SAFE: Final = re.compile(r"/[\w./?=&%+-]{0,200}", re.ASCII)


def choose(asked: Asked) -> Response:
    """Chinese or English from now on, on the page from which somebody came."""
    if asked.path["language"] not in {"zh", "en"}:
        absent("")
    wanted = asked.query.get("next", "")
    answer = to(wanted if SAFE.fullmatch(wanted) and "//" not in wanted else "/map")
    answer.set_cookie(
        COOKIE, asked.path["language"], max_age=FOR, path="/", secure=asked.https, httponly=True, samesite="lax"
    )
    return answer
