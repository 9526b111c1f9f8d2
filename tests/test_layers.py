"""Imports go only downwards, drivers know nothing of kiosk, and the pure rows do nothing but compute."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

ROWS: list[set[str]] = [
    {"kiosk.__main__"},
    {"kiosk.cli"},
    {"kiosk.demo"},
    {
        "kiosk.station",
        "kiosk.scanner",
        "kiosk.sensors",
        "kiosk.sync",
        "kiosk.screen",
        "kiosk.desk",
        "kiosk.central",
        "kiosk.board",
    },
    {"kiosk.logbook", "kiosk.update", "kiosk.wording", "kiosk.loopback", "kiosk.printing"},
    {"kiosk.core"},
    {
        "kiosk.trust",
        "kiosk.index",
        "kiosk.local",
        "kiosk.sockets",
        "kiosk.loops",
        "kiosk.decoding",
        "kiosk.wire",
        "kiosk.settings",
        "kiosk.contract",
        "kiosk.keyfiles",
        "kiosk.opening",
        "kiosk.language",
        "kiosk.foreign",
        "kiosk.heard",
        "kiosk.redaction",
    },
    {"hardware"},
    {"kiosk"},
]
"""From the top of the house down. `kiosk` itself holds the version and nothing else."""

BESIDE = {
    ("kiosk.contract", "kiosk.trust"),
    ("kiosk.index", "kiosk.decoding"),
    ("kiosk.index", "kiosk.language"),
    ("kiosk.index", "kiosk.trust"),
    ("kiosk.sockets", "kiosk.loops"),
    ("kiosk.sockets", "kiosk.wire"),
    ("kiosk.language", "kiosk.foreign"),
    ("kiosk.language", "kiosk.heard"),
    ("kiosk.local", "kiosk.decoding"),
    ("kiosk.local", "kiosk.wire"),
    ("kiosk.loops", "kiosk.local"),
    ("kiosk.loops", "kiosk.redaction"),
    ("kiosk.sockets", "kiosk.decoding"),
    ("kiosk.settings", "kiosk.contract"),
    ("kiosk.settings", "kiosk.decoding"),
    ("kiosk.settings", "kiosk.foreign"),
    ("kiosk.settings", "kiosk.language"),
    ("kiosk.settings", "kiosk.opening"),
    ("kiosk.trust", "kiosk.opening"),
    ("kiosk.wire", "kiosk.redaction"),
    ("kiosk.wire", "kiosk.decoding"),
}
"""Who may use a neighbour of its own row."""

PURE = {"kiosk.core", "kiosk.trust", "kiosk.index"}
FORBIDDEN_MODULES = {
    "asyncio", "datetime", "io.open", "logging", "multiprocessing", "os", "pathlib", "queue", "random", "secrets", "select",
    "selectors", "signal", "socket", "sqlite3", "subprocess", "sys", "tempfile", "threading", "time",
}  # fmt: skip
FORBIDDEN_CALLS = {"open", "print", "input", "exec", "eval", "__import__"}


def modules() -> Iterator[tuple[str, Path]]:
    for folder in ("kiosk", "hardware"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(part for part in parts if part != "__init__"), path


MODULES = dict(modules())


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def row(name: str) -> tuple[int, str] | None:
    """The row of a module, and which of the row's members it belongs to."""
    for number, members in enumerate(ROWS):
        for member in members:
            if name == member or (name.startswith(member + ".") and member != "kiosk"):
                return number, member
    return (len(ROWS) - 1, "kiosk") if name.startswith("kiosk.") and name.count(".") == 1 else None


@pytest.mark.parametrize("name", MODULES)
def test_imports_go_downwards(name: str) -> None:
    own = row(name)
    assert own is not None, f"{name} stands in no row"
    for imported in imports(MODULES[name]):
        other = row(imported)
        if other is None or other[1] == own[1]:
            continue
        beside = other[0] == own[0] and (own[1], other[1]) in BESIDE
        assert other[0] > own[0] or beside, f"{name} imports {imported}, which is not below it"


@pytest.mark.parametrize("name", [name for name in MODULES if name.startswith("hardware")])
def test_hardware_never_imports_kiosk(name: str) -> None:
    assert not [each for each in imports(MODULES[name]) if each.split(".")[0] == "kiosk"]


@pytest.mark.parametrize("name", [name for name in MODULES if any(name.startswith(pure) for pure in PURE)])
def test_the_pure_rows_only_compute(name: str) -> None:
    for imported in imports(MODULES[name]):
        assert imported.split(".")[0] not in FORBIDDEN_MODULES, f"{name} imports {imported}"
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in FORBIDDEN_CALLS, f"{name}:{node.lineno} calls {node.func.id}"


def test_the_check_itself_sees_an_upward_import() -> None:
    core, station = row("kiosk.core.step"), row("kiosk.station.program")
    assert core is not None
    assert station is not None
    assert core[0] > station[0]
    assert row("numpy") is None
