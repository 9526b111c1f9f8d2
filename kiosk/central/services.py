"""Services as this server signs and reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from kiosk.trust.cose import read_cbor, read_sign1
from kiosk.trust.service import ServiceDocument


class OtherService(ValueError):
    """An id is taken by a service of another kind, or for other stations; it is told which."""

    def __init__(self, kind: str, scope: str) -> None:
        super().__init__(kind, scope)
        self.kind, self.scope = kind, scope


def named_picture(said: Mapping[str, Any]) -> str:
    """The SHA-256 of the picture that a service names; empty where it names none."""
    match said.get("picture"):
        case {"sha256": str(found)}:
            return found
        case _:
            return ""


def read_service(body: bytes) -> tuple[ServiceDocument, dict[str, Any]]:
    """The head and the body of a service that this server itself has signed."""
    found = read_cbor(read_sign1(body).payload)
    said = {name: value for name, value in found.items() if name not in {*ServiceDocument.__struct_fields__, "type"}}
    return msgspec.convert(found, ServiceDocument), said
