"""The two clients of docs/examples, as others would run them, against the real server; what they show opens a door."""

from __future__ import annotations

import shutil
import subprocess
import sys
from time import time

import pytest

from kiosk.central.issuer import Issuer
from kiosk.trust.documents import read_document
from kiosk.trust.keyset import NO_KEYS, Keyset
from kiosk.trust.passes import Kind, Pass, read_pass
from tests.conftest import ROOT
from tests.issuing.shop import SECRET, Shop, holder

ENGINES = ["sqlite"]
MOST_LINES = 60

CLIENTS = {"python": ("client.py", sys.executable), "javascript": ("client.mjs", shutil.which("node"))}


def keyset(shop: Shop) -> Keyset:
    found = read_document(
        shop.store.documents()["keyset"][1], Issuer(shop.folder, shop.store, renew=False).root_public, NO_KEYS
    )
    assert isinstance(found, Keyset)
    return found


@pytest.mark.parametrize("language", CLIENTS)
def test_a_client_gets_passes_that_stations_take(shop: Shop, language: str) -> None:
    file, program = CLIENTS[language]
    if program is None:
        pytest.skip(f"no program for {language}")
    path, client, name = ROOT / "docs/examples" / file, shop.client("3708").name, holder()
    assert len(path.read_text().splitlines()) <= MOST_LINES
    done = subprocess.run(
        [program, path, shop.url, client, SECRET, name], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    live, bound, state = done.stdout.splitlines()
    held = shop.store.credentials(name)[0]
    for text, kind in ((live, Kind.LIVE), (bound, Kind.BOUND)):
        claims = read_pass(text, keyset(shop))
        assert isinstance(claims, Pass), claims
        assert (claims.index, claims.kind) == (held.index, kind)
        assert kind is not Kind.BOUND or abs(claims.shown_at - time()) < 60
    assert state == held.state == "revoked"
