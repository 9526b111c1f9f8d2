"""Fixtures of the emulated Raspberry Pi: KIOSK_PI names the folder that tools/pi.sh has filled."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pi.machine import Pi, blank, board, plugged


@pytest.fixture(scope="session")
def built() -> Path:
    """Where card and kernels were built; without them the tests are skipped, and say so."""
    found = Path(os.environ.get("KIOSK_PI", "build/pi"))
    if not (found / "card.made").exists():
        pytest.skip("KIOSK_PI NAMES NO BUILT CARD; type: tools/pi.sh FOLDER")
    return found.resolve()  # a card names the one below it by its whole path


@pytest.fixture
def card(built: Path, tmp_path: Path) -> Path:
    """A card that was never started."""
    return blank(built, tmp_path / "card.qcow2")


@pytest.fixture(scope="session")
def first_card(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The card of the board that most tests share."""
    return blank(built, tmp_path_factory.mktemp("first") / "card.qcow2")


@pytest.fixture(scope="session")
def station(built: Path, first_card: Path) -> Iterator[Pi]:
    """A board at its first start, on which station and scanner run. A boot takes minutes, so most tests share it."""
    with board(built, first_card, cache="writethrough", more=plugged(first_card.parent)) as pi:
        pi.start()
        yield pi


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How long each file took, the starts of its boards included."""
    seconds = dict[str, float]()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport) and report.nodeid.startswith("tests/pi/"):
                file = report.nodeid.split("::")[0]
                seconds[file] = seconds.get(file, 0.0) + report.duration
    for file, spent in seconds.items():
        terminalreporter.write_line(f"{file}: {spent:.0f} s")
