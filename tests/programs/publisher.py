"""Test support: one of several processes that publish, on a clock that each command sets.

Each line of its input is JSON, `[now, act, ...]`; each line of its output is what the act gave.
"""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any, NoReturn

from kiosk.central.issuer import Issuer
from kiosk.central.jobs import Jobs
from kiosk.central.store import CentralStore
from kiosk.trust.status import Status


class Publisher:
    """The process, as its test sees it."""

    def __init__(self, folder: Path) -> None:
        words = [sys.executable, "-m", "tests.programs.publisher", str(folder)]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def begin(self, now: float, *act: Any) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps([now, *act]) + "\n")

    def end(self) -> Any:
        assert self._process.stdout
        return json.loads(self._process.stdout.readline())

    def does(self, now: float, *act: Any) -> Any:
        self.begin(now, *act)
        return self.end()

    def close(self) -> None:
        """As the power would end it."""
        self._process.kill()
        self._process.communicate()


def _raised(error: Exception) -> NoReturn:
    raise error


def _act(store: CentralStore, issuer: Issuer, jobs: Jobs, now: float, act: str, *more: int) -> bool:
    if act == "set":
        index, status = more
        return issuer.set_status(index, Status(status))
    if act == "publish":  # as one that takes itself for the one that runs the jobs
        return issuer.publish_gathered(0.0)
    jobs.turn(now)
    return store.runs_jobs()


def main(folder: Path) -> None:
    line = sys.stdin.readline()
    clock = [json.loads(line)[0]]
    with closing(CentralStore(folder)) as store:
        issuer = Issuer(folder, store, lambda: clock[0])
        jobs = Jobs(store, issuer, _raised)
        while line:
            clock[0], *act = json.loads(line)
            sys.stdout.write(json.dumps(_act(store, issuer, jobs, clock[0], *act)) + "\n")
            sys.stdout.flush()
            line = sys.stdin.readline()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
