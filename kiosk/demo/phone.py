"""A pass of the demo that whoever watches it may take onto their own browser."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from time import time
from typing import Final

from kiosk.central.pass_codes import make_code
from kiosk.central.passes import By, Passes, Wanted
from kiosk.central.store import CentralStore
from kiosk.central.store.place import SETTINGS
from kiosk.demo.founding import founded
from kiosk.demo.model import DAY

HOLDER: Final = "visitor"
BY: Final = By("@demo")


def address_pages(central: Path, port: int) -> str:
    """Say in the server's settings where its page with a pass is: under another name than its office, on the same machine."""
    origin = f"http://localhost:{port}"
    (central / SETTINGS).write_text(f'[addresses]\npasses = "{origin}"\n', encoding="utf-8")
    return f"{origin}/pass"


def one_time_code(central: Path) -> str:
    """With which a browser gets the visitor's pass, within ten minutes."""
    with closing(CentralStore(central)) as store:
        held = next((each for each in store.credentials(HOLDER) if each.counts), None)
        if held is None:
            held = Passes(store, founded(central, store)).issue(Wanted(HOLDER, time() + 60 * DAY), BY).credential
        return make_code(store, held, BY, time())
