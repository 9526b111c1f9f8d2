"""The whole way of the keys in one breath, for a demo or a test: elsewhere two people and a stick go it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from kiosk.central.issuer import Issuer
from kiosk.central.keys.installing import Installed, install
from kiosk.central.keys.requesting import request_keys
from kiosk.central.keys.root import KEY, Root, make_root
from kiosk.central.store import CentralStore
from kiosk.trust.keyset import Use


def stick_of(folder: Path) -> Path:
    """Where the root key of a demo's central server is: beside its folder."""
    return folder.with_name(f"{folder.name}-root")


def found(folder: Path, clock: Callable[[], float] = time.time) -> None:
    """Make a central server that can serve, with a root key beside it; leave one that is there as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    with closing(CentralStore(folder)) as store:
        if "keyset" not in store.versions():
            renew_keys(folder, store, clock)


def renew_keys(
    folder: Path, store: CentralStore, clock: Callable[[], float] = time.time, compromised: Use | None = None
) -> Installed:
    """Ask for a keyset, sign it, and install it."""
    now, stick = int(clock()), stick_of(folder)
    issuer = Issuer(folder, store, clock, renew=False)
    root = Root(stick) if (stick / KEY).exists() else make_root(stick, now)
    request = request_keys(folder, store, now, compromised)
    return install(folder, store, issuer, root.sign(root.keyset(request, now), request.database), now)


def founded(folder: Path, store: CentralStore, clock: Callable[[], float] = time.time) -> Issuer:
    """The issuer of a central server, which is made where it is new."""
    if "keyset" not in store.versions():
        renew_keys(folder, store, clock)
    return Issuer(folder, store, clock)
