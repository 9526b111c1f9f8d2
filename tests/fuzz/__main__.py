"""`make fuzz`: hostile lines, answers and bits; a million mutations for the verifier; then coverage-guided search for a while.

python -m tests.fuzz [COUNT] [SECONDS] [OTHERS]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from tests.conftest import SHARED
from tests.fuzz import answers, bits, lines
from tests.fuzz.verifier import feed_within_bounds, memory_of, mutations, seeds


def main(count: int = 1_000_000, seconds: int = 120, others: int = 100_000) -> None:
    """All searches, and what they saw. `others`: how many local lines, answers of the wire, and flipped bits."""
    for target in (lines, answers, bits):
        print(target.run(others), flush=True)
    vectors = SHARED / "vectors"
    corpus = seeds(vectors if vectors.exists() else None)
    longest, most = 0.0, 0
    for number, data in enumerate(mutations(corpus, count)):
        longest = max(longest, feed_within_bounds(data))
        if number % 500 == 0:
            most = max(most, memory_of(data))
    print(f"{count:,} mutations of {len(corpus)} seeds: no exception")
    print(f"longest {longest * 1000:.2f} ms, most memory {most / 1024:.0f} KiB (of every 500th)")
    if find_spec("atheris") is None:
        print("atheris IS ABSENT: pip install atheris")
        return
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(corpus):
            (Path(folder) / str(number)).write_bytes(seed)
        command = [
            sys.executable,
            "-m",
            "tests.fuzz.guided",
            f"-max_total_time={seconds}",
            "-print_final_stats=1",
            folder,
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    stats = [
        line for line in done.stderr.splitlines() if line.startswith("stat::") or "ERROR" in line or "Done" in line
    ]
    print("\n".join(["atheris:", *stats]))
    sys.exit(done.returncode)


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
