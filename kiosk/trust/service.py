"""Services: what a station offers beside its door. Each is a document, with a head that all have, and a body by its kind.

A station understands every head; of the bodies, that of a notice. A kind that it does not know it passes over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from kiosk.trust.keyset import UnixTime, Version
from kiosk.trust.policy import Scope

NOTICE: Final = "notice"
KINDS: Final = frozenset(
    {
        "sheet", NOTICE, "question", "event", "poll", "campaign", "ledger", "answers", "checklist", "stop", "doctor",
    }
)  # fmt: skip

ID: Final = r"[0-9a-z][0-9a-z-]{0,31}"
LANGUAGE: Final = r"[a-z]{2,3}(-[0-9A-Za-z]{2,8}){0,2}"
"""As in RFC 5646: `zh`, `en`, `ug`, `zh-Hant`."""

LONGEST: Final = 500
"""Characters of a text."""

MOST_LANGUAGES: Final = 8

ServiceId = Annotated[str, Meta(pattern=f"^{ID}$")]
Kind = Annotated[str, Meta(pattern=r"^[a-z][a-z_]{0,31}$")]
LanguageTag = Annotated[str, Meta(pattern=f"^{LANGUAGE}$")]
Text = Annotated[str, Meta(min_length=1, max_length=LONGEST)]


class ServiceDocument(Struct, frozen=True, tag="service", tag_field="type"):
    """The head of a service: in force from `begins` to `ends`, for the stations whose code begins with `station`.

    `version` is one ascending number over all services. A document takes the place of an older one of its `id`; one that ends
    no later than it was signed withdraws it.
    """

    version: Version
    id: ServiceId
    kind: Kind
    issued_at: UnixTime
    begins: UnixTime
    ends: UnixTime
    station: Scope = ""

    @property
    def withdraws(self) -> bool:
        """Whether it says no more than that there is no such service."""
        return self.ends <= self.issued_at


class Notice(Struct, frozen=True):
    """The body of a notice: what the display says, by language. An urgent one goes before the others."""

    texts: Annotated[dict[LanguageTag, Text], Meta(min_length=1, max_length=MOST_LANGUAGES)]
    urgent: bool = False


def notice_in(head: ServiceDocument, said: Mapping[str, Any]) -> Notice | None:
    """What a notice says, from its whole payload; None for another kind. Raises msgspec.ValidationError."""
    if head.kind != NOTICE or head.withdraws:
        return None
    return msgspec.convert({name: said[name] for name in Notice.__struct_fields__ if name in said}, Notice)
