"""The documents say what is true: generated pages are fresh, and what the code has is in the words."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest

from kiosk.cli.main import VERBS
from kiosk.core import entries
from kiosk.trust.reasons import Reason
from tests.conftest import ROOT
from tests.keys import claims, signed
from tests.programs.house import House
from tools.docs import PAGES


def words(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_generated_pages_are_fresh(name: str) -> None:
    assert words(f"docs/{name}") == PAGES[name](), "type: make docs"


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_documented(reason: Reason) -> None:
    assert f"`{reason}`" in words("docs/wire.md")


@pytest.mark.parametrize("kind", [each.__struct_config__.tag for each in get_args(entries.Entry)])
def test_every_kind_of_entry_is_documented(kind: str) -> None:
    assert f"`{kind}`" in words("docs/wire.md")


def check_ids() -> set[str]:
    """The first argument of every Check( in the doctor's modules; names that vary are in braces."""
    found = set()
    for path in sorted((ROOT / "kiosk" / "cli").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Check":
                found.add(ast.unparse(node.args[0]).removeprefix("f").strip("'\""))
    return found


@pytest.mark.parametrize("check", sorted(check_ids()))
def test_every_check_of_the_doctor_is_documented(check: str) -> None:
    assert f"`{check}`" in words("docs/doctor.md")


def test_no_check_is_documented_that_is_not_there() -> None:
    told = set(re.findall(r"`([a-z]+\.[a-z_{}.]+)`", words("docs/doctor.md")))
    assert told - {"central.ca_file"} == check_ids()


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_documented(verb: str) -> None:
    assert f"kiosk {verb}" in words("docs/technician.md") + words("README.md")


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "docs/design.md",
        "docs/technician.md",
        "docs/doctor.md",
        "docs/hardware.md",
        "docs/appliances.md",
        "docs/json.md",
        "docs/commands.md",
        "docs/wire.md",
        "docs/figures.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "docs/updates.md",
        "docs/etsi.md",
        "docs/image.md",
        "docs/centre.md",
        "docs/office.md",
        "docs/voices.md",
        "docs/cloud.md",
    ],
)
def test_links_lead_somewhere(name: str) -> None:
    folder = (ROOT / name).parent
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", words(name)):
        if "://" not in target:
            assert (folder / target).exists(), target
    for target in re.findall(r'src="([^"]+)"', words(name)):
        assert (folder / target).exists(), target


NAMED = {
    "doors",
    "sensors",
    "documents",
    "streams",
    "programs",
    "faults",
    "groups",
    "damaged",
    "alarms",
    "off",
    "tests",
    "units",
    "curves",
    "used",
    "setup",
    "steps",
}
"""Fields that hold things by names of their own."""


def fields(value: Any, *, named: bool = False) -> Iterator[str]:
    """The names of all fields in what was printed."""
    if isinstance(value, list):
        for each in value:
            yield from fields(each)
    elif isinstance(value, dict):
        for name, each in value.items():
            if not named:
                yield name
            yield from fields(each, named=name in NAMED and not named)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> House:
    """A station that has let somebody in."""
    house = House(
        tmp_path_factory.mktemp("json"),
        '[sensors.s]\nbus = "modbus"\nport = "/dev/none"\ndevice = 1\naddress = 0\nunit = "W"\n',
    )
    house.trust()
    with house.station() as station:
        assert station.verdict(signed(claims())) == "granted"
        (house.folder / "view.json").write_text(house.kiosk("status", "--json").stdout)
    return house


@pytest.mark.parametrize(
    "words",
    [
        ("doctor",),
        ("queue",),
        ("logbook",),
        ("logbook", "verify"),
        ("logbook", "refused"),
        ("config", "check"),
        ("config", "explain", "pins"),
        ("door", "open"),
        ("test", "network"),
        ("sensors", "plot"),
        ("pass", "explain", "YZ1:"),
        ("sensors", "read"),
        ("report", "--out", "report.zip"),
        ("replay", "events.rec"),
    ],
)
def test_every_field_of_json_is_documented(lived: House, words: tuple[str, ...]) -> None:
    if words[0] == "replay":
        with lived.station():
            lived.kiosk("replay", "--save", str(lived.folder / "events.rec"))
    names = [str(lived.folder / word) if word.endswith((".zip", ".rec")) else word for word in words]
    printed = json.loads(lived.kiosk(*names, "--json").stdout)
    told = set(re.findall(r"`([a-z_]+)`", words_of_json()))
    assert set(fields(printed)) - told == set()


def test_every_field_of_the_view_is_documented(lived: House) -> None:
    printed = json.loads((lived.folder / "view.json").read_text())
    told = set(re.findall(r"`([a-z_]+)`", words_of_json() + words("docs/wire.md")))
    assert set(fields(printed)) - told == set()


def words_of_json() -> str:
    return words("docs/json.md")
