"""The base of all that the logbook holds: `kind` is its name in small letters, on the disk and on the wire."""

from __future__ import annotations

import re

from msgspec import Struct


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class Fact(Struct, frozen=True, tag_field="kind", tag=_snake, omit_defaults=True):
    """The base of all entries."""
