"""Which language a browser reads, and what it is told about an address that is none."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request

from kiosk.central.asking import cookies_of
from kiosk.language import _


def reads_chinese(request: Request, cookie: str) -> bool:
    """By what was chosen; or by whether the browser names Chinese before English, or neither."""
    if chosen := cookies_of(request).get(cookie):
        return chosen == "zh"
    named = [each.strip()[:2].lower() for each in request.headers.get("Accept-Language", "").split(",")]
    return next((each for each in named if each in {"zh", "en"}), "zh") == "zh"


def title_of(status: int) -> str:
    """What stands above a page that refuses."""
    titles: Mapping[int, str] = {
        400: _("Not understood"),
        403: _("Not allowed"),
        404: _("There is no such page"),
        405: _("There is no such page"),
        409: _("Not now"),
        413: _("Too large"),
        429: _("Too often"),
        503: _("Not now"),
    }
    return titles.get(status, _("Something went wrong"))
