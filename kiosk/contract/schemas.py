"""JSON Schemas of what goes over the wire, for those who do not use Python."""

from __future__ import annotations

from typing import Any

import msgspec

Json = dict[str, Any]


def schema_of(kind: Any) -> Json:
    """Of one type."""
    return portable(msgspec.json.schema(kind))


def portable(found: Json) -> Json:
    r"""With the end of each pattern as ECMA-262 writes it, by which JSON Schema goes: there `$` is the end, and `\Z` is a Z."""
    raw = msgspec.json.encode(found).replace(rb"\\Z", b"$")
    return dict(msgspec.json.decode(raw))
