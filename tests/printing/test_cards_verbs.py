"""`kiosk central cards`: what it makes, and what it says where a file, a place or a number is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from kiosk.central.passes import By, Passes, Wanted
from kiosk.central.people_file import CHINA, end_of, last_day
from kiosk.central.printing import cards as printing
from kiosk.cli.central import cards
from kiosk.printing import pdf
from tests.printing.paper import texts
from tests.programs.test_central_looking import Office

DAY = (datetime.now(CHINA) + timedelta(days=300)).date().isoformat()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path / "central")
    with closing(office.store):
        yield office


def holders(tmp_path: Path, *lines: str) -> str:
    file = tmp_path / "holders.csv"
    file.write_text("\n".join(["holder,card,until", *lines]) + "\n", encoding="utf-8")
    return str(file)


@pytest.mark.slow
def test_many_cards_become_several_files(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "A_FILE", 2)
    file = holders(tmp_path, f"h-1,C1,{DAY}", f"h-2,C2,{DAY}", "h-4,C4,yesterday", f"h-3,,{DAY}")
    out = ("--out", str(tmp_path / "cards.pdf"))
    said = office.json("cards", "print", "--from", file, *out, "--sheet", "single", "--no-back", "--only-right")
    assert (said["cards"], said["new"], said["wrong"]) == (3, 3, 1)
    assert said["files"] == [str(tmp_path / "cards-1.pdf"), str(tmp_path / "cards-2.pdf")]
    pages = [page for made in said["files"] for page in texts(Path(made).read_bytes())]
    numbers = [office.store.credentials(f"h-{each}")[0].facts.card for each in (1, 2, 3)]
    assert [number in page for number, page in zip(numbers, pages, strict=True)] == [True] * 3
    assert all(DAY in page for page in pages)


@pytest.mark.slow
def test_a_file_that_is_cut_off_on_the_way_registers_its_holders_once(office: Office, tmp_path: Path) -> None:
    """Whatever ends it, registered they are, and the next try prints them."""
    file, words = holders(tmp_path, f"h-1,,{DAY}"), ("cards", "print", "--out", str(tmp_path / "c.pdf"), "--from")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(printing, "pdf_of", interrupted)
        office.said(*words, file, code=1)
    assert not [*tmp_path.glob("*.pdf")]
    (before,) = office.store.credentials("h-1")
    assert office.json(*words, file)["new"] == 0
    assert office.store.credentials("h-1")[0].facts.card == before.facts.card
    assert texts((tmp_path / "c.pdf").read_bytes())[0].count(before.facts.card) == 1


def interrupted(sheets: object, title: str) -> bytes:
    """Somebody presses Ctrl-C while it is drawn."""
    raise KeyboardInterrupt(sheets, title)


def test_nobody_is_registered_where_there_is_no_font(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "FOLDERS", (tmp_path / "nowhere",))
    file, out = holders(tmp_path, f"h-1,,{DAY}"), str(tmp_path / "c.pdf")
    assert "fonts-noto-cjk" in office.said("cards", "print", "--from", file, "--out", out, code=1)
    assert office.store.credentials("h-1") == []


def test_every_wrong_line_is_told_and_nobody_is_registered(office: Office, tmp_path: Path) -> None:
    file = holders(tmp_path, f"h-1,C1,{DAY}", f"王小明,C2,{DAY}", "h-3,C1,yesterday")
    said = office.said("cards", "print", "--from", file, "--out", str(tmp_path / "c.pdf"), code=2)
    assert f"{file}:3: holder: is no pseudonym" in said
    assert f"{file}:4: until: is no day" in said
    assert "2 lines are wrong; nothing was taken in" in said
    assert office.store.credentials("h-1") == []


def test_a_file_without_holders_makes_no_empty_pdf(office: Office, tmp_path: Path) -> None:
    said = office.said("cards", "print", "--from", holders(tmp_path), "--out", str(tmp_path / "c.pdf"), code=2)
    assert "no holders" in said
    assert not (tmp_path / "c.pdf").exists()


def test_whose_end_soon_and_how_many_were_replaced(office: Office) -> None:
    acts = Passes(office.store, office.issuer)
    soon, late = (end_of((datetime.now(CHINA) + timedelta(days=days)).date().isoformat()) or 0.0 for days in (3, 90))
    for holder, until, district in (("h-1", soon, "370811"), ("h-2", soon, "370902"), ("h-3", late, "370811")):
        acts.issue(Wanted(holder, until, f"C-{holder}", district=district), By("li"))
    assert [each["holder"] for each in office.json("cards", "ending")] == ["h-1", "h-2"]
    assert office.said("cards", "ending", "3708").split() == [last_day(soon), "h-1", "C-h-1", "370811"]
    said = office.said("cards", "ending", "3708", "--csv").splitlines()
    assert said == ["holder,card,class,until,scope,district", f"h-1,C-h-1,worker,{last_day(soon)},*,370811"]
    assert "None ends within 1 days" in office.said("cards", "ending", "--days", "1")
    acts.replace(office.store.credentials("h-3")[0], "C9", By("li", "lost"))
    counted = office.json("cards", "replaced")
    assert (counted["all"][-1], counted["counties"]["370811"][-1], len(counted["months"])) == (1, 1, 12)
    assert office.said("cards", "replaced", "3708").splitlines()[-1].split()[1:] == ["1", "370811", "1"]
    assert office.said("cards", "replaced", "3709").splitlines()[-1].split()[1:] == ["0"]


@pytest.mark.parametrize("shift", ["1", "a,b", "1,2,3", "99,0", "nan,0"])
def test_a_shift_is_two_numbers_of_millimetres(office: Office, tmp_path: Path, shift: str) -> None:
    out = str(tmp_path / "c.pdf")
    said = office.said("cards", "print", "--from", holders(tmp_path), "--out", out, "--back-shift", shift, code=2)
    assert "two numbers of millimetres, from -20 to 20" in said
