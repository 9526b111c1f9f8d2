"""What desks send of the doctor and of the cabinet, counted by day; nothing of which release it was is kept with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta, Struct

from kiosk.central.moments import moment_of
from kiosk.central.store.bundles import Came
from kiosk.central.store.medicine import CONSULTED, Medicine
from kiosk.trust.outcomes import Outcome

RELEASED: Final = "released"
MOST_SECONDS: Final = 3600

T = TypeVar("T")


class _Consulted(Struct, frozen=True):
    """What is taken of a `consulted` entry, which a station may have filled with anything."""

    seconds: Annotated[float, Meta(ge=0, le=MOST_SECONDS)]


class _Released(Struct, frozen=True):
    outcome: Outcome


class Treating:
    """Of one store. `kinds`: what takes in the entries of each kind, one at a time."""

    def __init__(self, store: Medicine) -> None:
        self._store = store
        self.kinds: Mapping[str, Callable[[Came], None]] = {CONSULTED: self._consulted, RELEASED: self._released}

    def _consulted(self, came: Came) -> None:
        if sent := _decoded(came.body, _Consulted):
            self._store.add_medicine(came.station, moment_of(came), CONSULTED, sent.seconds)

    def _released(self, came: Came) -> None:
        if sent := _decoded(came.body, _Released):
            self._store.add_medicine(came.station, moment_of(came), sent.outcome)


def _decoded(body: str, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError:
        return None
