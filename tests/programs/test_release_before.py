"""An upgrade while the release before still runs: its server goes on working on a database that today's has migrated."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import time
from typing import Any

import msgspec
import pytest
import requests

from kiosk.central.issuer import Issuer
from kiosk.central.store import CentralStore
from kiosk.contract.bodies import Batch, BatchAnswer, Documents
from kiosk.demo.place import free_port, stop
from kiosk.trust.documents import CommandDocument
from kiosk.trust.status import Status
from tests.conftest import ROOT
from tests.keys import public
from tests.programs.house import environment, until
from tests.programs.test_central_bounds import BATCHES, CODES, DOCUMENTS, KEY, batch, bearer
from tests.programs.test_gathering import listed

BEFORE = "6a19528"
"""The last commit of version 0.4.0's tables."""

pytestmark = pytest.mark.slow


class Before:
    """That release's programs, on a folder's database."""

    def __init__(self, tree: Path, folder: Path) -> None:
        self._tree, self._folder = tree, folder

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "kiosk", "central", *words, "--data", str(self._folder)]

    def does(self, *words: str) -> Any:
        done = subprocess.run(
            [*self._command(*words), "--json"], cwd=self._tree, env=environment(), capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    @contextmanager
    def serving(self) -> Iterator[str]:
        url = f"http://127.0.0.1:{(port := free_port())}"
        process = subprocess.Popen(self._command("serve", "--port", str(port)), cwd=self._tree, env=environment())
        try:
            until(lambda: requests.get(f"{url}/v1", timeout=5).status_code == 404)
            yield url
        finally:
            stop(process)


@pytest.fixture
def before(central_folder: Path, tmp_path: Path) -> Before:
    """Its tree, from the repository; skipped by name where that does not go back so far."""
    tree = tmp_path / "before"
    tree.mkdir()
    archive = subprocess.run(
        ["git", "archive", BEFORE, "kiosk", "hardware"], cwd=ROOT, capture_output=True, check=False
    )
    if archive.returncode:
        (pytest.fail if os.environ.get("KIOSK_HISTORY_REQUIRED") else pytest.skip)(f"COMMIT {BEFORE} IS ABSENT")
    subprocess.run(["tar", "-x", "-C", str(tree)], input=archive.stdout, check=True)
    return Before(tree, central_folder)


def sends(url: str, wanted: Batch) -> BatchAnswer:
    answer = requests.post(url + BATCHES, data=msgspec.json.encode(wanted), headers=bearer(), timeout=30)
    return msgspec.json.decode(answer.content, type=BatchAnswer)


def lacks(url: str, known: dict[str, int], wait: int = 0) -> int:
    """How many documents a station is given that has these."""
    query = "&".join(f"{kind}={version}" for kind, version in known.items())
    answer = requests.get(f"{url}{DOCUMENTS}?{query}&wait={wait}", headers=bearer(), timeout=90)
    return len(msgspec.json.decode(answer.content, type=Documents).documents)


def test_the_release_before_goes_on_working_on_todays_tables(before: Before, central_folder: Path) -> None:
    claim = before.does("claim", CODES[0])["claim"]
    with before.serving() as url:
        wanted = {"station": CODES[0], "claim": claim, "public_key": public(KEY)}
        assert requests.post(url + "/v1/enrol", data=msgspec.json.encode(wanted), timeout=30).status_code == 200
        assert sends(url, batch(1, 3)).acked == 3
        with closing(CentralStore(central_folder)) as store:  # it migrates
            issuer = Issuer(central_folder, store)
            for holder in range(3):
                store.add_credential(f"holder {holder}")
            assert sends(url, batch(4, 3)).acked == 6
            assert store.take(CODES[0], "access", batch(7), time())[0] == 7
            assert sends(url, batch(8)).acked == 8, "they share the marks"
            assert sends(url, batch(8)).acked == 8
            odd = batch(9)
            odd.entries[0]["boot"] = "no number"
            assert [each.seq for each in sends(url, odd).rejected] == [9]
            different = batch(8)
            different.entries[0]["door"] = "other"
            sends(url, different)
            assert len(store.set_aside(CODES[0])) == 1

            known = store.versions(CODES[0])
            assert issuer.set_status(1, Status.REVOKED)
            assert issuer.publish_gathered(0.0)
            assert lacks(url, known, wait=30) == 1, "what today's publishes reaches who waits there"
            before.does("revoke", "2")
            assert listed(store) == {1: Status.REVOKED, 2: Status.REVOKED}
            known = store.versions(CODES[0])
            issuer.command(CommandDocument(1, "x", CODES[0], "report", 0, 0), 300)
            assert lacks(url, known, wait=30) == 1
            assert len(before.does("stations")) == 1
            before.does("claim", CODES[1])
            assert sum(store.purge(time())) == 0
            assert sum(store.purge(time() + 31 * 86_400)) == 2, "what was set aside, and what was refused"
        assert sends(url, batch(10)).acked == 10
