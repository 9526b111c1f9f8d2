"""People's passes at the centre: issued, found, replaced, revoked; taken in from spreadsheets; and no index given twice."""

from __future__ import annotations

import io
import shutil
import tempfile
import zipfile
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from kiosk.central import people_table
from kiosk.central.passes import By, NotSo, Passes, Wanted, wrong_holder
from kiosk.central.people_file import CHINA, ordered, read_people
from kiosk.central.people_table import MOST_BYTES
from kiosk.central.proposals import Changed, Withdrawal, about_policy, decide, propose, publish, revoke
from kiosk.central.scope import EVERYWHERE, Scope
from kiosk.central.store import CentralStore
from kiosk.central.store.engine import StoreFailed
from kiosk.central.store.highest import FILE, UNKNOWN
from kiosk.central.store.place import SETTINGS
from kiosk.central.store.proposals import OPEN_FOR
from kiosk.trust.passes import Pass, PassClass, peek
from kiosk.trust.status import Status
from tests.programs.office import NOW, Office
from tests.programs.test_central_looking import Office as CommandLine

HEAD = "holder,card,class,until,scope,district\n"
YEAR = 366 * 86_400
UNTIL = NOW + YEAR


def wanted(holder: str = "h-1", card: str = "C1", **more: Any) -> Wanted:
    return Wanted(holder, UNTIL, card, **more)


def test_a_pass_is_issued_found_and_shown_without_a_second_one(office: Office, passes: Passes) -> None:
    issued = passes.issue(wanted(scope="3708", district="370811"), By("wang", "asked for it"))
    said = peek(issued.text)
    assert isinstance(said, Pass)
    assert (said.index, said.expires, said.scope) == (issued.credential.index, UNTIL, "3708")
    for words in ("h-", "h-1", "C1", ""):
        assert office.store.find_credentials(words) == [issued.credential], words
    assert office.store.find_credentials("1") == office.store.find_credentials("h-1", Scope("3709")) == []
    assert office.store.find_credentials("h-1", Scope("3708")) == [issued.credential]
    assert (issued.credential.facts.changed_by, issued.credential.facts.reason) == ("wang", "asked for it")
    with pytest.raises(NotSo, match="has a pass already"):
        passes.issue(wanted(card="C2"), By("li"))
    with pytest.raises(NotSo, match="another pass's"):
        passes.issue(wanted("h-2"), By("li"))
    assert office.store.credentials("h-2") == [], "nothing is half done"


def test_a_renewed_pass_keeps_its_index_and_a_replaced_one_does_not(office: Office, passes: Passes) -> None:
    first = passes.issue(wanted(), By("li"))
    renewed = passes.renew(first.credential, UNTIL + YEAR, By("li"))
    said = peek(renewed.text)
    assert isinstance(said, Pass)
    assert (said.index, said.expires) == (first.credential.index, UNTIL + YEAR)
    second = passes.replace(first.credential, "C2", By("li", "lost"))
    assert second.credential.index > first.credential.index
    assert (second.credential.facts.until, second.credential.number) == (UNTIL + YEAR, 2)
    old = office.store.credential(first.credential.index)
    assert old is not None
    assert (old.state, old.status, old.facts.replaced_by) == ("replaced", Status.REVOKED, second.credential.index)
    for act in (
        lambda: passes.set_status([old], Status.VALID, By("li", "found")),
        lambda: passes.renew(old, UNTIL, By("li")),
        lambda: passes.replace(first.credential, "C3", By("li")),
    ):
        with pytest.raises(NotSo):
            act()
    assert office.issuer.publish_gathered(0.0)
    assert office.store.statuses()[0] == {first.credential.index: Status.REVOKED}


def test_several_are_revoked_at_once_and_what_was_so_before_is_not_counted(office: Office, passes: Passes) -> None:
    held = [passes.issue(wanted(f"h-{number}", f"C{number}"), By("li")).credential for number in range(3)]
    assert passes.set_status(held[:1], Status.SUSPENDED, By("li", "asked")) == 1
    assert passes.set_status(held, Status.REVOKED, By("li", "asked")) == 3
    assert passes.set_status(held, Status.REVOKED, By("li", "asked")) == 0
    assert passes.set_status(held[:1], Status.VALID, By("li", "by mistake")) == 1
    assert [each.state for each in office.store.find_credentials("h-")] == ["valid", "revoked", "revoked"]


def test_a_revoked_pass_is_not_restored_where_another_was_issued_since(office: Office, passes: Passes) -> None:
    first = passes.issue(wanted(), By("li")).credential
    passes.set_status([first], Status.REVOKED, By("li", "left"))
    second = passes.issue(wanted(card="C2"), By("li")).credential
    with pytest.raises(NotSo, match="one person has one"):
        passes.set_status([first], Status.VALID, By("li", "came back"))
    passes.set_status([second], Status.SUSPENDED, By("li", "asked"))
    with pytest.raises(NotSo, match="one person has one"):
        passes.set_status([first], Status.VALID, By("li", "a suspended one may come back"))
    assert passes.set_status([second], Status.VALID, By("li", "it does")) == 1
    passes.set_status([second], Status.REVOKED, By("li", "a mistake"))
    assert passes.set_status([first], Status.VALID, By("li", "came back")) == 1
    assert [each.state for each in office.store.credentials(first.holder)] == ["valid", "revoked"]


def test_what_names_a_person_is_no_pseudonym() -> None:
    for text in ("", "王小明", "li wang", "13805310000", "37081119900101001X", "<script>", "=1+1", "x" * 65):
        assert wrong_holder(text), text
    for text in ("h-1", "A0031", "3f9c.2", "x" * 64):
        assert not wrong_holder(text), text


# The files.


def xlsx(*rows: tuple[Any, ...], merge: str = "") -> bytes:
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    if merge:
        sheet.merge_cells(merge)
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def wrong(data: bytes, district: str = "") -> list[str]:
    return [each.told("f") for each in read_people(data, NOW, district)[1]]


def right(data: bytes, district: str = "") -> list[Wanted]:
    found, why = read_people(data, NOW, district)
    assert why == []
    return [each for _line, each in found]


DAY_END = datetime(2027, 12, 31, tzinfo=CHINA).timestamp() + 86_400


def test_a_file_is_read_in_whatever_form_a_spreadsheet_gives_it() -> None:
    lines = "代号,卡号,类别,有效期至,适用范围\nh-1,C1,劳动者,2027-12-31,*\n\nh-2,C2,Steward,2027/12/31,3708\n"
    expected = [
        Wanted("h-1", DAY_END, "C1", PassClass.WORKER, "", ""),
        Wanted("h-2", DAY_END, "C2", PassClass.STEWARD, "3708", ""),
    ]
    for coding in ("utf-8", "utf-8-sig", "gbk", "utf-16", "gb18030"):
        assert right(lines.encode(coding)) == expected, coding
    assert right(lines.replace(",", ";").replace("\n", "\r\n").encode()) == expected
    day = datetime(2027, 12, 31)  # noqa: DTZ001  a spreadsheet's
    table = xlsx(("Holder", "UNTIL", "card"), ("h-1", day, 12345), (), ("h-2", "2027年12月31日", " C2 "))
    assert right(table, "3708") == [
        Wanted("h-1", DAY_END, "12345", district="3708"),
        Wanted("h-2", DAY_END, "C2", district="3708"),
    ]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("王小明,C1,worker,2027-12-31,*,", "f:2: holder: is no pseudonym"),
        ("13805310000,C1,worker,2027-12-31,*,", "f:2: holder: looks like a telephone or identity number"),
        ("h-1,<script>,worker,2027-12-31,*,", "f:2: card: must be at most 32 letters"),
        ("h-1,C1,wroker,2027-12-31,*,", "f:2: class: no such class: wroker, did you mean worker?"),
        ("h-1,C1,,2027-12-31,*,", "f:2: class: is empty"),
        ("h-1,C1,worker,soon,*,", "f:2: until: is no day, such as 2027-12-31: soon"),
        ("h-1,C1,worker,2027-02-30,*,", "f:2: until: is no day"),
        ("h-1,C1,worker,2027111,*,", "f:2: until: is no day"),
        ("h-1,C1,worker,2020-01-01,*,", "f:2: until: must be a day to come"),
        ("h-1,C1,worker,9999-12-31,*,", "f:2: until: must be a day to come"),
        ("h-1,C1,worker,,*,", "f:2: until: is empty"),
        (",C1,worker,2027-12-31,*,", "f:2: holder: is empty"),
        ("h-1,C1,worker,2027-12-31,,", "f:2: scope: is empty; for every station write *"),
        ("h-1,C1,worker,2027-12-31,37 08,", "f:2: scope: is no beginning"),
        ("h-1,C1,worker,2027-12-31,*,3709", "f:2: district: must begin with 3708"),
        ("h-1,C1,technician,2027-12-31,*,", "f:2: scope: must begin with 3708"),
        ('h-1,"=""C1""",worker,2027-12-31,*,', "f:2: card: begins with =, as a formula does"),
        ('h-1,"C\n1",worker,2027-12-31,*,', "f:3: card: has more than 200 characters, or more than one line"),
        ("h-1,C1,worker,2027-12-31,*,,9", "f:2: has more cells"),
        ('h-1,"C1', "f:2: is no CSV"),
    ],
)
def test_whatever_is_wrong_with_a_line_is_told_of_its_column(line: str, told: str) -> None:
    (only,) = wrong((HEAD + line + "\n").encode(), "3708")
    assert only.startswith(told)


def test_what_is_wrong_with_the_whole_file_is_told() -> None:
    assert wrong(b"") == wrong(b"\n\n")
    assert "f:1: holdr: no such column, did you mean holder?" in wrong(b"holdr,until\n")
    assert "f:1: card: is there twice" in wrong(b"holder,until,card,card\n")
    assert "f:1: until: no such column here" in wrong(b"holder\n")
    assert wrong(b"x" * (MOST_BYTES + 1)) == ["f: has more than 32 MB"]
    assert wrong(b"\xff\xfe\xfd\x00\x81")[0].startswith("f: is no text that can be read")
    assert wrong(b"PK\x03\x04rubbish")[0].startswith("f: is no XLSX that can be read")


def test_cells_of_a_spreadsheet_that_say_nothing_sure_are_wrong() -> None:
    merged = xlsx(("holder", "until"), ("h-1", "2027-12-31"), ("h-2", None), merge="B2:B3")
    assert wrong(merged) == ["f:2: B2:B3: merged cells; part them, and fill each"]
    day = "2027-12-31"
    table = xlsx(("holder", "until", "card"), ("h-1", "=TODAY()+1"), ("h-2", day, 1234567890123456789), ("h-3", 46752))
    assert wrong(table) == [
        "f:2: until: is a formula, or an error: put its value there",
        "f:3: card: is a number so long that its last digits are lost: format the cell as text",
        "f:4: until: is no day, such as 2027-12-31: 46752",
    ]


def test_an_archive_that_unpacks_to_too_much_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people_table, "MOST_UNPACKED", 2 << 20)
    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w") as sheet,
    ):
        sheet.write(bytes((2 << 20) + 1))
    assert len(file.getvalue()) < 1 << 14
    assert wrong(file.getvalue()) == ["f: unpacks to more than 2 MB"]


def archive(**parts: bytes) -> bytes:
    """An XLSX of ours, in which these parts are others."""
    others = {"xl/worksheets/sheet1.xml" if part == "sheet" else f"xl/{part}.xml": data for part, data in parts.items()}
    file = io.BytesIO()
    whole = zipfile.ZipFile(io.BytesIO(xlsx(("holder", "until"), ("h-1", "2027-12-31"))))
    with whole, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as changed:
        for each in {*whole.namelist(), *others}:
            changed.writestr(each, others.get(each) or whole.read(each))
    return file.getvalue()


SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%s</sheetData></worksheet>'
CELL = b"<c><v>1</v></c>"


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"styles": b"<styleSheet><cellXfs>" + b"<xf/>" * 300_000}, "f: has too many styles"),
        ({"workbook": b"<workbook>" + b"<x/>" * 300_000}, "f: has too many styles, or too much else"),
        ({"workbook": b"<definedName>" + b"a" * 10_001 + b"</definedName>"}, "f: has odd styles"),
        ({"sheet": SHEET % (b"<row>" + CELL * 90_000 + b"</row>")}, "f: has a row, or something else"),
        (
            {"sheet": SHEET % (b"<row>" + (CELL * 9_000 + b"<!--<row >-->") * 9 + b"</row>")},
            "f: has a row, or something else",
        ),
        ({"sheet": SHEET % b"" + b'<mergeCell ref="A1:A2"/>' * 50_000}, "f: has a row, or something else"),
        (
            {"sheet": SHEET % b'<row r="1"/><row r="999999999999"><c><v>1</v></c></row>'},
            "f:10001: has more than 10000 empty rows",
        ),
        ({"styles": b'<numFmt numFmtId="164" formatCode="%s"/>' % (b"[" * 256)}, "f: has odd styles: save it as CSV"),
        ({"styles": b"<numFmt formatCode = '%s'/>" % (b'"[' * 128)}, "f: has odd styles: save it as CSV"),
        ({"styles": b'<!DOCTYPE x [<!ENTITY y "[">]><numFmt formatCode="&y;"/>'}, "f: has odd styles"),
        ({"styles": '<numFmt formatCode="["/>'.encode("utf-16")}, "f: has odd styles"),
    ],
)
def test_no_part_of_a_spreadsheet_makes_more_of_itself_in_memory(parts: dict[str, bytes], told: str) -> None:
    (only,) = wrong(archive(**parts))
    assert only.startswith(told)


def moved(data: bytes, name: str, there: str) -> bytes:
    """The same file, one of whose parts lies elsewhere, as all others say."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as whole, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as changed:
        for each in whole.namelist():
            changed.writestr(there if each == name else each, whole.read(each).replace(name.encode(), there.encode()))
    return file.getvalue()


@pytest.mark.parametrize("there", ["xl/worksheets/sheet1.xml", "xl/drawings/a.xml"])
def test_a_sheet_is_looked_through_wherever_it_lies(there: str) -> None:
    sheet = archive(sheet=SHEET % (b"<row>" + CELL * 90_000 + b"</row>"))
    assert wrong(moved(sheet, "xl/worksheets/sheet1.xml", there))[0].startswith("f: has a row, or something else")
    merged = xlsx(("holder", "until"), ("h-1", "2027-12-31"), ("h-2", None), merge="B2:B3")
    assert "merged cells" in wrong(moved(merged, "xl/worksheets/sheet1.xml", there))[0]


def test_a_merged_cell_that_says_where_only_far_behind_is_none() -> None:
    """Or many of them without an end would each be looked at to the end of all."""
    rows = SHEET % b'<row r="1"><c t="inlineStr"><is><t>holder</t></is></c></row>'
    assert not any(
        "merged" in each for each in wrong(archive(sheet=rows + b"<mergeCell" + b" " * 300 + b'ref="A1:A2"/>'))
    )


@pytest.mark.parametrize(
    "how",
    [
        pytest.param(zipfile.ZIP_STORED, marks=pytest.mark.slow),
        zipfile.ZIP_DEFLATED,
        zipfile.ZIP_BZIP2,
        zipfile.ZIP_LZMA,
    ],
)
def test_of_a_spreadsheet_that_was_damaged_on_its_way_it_is_told_that_it_cannot_be_read(how: int) -> None:
    found, whole = io.BytesIO(), zipfile.ZipFile(io.BytesIO(xlsx(("holder", "until"), ("h-1", "2027-12-31"))))
    with whole, zipfile.ZipFile(found, "w", how) as packed:
        for name in whole.namelist():
            packed.writestr(name, whole.read(name))
    data = found.getvalue()
    for at in range(4, len(data), 9):
        damaged = bytearray(data)
        damaged[at] ^= 0xFF
        assert all(each.startswith("f:") for each in wrong(bytes(damaged)))


def test_of_many_merged_cells_the_first_are_told() -> None:
    cells = b"".join(b'<mergeCell ref="A%d:B%d"/>' % (row, row) for row in range(2, 9000))
    found = wrong(archive(sheet=SHEET % b'<row r="1"><c><v>1</v></c></row>' + cells))
    assert len(found) == people_table.MOST_MERGED


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"," * 2_000_000, "f:1: has a row of more than"),
        (b"holder,until\n" + b"a," * 20_000 + b"b\n", "f:2: has more than 64 columns"),
        (b"holder,until\n" + b'"a\n",' * 40_000, "has a row of more than"),
        (b'holder,until\nh-1,"2027-12-31\n' + b"h-2,2027-12-31\n" * 10_000, "is a quote open"),
    ],
)
def test_a_row_of_csv_has_so_many_columns_and_characters(data: bytes, told: str) -> None:
    (only,) = wrong(data)
    assert told in only


def test_empty_columns_at_the_end_of_a_line_are_none() -> None:
    assert right(b"holder,until,scope" + b"," * 200 + b"\nh-1,2027-12-31,*" + b"," * 200 + b"\n")


def test_a_file_is_judged_beside_the_register(office: Office, passes: Passes) -> None:
    kept = passes.issue(wanted("h-1", "C1", district="3708"), By("li")).credential
    passes.issue(wanted("h-2", "C2", district="3709"), By("li"))
    lines = (
        "h-1,,2027-12-31\nh-2,,2027-12-31\nh-3,C1,2027-12-31\nh-4,C4,2027-12-31\nh-4,C5,2027-12-31\nh-5,C4,2027-12-31\n"
    )
    found = ordered(("holder,card,until\n" + lines).encode(), office.store, NOW, "3708")
    assert [each.told("f") for each in found.wrong] == [
        "f:3: holder: is looked after by another district",
        "f:4: card: is another pass's already",
        "f:6: holder: h-4: is there twice, first in line 5",
        "f:7: card: C4: is there twice, first in line 5",
    ]
    assert [each.holder for each in found.new] == ["h-4"]
    assert [held.index for held, _wanted in found.renewed] == [kept.index]
    passes.register(found.new, found.renewed, "3708", By("li", "the list of July"))
    again = office.store.credential(kept.index)
    assert again is not None
    assert (again.facts.card, again.facts.until, again.facts.changed_by) == ("C1", DAY_END, "li")
    assert [each.facts.card for each in office.store.credentials("h-4")] == ["C4"]


# Their numbers.


def deeds() -> st.SearchStrategy[list[tuple[str, int]]]:
    kinds = st.sampled_from(["give", "give", "older gives", "backup", "restore", "other machine"])
    return st.lists(st.tuples(kinds, st.integers(1, 4)), max_size=12)


@settings(max_examples=15, deadline=None)
@given(deeds())
def test_no_index_is_given_twice_whatever_is_restored(done: list[tuple[str, int]]) -> None:
    """`older gives`: a release that knows nothing of the file, so it gives none after a restore."""
    with tempfile.TemporaryDirectory() as name:
        folder, given_ones = Path(name) / "a", []
        backup, restored = b"", False
        for deed, count in done:
            folder.mkdir(exist_ok=True)
            restored |= deed in {"restore", "other machine"}
            if deed == "restore" and backup:
                (folder / "central.db").write_bytes(backup)
            elif deed == "other machine" and backup:
                shutil.rmtree(folder)
                folder.mkdir()
                (folder / "central.db").write_bytes(backup)
            with closing(CentralStore(folder)) as store:
                if deed == "give":
                    given_ones += store.add_credentials([f"h{number}" for number in range(count)])
                elif deed == "older gives" and not restored:
                    given_ones.append(as_before(store))
                store._engine.wipe()
            if deed == "backup":
                backup = (folder / "central.db").read_bytes()
        assert len(set(given_ones)) == len(given_ones)


def as_before(store: CentralStore) -> int:
    """As version 0.5 gives one, and today's is started again."""
    with store.transaction():
        (found,) = store._engine.all(
            "INSERT INTO credentials (idx, holder) VALUES ((SELECT coalesce(max(idx), 0) + 1 FROM credentials), 'h')"
            " RETURNING idx"
        )
    store.settle_highest()
    return int(found[0])


def test_what_a_restored_database_has_forgotten_the_file_knows(tmp_path: Path) -> None:
    with closing(CentralStore(tmp_path)) as store:
        assert store.add_credentials(["a", "b", "c"]) == [1, 2, 3]
        store._engine.run("DELETE FROM credentials WHERE idx > 1")
        assert store.add_credential("d") == 4
        (tmp_path / FILE).write_text("no number")
        assert store.add_credential("e") == 4 + UNKNOWN + 1
        (tmp_path / FILE).unlink()
        (tmp_path / FILE).mkdir()
        with pytest.raises(StoreFailed, match="highest-index: "):
            store.add_credential("f")
        assert store.credentials("f") == []


# The command line.


def test_the_verbs_of_passes(tmp_path: Path) -> None:
    office = CommandLine(tmp_path)
    with closing(office.store):
        issued = office.json("passes", "issue", "h-1", "--card", "C1", "--until", "2099-12-31", code=2)
        assert issued["errors"] == ["until: must be a day to come, within ten years"]
        assert office.said("passes", "issue", "h-1", "--until", "soon", code=2).startswith("--until: is no day")
        issued = office.json("passes", "issue", "h-1", "--card", "C1", "--district", "3708")
        assert (issued["card"], issued["state"], issued["code"][:4]) == ("C1", "valid", "YZ1:")
        assert "index" not in issued
        assert "has a pass already" in office.said("passes", "issue", "h-1", code=1)
        assert office.json("passes", "renew", "h-1")["until"] > office.now
        assert "Missing option '--reason'" in office.said("passes", "replace", "h-1", code=2)
        assert office.json("passes", "replace", "h-1", "--card", "C2", "--reason", "lost")["number"] == 2
        for verb, state in (
            ("suspend", "suspended"),
            ("restore", "valid"),
            ("revoke", "revoked"),
            ("restore", "valid"),
        ):
            assert office.json("passes", verb, "h-1", "--reason", "x")["state"] == state
        assert "was replaced" in office.said("passes", "restore", "h-1", "--number", "1", "--reason", "x", code=1)
        assert [(each["number"], each["state"]) for each in office.json("passes", "find", "h")] == [
            (2, "valid"),
            (1, "replaced"),
        ]
        assert "No such passes" in office.said("passes", "find", "nobody")
        assert "has no such pass" in office.said("passes", "revoke", "nobody", "--reason", "x", code=1)


def test_a_code_for_a_technicians_pass_asks_for_a_reason(tmp_path: Path) -> None:
    office = CommandLine(tmp_path)
    (office.folder / SETTINGS).write_text('[addresses]\npasses = "https://pass.example.org"\n')
    with closing(office.store):
        office.json("passes", "issue", "t-1", "--class", "technician")
        assert office.said("passes", "code", "t-1", code=2) == "This asks for a reason.\n"
        assert len(office.json("passes", "code", "t-1", "--reason", "new phone")["code"]) == 11
        assert office.store.acts(EVERYWHERE, about="t-1")[0].reason == "new phone"


def test_the_lines_that_are_right_are_taken_only_by_a_persons_word(tmp_path: Path) -> None:
    office = CommandLine(tmp_path)
    file = tmp_path / "holders.csv"
    file.write_text("holder,until\nh-1,2027-12-31\n王小明,2027-12-31\n")
    with closing(office.store):
        told = office.said("passes", "import", str(file), code=2)
        assert f"{file}:3: holder: is no pseudonym" in told
        assert "1 lines are wrong; nothing was taken in. With --only-right the others are." in told
        assert office.store.find_credentials("") == []
        taken = office.json("passes", "import", str(file), "--only-right")
        assert (taken["new"], taken["wrong"]) == (1, 1)
        assert office.json("passes", "import", str(file), "--dry-run")["renewed"] == 1


# Two persons.


def test_more_than_a_hundred_revocations_at_once_need_a_second_person(office: Office) -> None:
    with office.store.transaction():
        indices = office.store.add_credentials([f"h-{number}" for number in range(101)])
    held = [each for index in indices if (each := office.store.credential(index))]
    assert revoke(office.store, office.issuer, held[:100], "", By("li", "a list was stolen")) is None
    assert len(office.store.statuses()[0]) == 100
    waits = revoke(office.store, office.issuer, held, "3708", By("li", "a list was stolen"))
    assert waits is not None
    assert office.store.proposals(Scope("3708"), NOW) == [waits]
    assert office.store.proposals(Scope("3709"), NOW) == office.store.proposals(EVERYWHERE, NOW + OPEN_FOR) == []
    with pytest.raises(NotSo, match="your own"):
        decide(office.store, office.issuer, waits, "confirmed", By("li"))
    assert len(office.store.statuses()[0]) == 100
    decide(office.store, office.issuer, waits, "confirmed", By("wang"))
    assert len(office.store.statuses()[0]) == 101
    with pytest.raises(NotSo, match="no longer"):
        decide(office.store, office.issuer, waits, "declined", By("zhao"))
    assert office.store.broken_audit() is None
    assert {each.what for each in office.store.acts(EVERYWHERE)} >= {"proposed", "confirmed", "pass revoked"}


def test_of_two_who_change_one_policy_the_second_is_told(office: Office) -> None:
    first = publish(office.store, office.issuer, 'station = "3708"\nfresh_for = 90000\n', 0, By("li"))
    with pytest.raises(Changed) as told:
        publish(office.store, office.issuer, 'station = "3708"\n', 0, By("wang"))
    assert told.value.version == first
    second = publish(office.store, office.issuer, 'station = "3708"\n', first, By("wang"))
    assert second > first
    waits = propose(office.store, Withdrawal("3708"), "3708", By("li", "is over"), NOW)
    decide(office.store, office.issuer, waits, "confirmed", By("wang"))
    assert [each.what for each in office.store.acts(EVERYWHERE, about_policy("3708"))] == [
        "policy withdrawn",
        "policy published",
        "policy published",
    ]


def large(rows: list[tuple[str, ...]]) -> bytes:
    """As a spreadsheet of another program's, which does not gather its texts."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"constant_memory": True}) as workbook:
        sheet = workbook.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return file.getvalue()


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("kind", "count"), [("csv", 200_000), ("xlsx", 50_000)])
def test_a_file_of_a_district_is_taken_in(tmp_path: Path, kind: str, count: int) -> None:
    lines = [
        (f"h{number:06d}", f"C{number:06d}", "2099-13-31" if number == count - 1 else "") for number in range(count)
    ]
    day = datetime.now(CHINA).date() + timedelta(days=300)
    if kind == "csv":
        data = ("holder,card,until\n" + "".join(f"{a},{b},{c or day}\n" for a, b, c in lines)).encode("gbk")
    else:
        data = large([("holder", "card", "until"), *((a, b, c or f"{day}") for a, b, c in lines)])
    office = CommandLine(tmp_path)
    with closing(office.store):
        found = ordered(data, office.store, office.now)
        assert (len(found.new), [each.line for each in found.wrong]) == (count - 1, [count + 1])
        indices = Passes(office.store, office.issuer).register(found.new, [], "", By("li"))
        assert len({*indices}) == count - 1
        again = ordered(data, office.store, office.now)
        assert (len(again.new), len(again.renewed)) == (0, count - 1)
