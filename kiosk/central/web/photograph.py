"""A photograph that comes with a form."""

from __future__ import annotations

from kiosk.central.photos import MOST_BYTES, NoPhoto, made_anew
from kiosk.central.web.forms import Form
from kiosk.language import _


def photograph(form: Form) -> tuple[bytes | None, str]:
    """The one that was sent, made anew, and what is wrong with it; neither where none was."""
    raw = form.file("photo", MOST_BYTES)
    try:
        return (made_anew(raw) if raw else None), ""
    except NoPhoto:
        return None, _("This is no photograph that can be taken: JPEG, PNG or WebP, 8 MB at the most.")
