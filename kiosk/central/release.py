"""Which version the Debian packages of a release are, and for which platforms."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path


class BadPackages(ValueError):
    """They are no packages of one version; the text says why."""


def platforms(packages: Sequence[Path]) -> tuple[str, dict[str, Path]]:
    """The version that they are, and each by its platform, such as `deb12_arm64`. Raises BadPackages."""
    found: dict[str, Path] = {}
    versions = set()
    for path in packages:
        words = ["dpkg-deb", "--show", "--showformat=${Version} ${Architecture}", str(path)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        told = re.fullmatch(r"(\d+\.\d+\.\d+)\+(deb\d+) (\w+)", done.stdout)
        if told is None:
            raise BadPackages(f"{path}: {done.stderr.strip() or f'{done.stdout} is no version such as 1.2.3+deb12'}")
        versions.add(told[1])
        found[f"{told[2]}_{told[3]}"] = path
    if len(versions) != 1:
        raise BadPackages(f"more than one version: {', '.join(sorted(versions))}")
    return versions.pop(), found
