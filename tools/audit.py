"""Whether a locked library has a known vulnerability, by pip-audit's service. `make audit`; exit code 1 unless all are clean.

pip-audit asks PyPI for the page of each version. Not every mirror has those; the page of the project tells the same of its
newest version, and is taken where that is the one that is locked. A library of which nothing is told is not clean.
"""

from __future__ import annotations

import re
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, Final

LOCK: Final = Path(__file__).parent / "package" / "requirements.lock"
TIMEOUT: Final = 30


def main() -> None:
    """A line for each library, and the count."""
    locked = re.findall(r"^([a-z0-9-]+)==([^\s;]+)", LOCK.read_text(), re.MULTILINE)
    asked = service()
    bad = [name for name, version in locked if not told(asked, name, version)]
    print(f"{len(locked)} libraries, {len(bad)} not clean")
    sys.exit(1 if bad else 0)


def told(asked: Any, name: str, version: str) -> bool:
    """Say what is known of it; whether that is nothing bad."""
    interface, packaging = import_module("pip_audit._service.interface"), import_module("packaging.version")
    found, holes = asked.query(interface.ResolvedDependency(name=name, version=packaging.Version(version)))
    if found.is_skipped():
        words = "NOBODY TELLS"
    else:
        words = "; ".join(f"{each.id}, mended in {', '.join(map(str, each.fix_versions))}" for each in holes)
    print(f"{name:<24} {version:<14} {words or 'no known vulnerability'}")
    return not words


def service() -> Any:
    """pip-audit's, which also looks at a project's own page."""
    made = import_module("pip_audit._service.pypi").PyPIService(timeout=TIMEOUT)
    plain = made.session.get

    def get(url: str, timeout: int) -> Any:
        answer = plain(url=url, timeout=timeout)
        if answer.ok:
            return answer
        project, version, page = url.rsplit("/", 2)
        newest = plain(url=f"{project}/{page}", timeout=timeout)
        return newest if newest.ok and newest.json()["info"]["version"] == version else answer

    made.session.get = get
    return made


if __name__ == "__main__":
    main()
