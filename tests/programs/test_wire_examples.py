"""The examples of docs/wire.md, as they stand there, against a real server: each answer has the shape that the page shows."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kiosk.demo.place import free_port
from tests.conftest import ROOT
from tests.programs.house import environment

BLOCK = re.compile(r"^```(sh|json)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NEXT = "@@ the next block"


def examples() -> list[tuple[str, str]]:
    """What is to be typed, and what is answered, in the order of the page."""
    page = (ROOT / "docs" / "wire.md").read_text(encoding="utf-8")
    section = page.partition("\n## Try it with curl\n")[2].partition("\n## ")[0]
    return [(kind, text) for kind, text in BLOCK.findall(section)]


def typed(folder: Path) -> list[str]:
    """What each block of commands printed, in one shell, on a port that is free here."""
    script = "set -e\n" + "".join(f"{text}echo; echo '{NEXT}'\n" for kind, text in examples() if kind == "sh")
    programs = folder / "bin"
    programs.mkdir()
    (programs / "kiosk").write_text(f'#!/bin/sh\nexec {sys.executable} -m kiosk "$@"\n')
    (programs / "kiosk").chmod(0o755)
    env = {**environment(), "PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        ["bash", "-m", "-c", script.replace("8420", str(free_port()))],
        cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as shell:  # fmt: skip
        said = shell.communicate(timeout=120)[0]
    assert shell.returncode == 0, said
    return said.split(NEXT)[:-1]


def shape(value: Any) -> Any:
    """The names in it, small numbers and words; but of times, versions and signed documents only that there is one."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in value.items()}
    if isinstance(value, list):
        return [shape(each) for each in value]
    small = isinstance(value, int) and value < 1000
    words = isinstance(value, str) and " " in value
    return value if small or words else type(value).__name__


@pytest.mark.slow
def test_the_examples_do_what_the_page_says(tmp_path: Path) -> None:
    if not shutil.which("curl"):
        pytest.skip("CURL IS ABSENT: apt-get install curl")
    said, blocks = typed(tmp_path), examples()
    answers = [place for place, (kind, _text) in enumerate(blocks) if kind == "json"]
    assert len(answers) >= 4
    for place in answers:
        block = sum(kind == "sh" for kind, _text in blocks[:place]) - 1
        assert shape(json.loads(said[block])) == shape(json.loads(blocks[place][1])), said[block]
    assert re.search(
        r"^http://127\.0\.0\.1:\d+: 0 stations, 0 entries\nkeyset \d+, status \d+\n", said[0], re.MULTILINE
    ), said[0]
    assert json.loads(next(line for line in said[-1].splitlines() if line.startswith("{")))["kind"] == "locked"
    assert "37089999: retired" in said[-1]
