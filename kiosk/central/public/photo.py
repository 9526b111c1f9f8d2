"""A station's picture, under the digest of what it holds: what is behind a name never changes."""

from __future__ import annotations

import re

from starlette.responses import Response

from kiosk.central.public.asked import Asked, absent
from kiosk.central.web.assets import FOR_EVER
from kiosk.language import _


def show(asked: Asked) -> Response:
    """The picture."""
    name = asked.path["name"]
    body = asked.store.photo(name) if re.fullmatch("[0-9a-f]{64}", name) else None
    if body is None:
        absent(_("There is no such picture any longer."))
    return Response(body, headers=FOR_EVER, media_type="image/jpeg")
