"""A campaign's key: made at the centre when the campaign is published, kept in its document alone, and shown to nobody."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from kiosk.central.service_file import Written
from kiosk.central.services import read_service
from kiosk.central.store import CentralStore
from kiosk.trust.service import SECRET, Campaign, body_in

NOT_SHOWN: Final = frozenset({"key", "bits"})
"""What a document says and nobody reads here: with both it can be told who has had one."""


def keyed(store: CentralStore, written: Written) -> Written:
    """With the key of the campaign that runs under this id, or a new one; any other service as it is."""
    if not isinstance(written.body, Campaign):
        return written
    found = store.service(written.head.id)
    before = body_in(*read_service(found.body)) if found else None
    key = before.key if isinstance(before, Campaign) else secrets.token_bytes(SECRET)
    return replace(written, body=replace(written.body, key=key))


def shown(said: Mapping[str, Any]) -> dict[str, Any]:
    """What a service says, without what nobody is shown."""
    return {name: each for name, each in said.items() if name not in NOT_SHOWN}
