"""The public pages' style. It stands in each page: on a slow line one answer is there long before two."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from importlib.resources import files
from typing import Final

from markupsafe import Markup

STYLE: Final = Markup(files("kiosk.central.public").joinpath("public.css").read_text(encoding="utf-8"))  # noqa: S704  ours
ALLOWED: Final = f"'sha256-{b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'"
"""By which the pages' policy (CSP) allows it, and no other."""
