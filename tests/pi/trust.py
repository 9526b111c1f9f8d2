"""What an enrolment leaves in a station's data folder: python -m tests.pi.trust FOLDER."""

from __future__ import annotations

import base64
import sys
from pathlib import Path

from kiosk.keyfiles import ROOT_KEY, STATION_KEY, write_raw
from kiosk.logbook.cold import ColdState
from tests.keys import KEYSET, ROOT, keyset_document, public


def enrolled(folder: Path) -> None:
    """The root key, a station's key that is the same each time, and the keyset of tests.keys."""
    folder.mkdir(parents=True, exist_ok=True)
    cold = ColdState(folder)
    cold.keep("keyset", KEYSET.version, keyset_document())
    cold.close()
    (folder / ROOT_KEY).write_text(base64.b64encode(public(ROOT)).decode())
    write_raw(folder / STATION_KEY, bytes(range(32)), 0o600)


if __name__ == "__main__":
    enrolled(Path(sys.argv[1]))
