"""Posters: which stations have one, that it is one page whatever a station is called, and that its code is read from afar."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import cv2
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.central.codes import printed
from kiosk.central.printing.poster import NAME_SIZES, Poster, Size, name_size, no_poster, posters_page, posters_pdf
from kiosk.central.store.registers import Registered
from kiosk.cli.central import posters
from kiosk.cli.main import main
from kiosk.cli.trial.poster import judged
from tests.printing.paper import on_a_wall, outside, pictures, texts
from tests.programs.test_central_looking import CODE, OTHER, THIRD, Office

ORIGIN = "https://yizhan.example.org"
HEIGHTS: dict[Size, float] = {"a4": 297, "a5": 210}
HOSTILE = ("驿" * 200, "W" * 200, "<script>alert(1)</script>&amp;", "مرحبا بالعمال", "🚪" * 50, "\u202eabc\0\n", "")


def poster(name: str = "古槐街道驿站", **more: str) -> Poster:
    return Poster(**{"code": "37081101", "name": name, "name_en": "Guhuai", "origin": ORIGIN, "call": "12351"} | more)


@pytest.mark.slow
@pytest.mark.parametrize("size", HEIGHTS)
def test_its_code_is_read_from_20_40_and_80_cm(tmp_path: Path, size: Size) -> None:
    (sheet,) = pictures(posters_pdf([poster()], size), 150)
    files = [tmp_path / f"{away}.png" for away in (200, 400, 800)]
    for file in files:
        assert cv2.imwrite(str(file), on_a_wall(sheet, HEIGHTS[size], float(file.stem)))
    done = CliRunner().invoke(main, ["scanner", "read", *map(str, files)])
    assert [json.loads(line)["texts"] for line in done.stdout.splitlines()] == [[f"{ORIGIN}/s/370811015"]] * 3


@pytest.mark.slow
@pytest.mark.parametrize("size", HEIGHTS)
def test_it_is_one_page_whatever_the_station_is_called(size: Size) -> None:
    made = posters_pdf([poster(name, name_en=name) for name in HOSTILE], size)
    pages = texts(made)
    assert len(pages) == len(HOSTILE)
    assert outside(made) == []
    for page in pages:
        words = "".join(page.split())
        assert words.index("Closethedoor") < words.index("门打不开"), "the pictures stand above the last line"
        assert printed("37081101") in words
    assert pages[0].count("驿") >= 200, "nothing is cut off"
    assert "<script>alert(1)</script>&amp;" in "".join(pages[2].splitlines())


@settings(max_examples=10)
@given(st.text(max_size=200), st.text(max_size=200))
def test_no_name_is_markup_or_larger_than_its_place(name: str, name_en: str) -> None:
    page = posters_page([poster(name + "<b>", name_en=name_en)], "a4")
    assert "<b>" not in page.split('<div class="name">')[1].split("</b>")[0].partition(">")[2]
    assert NAME_SIZES[-1] <= name_size(name) <= NAME_SIZES[0]
    assert name_size(name) >= name_size(name + "驿")


def test_only_a_public_code_has_one_and_only_where_there_are_public_pages() -> None:
    assert no_poster("37081101", ORIGIN) == ""
    for code in ("3708110", "370811011", "ABCD1234", "３７０８１１０１"):
        assert f"{code} has no poster: only a code of eight digits" in no_poster(code, ORIGIN)
    assert "[addresses] of central.toml" in no_poster("37081101", "")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    (tmp_path / "central").mkdir()
    (tmp_path / "central" / "central.toml").write_text(f'[addresses]\npublic = "{ORIGIN}"\n', encoding="utf-8")
    office = Office(tmp_path / "central")
    with closing(office.store):
        yield office


@pytest.mark.slow
def test_the_verb_prints_those_of_a_prefix_and_says_who_has_none(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posters, "A_FILE", 2)
    office.store.add_stations([Registered("ABC12", "Depot")], office.now)
    said = office.json("posters", "print", "--out", str(tmp_path / "p.pdf"), "--size", "a5")
    assert (said["posters"], said["without"]) == (3, 1)
    pages = [page for made in said["files"] for page in texts(Path(made).read_bytes())]
    assert [
        printed(code) in "".join(page.split()) for code, page in zip(sorted((CODE, OTHER, THIRD)), pages, strict=True)
    ]
    assert "Lake" in pages[sorted((CODE, OTHER, THIRD)).index(THIRD)]
    one = office.json("posters", "print", THIRD, "--out", str(tmp_path / "one.pdf"))
    assert one["files"] == [str(tmp_path / "one.pdf")]


def test_where_no_station_has_one_the_verb_says_why(office: Office, tmp_path: Path) -> None:
    office.store.add_stations([Registered("ABC12", "Depot")], office.now)
    said = office.said("posters", "print", "ABC", "--out", str(tmp_path / "p.pdf"), code=2)
    assert "ABC12 has no poster" in said
    assert not [*tmp_path.glob("*.pdf")]


@pytest.mark.parametrize(
    ("digits", "what"),
    [
        ("370811015", "passed"),
        ("370811023", "it is the poster of station 37081102, and this is 37081101"),
        ("370811016", "wrong digit"),
        ("37081101", "its check digit is missing"),
        ("3708", "has 9 digits"),
    ],
)
def test_a_station_judges_the_poster_that_its_reader_reads(digits: str, what: str) -> None:
    assert what in judged(digits, "37081101")
