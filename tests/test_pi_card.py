"""How the parts of the Pi's card are made: anew when something has changed, and not at all when a command failed."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Final

from tests.conftest import ROOT

SCRIPT: Final = (ROOT / "tools/pi.sh").read_text()
MADE: Final = re.search(r"^made\(\) \{.*?^\}\n", SCRIPT, re.MULTILINE | re.DOTALL)
HEAD: Final = 'set -euo pipefail; folder=.; say() { echo "$*"; }\n'


def makes(folder: Path, body: str, *words: str) -> tuple[int, str]:
    """Make a part by a function with this body: the exit code, and what was said."""
    assert MADE
    script = f"{HEAD}{MADE[0]}\npart() {{ {body}; }}\nmade part part {' '.join(words)}\n"
    done = subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_a_part_in_which_any_command_failed_is_not_made(tmp_path: Path) -> None:
    """Also where the last one did not: a card without its settings would show it after an hour."""
    code, said = makes(tmp_path, "echo begun; cat nothing; echo on")
    assert (code, "COULD NOT MAKE part" in said, "nothing: No such file" in said) == (1, True, True)
    assert (tmp_path / "part.log").read_text().splitlines()[0] == "begun"
    assert not (tmp_path / "part.made").exists()


def test_a_part_is_made_once_and_anew_by_other_words_or_inputs(tmp_path: Path) -> None:
    input_, body = tmp_path / "input", 'echo "$@" >>turns'
    for text, words in (("a", "one"), ("a", "one"), ("a", "two"), ("b", "two"), ("b", "two")):
        input_.write_text(text)
        assert makes(tmp_path, body, words, "--", "input")[0] == 0
    assert (tmp_path / "turns").read_text().split() == ["one", "two", "two"]
