"""A server's folder and its database are made by a person's word alone; whoever only opens them finds them, or is told how."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from kiosk.central.keys.files import read_key
from kiosk.central.refusals import KeyLost, NotMade
from kiosk.central.store import CentralStore
from kiosk.central.store.place import has_tables
from kiosk.language import _
from kiosk.trust.cose import holds, read_sign1

OLD_ROOT: Final = "root.key"
"""Where a server of up to version 0.4 had the root key itself."""


def existing_store(folder: Path) -> CentralStore:
    """The folder's store, which is there. Raises NotMade and StoreFailed."""
    check_made(folder)
    return CentralStore(folder)


def check_made(folder: Path) -> None:
    """Raises NotMade where there is no database, and StoreFailed."""
    if not has_tables(folder):
        raise NotMade(
            _(
                "{folder}: there is no central server's database. Next: kiosk central init --data {folder}",
                folder=folder,
            )
        )


def pinned_root(folder: Path, store: CentralStore) -> bytes:
    """The public root key. From a folder of up to version 0.4 it is pinned now. Raises NotMade and KeyLost."""
    if known := store.root():
        return known
    held = store.documents().get("keyset")
    if held is None:
        raise NotMade(
            _(
                "No keyset is installed yet. Next: kiosk root sign REQUEST, where the root key is; then here: kiosk central "
                "keys install FILE. A new request: kiosk central keys request --out FILE"
            )
        )
    remedy = _(
        "Put the one back that this server had, until it has started once: its public half is kept from then on."
    )
    path = folder / OLD_ROOT
    public = read_key(path, remedy).public_key()
    if not holds(read_sign1(held[1]), public):
        raise KeyLost(_("{file}: is not the key that signed this server's keysets. {remedy}", file=path, remedy=remedy))
    store.pin_root(public.public_bytes_raw())
    return public.public_bytes_raw()
