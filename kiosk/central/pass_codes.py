"""The one-time code with which somebody gets their pass onto a phone: made by who knows them, good for ten minutes."""

from __future__ import annotations

import re
import secrets
from typing import Final

from kiosk.central.passes import STAFF, By, NotSo
from kiosk.central.store import CentralStore
from kiosk.central.store.audit import Act
from kiosk.central.store.people import Credential
from kiosk.language import _

ALPHABET: Final = "23456789ACDEFGHJKMNPQRTVWXY"
"""Of each pair that looks or sounds alike, one or none: no 0 O 1 I L, no B S Z beside 8 5 2, no U beside V."""

LENGTH: Final = 10
"""47 bits: an address that tries 3,000 in a quarter of an hour, while 1,000 hold, gets one in 2,000 years."""


def make_code(store: CentralStore, held: Credential, by: By, now: float) -> str:
    """A new code for that credential, as it is shown once; it stands in the audit who made it. Raises NotSo."""
    if not held.counts:
        raise NotSo("holder", _("this pass counts no longer"))
    if held.facts.pass_class in STAFF and not by.reason.strip():
        raise NotSo("reason", _("This asks for a reason."))
    code = "".join(secrets.choice(ALPHABET) for _each in range(LENGTH))
    with store.transaction():
        store.acted(Act(by.name, "pass code made", held.holder, held.facts.district, by.reason), now)
        store.put_pass_code(held.index, code, by.name, now)
    return f"{code[:5]}-{code[5:]}"


def as_made(typed: str) -> str:
    """A code as it was made, however it was typed; empty for what is none."""
    code = re.sub(r"[\s\-–—.,，。]", "", typed).upper()
    return code if len(code) == LENGTH and set(code) <= set(ALPHABET) else ""
