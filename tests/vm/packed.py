"""Versions of the package that do not exist yet: this checkout with a raised number, built or packed anew, and spoiled ones."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path
from time import time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk import __version__
from kiosk.trust.release import Release, order, sign_release
from kiosk.update.bundle import write_bundle
from kiosk.update.members import BLOCK
from tests.conftest import ROOT
from tests.keys import STRANGER

CODE = Path("usr/lib/yizhan-kiosk/kiosk")


def raised(minor: int) -> str:
    """The version so many minor numbers on."""
    major, now, _patch = order(__version__)
    return f"{major}.{now + minor}.0"


def built(version: str, folder: Path) -> Path:
    """The package of a copy of this checkout that says it is that version, by tools.deb; minutes."""
    tree = folder / "tree"
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tree / name, follow_symlinks=False)
    _number(tree / "kiosk", version)
    words = [sys.executable, "-m", "tools.deb", "--package", "yizhan-kiosk", "--release", "trixie", "--arch", "amd64"]
    subprocess.run(words, cwd=tree, check=True)
    (deb,) = (tree / "dist").glob("*.deb")
    deb = deb.replace(folder / deb.name)
    shutil.rmtree(tree)
    return deb


def repacked(package: Path, version: str, out: Path, spoiled: str = "") -> Path:
    """A package with another number; the module `spoiled` of its code ends with an error."""
    root = out.with_suffix(".root")
    subprocess.run(["dpkg-deb", "-R", package, root], check=True)
    control = root / "DEBIAN" / "control"
    control.write_text(re.sub(r"^Version: .*", f"Version: {version}+deb13", control.read_text(), flags=re.MULTILINE))
    _number(root / CODE, version)
    if spoiled:
        change(root / CODE / spoiled, r"\Z", "raise RuntimeError")
    subprocess.run(["dpkg-deb", "-Zzstd", "-z1", "-b", root, out], check=True, capture_output=True)
    shutil.rmtree(root)
    return out


def _number(code: Path, version: str) -> None:
    change(code / "__init__.py", r"^__version__ = .*", f'__version__ = "{version}"')


def change(module: Path, what: str, to: str) -> None:
    """In the source, without what was compiled of it."""
    module.write_text(re.sub(what, to, module.read_text(), flags=re.MULTILINE))
    for compiled in (module.parent / "__pycache__").glob(f"{module.stem}.*"):
        compiled.unlink()


EVIL = """\
from pathlib import Path
for folder in ("/var/lib/yizhan-kiosk", "/run"):
    try:
        Path(folder, "evil").touch()
    except OSError:
        pass
__version__ = "99.0.0"
"""


def evil(out: Path) -> Path:
    """A small package whose code leaves a mark wherever it is imported, and its script when it is installed."""
    root = out.with_suffix(".root")
    (root / CODE).mkdir(parents=True)
    (root / "DEBIAN").mkdir()
    (root / CODE / "__init__.py").write_text(EVIL)
    control = "Package: yizhan-kiosk\nVersion: 99.0.0+deb13\nArchitecture: amd64\nMaintainer: t\nDescription: t\n"
    (root / "DEBIAN" / "control").write_text(control)
    (script := root / "DEBIAN" / "postinst").write_text("#!/bin/sh\ntouch /var/lib/yizhan-kiosk/evil\n")
    script.chmod(0o755)
    subprocess.run(["dpkg-deb", "-Zgzip", "-z1", "-b", root, out], check=True, capture_output=True)
    shutil.rmtree(root)
    return out


REFUSED = {"flipped": "damaged", "manifest": "bad_signature", "strange": "bad_signature"}
"""Bundles of the strange package, and why each is refused; `older` is beside them, which is nothing to do."""


def rubbish(folder: Path, root: Ed25519PrivateKey, platform: str) -> None:
    """Bundles that no station may take; whatever runs any of them leaves a mark."""
    folder.mkdir()
    deb = evil(folder / "evil.deb")
    digest = hashlib.sha256(deb.read_bytes()).digest()
    for name, version, key in (
        ("strange", "99.0.0", STRANGER),
        ("older", __version__, root),
        ("flipped", "99.0.0", root),
    ):
        signed = sign_release(Release(version, int(time()), "all", {platform: digest}), key)
        write_bundle(folder / f"{name}.update", signed, {platform: deb})
    whole = (folder / "flipped.update").read_bytes()
    within_manifest, within_package = BLOCK + 40, whole.index(deb.read_bytes()) + deb.stat().st_size // 2
    for name, at in (("flipped", within_package), ("manifest", within_manifest)):
        (folder / f"{name}.update").write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
