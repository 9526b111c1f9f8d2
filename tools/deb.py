"""Builds the Debian package into dist/: `make deb`. For the Python and the processor that it runs on.

The libraries come from requirements.lock, each file by its hash, and lie with our own code in /usr/lib/yizhan-kiosk, compiled;
they are no part of the system's Python.
"""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from pathlib import Path
from string import Template
from typing import Final

from kiosk import __version__

ROOT: Final = Path(__file__).parents[1]
STAGE: Final = ROOT / "build" / "deb"
PACKAGE: Final = ROOT / "tools" / "package"
ARCH: Final = {"x86_64": "amd64", "aarch64": "arm64"}
HOME: Final = Path("/usr/lib/yizhan-kiosk")
LAUNCHER: Final = """\
#!/usr/bin/python3 -I
import sys

sys.path.insert(0, "/usr/lib/yizhan-kiosk")
from kiosk.cli.main import run

run()
"""


def main() -> None:
    """Stage everything and pack it."""
    shutil.rmtree(STAGE, ignore_errors=True)
    STAGE.mkdir(parents=True)
    _libraries()
    (STAGE / "kiosk").write_text(LAUNCHER)
    python = [sys.executable, "-m"]
    _run(*python, "tools.manuals", str(STAGE / "man"))
    for shell, name in (("bash", "kiosk.bash"), ("zsh", "_kiosk")):
        (STAGE / name).write_text(_run(*python, "kiosk", "completion", shell))
    tools = Path(sys.executable).parent
    bill = ["--of", "JSON", "--output-reproducible", "-o", str(STAGE / "sbom.cdx.json")]
    _run(str(tools / "cyclonedx-py"), "requirements", *bill, str(PACKAGE / "requirements.lock"))
    lib = str(STAGE / "lib")
    # unchecked: a file's time may differ on the station, and nobody edits what a package has installed
    _run(*python, "compileall", "-q", "--invalidation-mode", "unchecked-hash", "-s", lib, "-p", str(HOME), lib)
    major, minor = sys.version_info[:2]
    values = {
        "ARCH": ARCH[platform.machine()],
        "VERSION": __version__,
        "PYTHON": f"{major}.{minor}",
        "NEXT_PYTHON": f"{major}.{minor + 1}",
    }
    (STAGE / "nfpm.yaml").write_text(Template((PACKAGE / "nfpm.yaml").read_text()).substitute(values))
    deb = ROOT / "dist" / f"yizhan-kiosk_{__version__}_{values['ARCH']}_py{major}{minor}.deb"
    deb.parent.mkdir(exist_ok=True)
    _run(str(tools / "nfpm"), "package", "-f", str(STAGE / "nfpm.yaml"), "-p", "deb", "-t", str(deb))
    installed = sum(path.stat().st_size for path in (STAGE / "lib").rglob("*") if path.is_file())
    print(f"{deb.relative_to(ROOT)}: {deb.stat().st_size / 1e6:.1f} MB, {installed / 1e6:.1f} MB installed")


def _libraries() -> None:
    """What the lock names, and our own code, as plain files."""
    pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-compile"]
    into = ["--target", str(STAGE / "lib")]
    lock = ["--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", str(PACKAGE / "requirements.lock")]
    _run(*pip, *into, *lock)
    for name in ("kiosk", "hardware"):
        skip = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, STAGE / "lib" / name, ignore=skip, symlinks=False)
    for unused in ("bin", "pip", "setuptools", "_distutils_hack", "distutils-precedence.pth"):
        path = STAGE / "lib" / unused
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _run(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
