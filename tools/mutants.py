"""What `mutmut run` has left, judged once more: prints the score of kiosk/core as a table, and names what survives.

mutmut runs the tests in forks of one process, in which hypothesis repeats less than in a fresh one. So each mutant that was not
killed there gets a fresh pytest over tests/core, the quick files first. `python -m tools.mutants MODULE...` judges those alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

FOLDER: Final = Path("mutants")
QUICK: Final = [f"tests/core/test_{name}.py" for name in ("exact", "enrolment", "bound", "rules", "memory", "restore")]
LONG: Final = "not ten_thousand and not what_is_kept and not hundred_thousand"
"""Tests that take seconds, and kill no mutant that the others leave."""

PATIENCE: Final = 60.0
"""Seconds that the tests may take, some six times what they do."""

KILLED: Final = 1
TOO_SLOW: Final = -24


def main(modules: list[str]) -> None:
    """The table, then a line for each survivor."""
    found = {
        name: code
        for path in sorted((FOLDER / "kiosk" / "core").glob("*.meta"))
        if not modules or path.name.partition(".")[0] in modules
        for name, code in json.loads(path.read_text())["exit_code_by_key"].items()
    }
    left = [name for name, code in found.items() if code not in {KILLED, TOO_SLOW}]
    print(f"{len(found)} mutants, {len(left)} to judge once more", file=sys.stderr)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        killed = dict(zip(left, pool.map(dies, left), strict=True))
    total, survivors = Counter[str](), Counter[str]()
    for name in found:
        module = name.split(".")[2]
        total[module] += 1
        survivors[module] += not killed.get(name, True)
    print("| module | mutants | killed | survive | score |\n| --- | --- | --- | --- | --- |")
    for module in [*total, ""]:
        mutants = total[module] if module else sum(total.values())
        alive = survivors[module] if module else sum(survivors.values())
        score = 100 * (mutants - alive) / max(1, mutants)
        print(f"| {module or '**all**'} | {mutants} | {mutants - alive} | {alive} | {score:.1f} % |")
    for name in (name for name, dead in killed.items() if not dead):
        print(name)


def dies(mutant: str) -> bool:
    """Whether a fresh run of the tests sees it. One that runs for ever is seen, too."""
    return _fails(mutant, QUICK) or _fails(mutant, ["tests/core"])


def _fails(mutant: str, tests: list[str]) -> bool:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-x",
        "-q",
        "-m",
        "not slow",
        "-k",
        LONG,
        "-p",
        "no:cacheprovider",
        *tests,
    ]
    environment = {**os.environ, "MUTANT_UNDER_TEST": mutant}
    try:
        done = subprocess.run(command, cwd=FOLDER, env=environment, capture_output=True, check=False, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return True
    return done.returncode != 0


if __name__ == "__main__":
    main(sys.argv[1:])
