"""Who reads what of the audit: acts about people's passes are their issuers', addresses of logins administrators'."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from kiosk.central.roles import ADMINISTRATOR, ISSUER, Role
from kiosk.central.store.audit import Acted

OF_PERSONS: Final = (
    "pass issued", "pass renewed", "pass replaced", "pass revoked", "pass restored", "pass suspended", "index looked up",
    "holders taken in", "card signed", "phone bound", "phone displaced",
    "phone left", "pass shortened", "round looked up", "pass code made", "card printed", "cards printed",
    "holder login bound", "holder login let go",
)  # fmt: skip
"""Acts that are about somebody's pass, and name its holder."""

WITH_ADDRESSES: Final = ("login", "logout")


def unread_by(role: Role) -> tuple[str, ...]:
    """The acts that a role does not read at all."""
    return () if role in ISSUER else OF_PERSONS


def readable(acted: Acted, role: Role) -> Acted:
    """An act as a role reads it."""
    return acted if acted.what not in WITH_ADDRESSES or role in ADMINISTRATOR else replace(acted, about="")
