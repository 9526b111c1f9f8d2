"""What is there in Chinese says what the English says: headings, commands, keys, values, figures, links; manual pages, too.

A page NAME.zh-CN.md is the twin of NAME.md. Between two headings both have the same `words`, figures, links, rows and points; a
word that the program says in Chinese may be Chinese. Only the sentences are left to whoever reads both.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from kiosk.settings.loading import load
from tests.conftest import ROOT
from tools.messages import PO, read

TWINS: Final = sorted(str(path.relative_to(ROOT)) for path in [*ROOT.glob("*.zh-CN.md"), *ROOT.glob("docs/*.zh-CN.md")])
ENGLISH, CHINESE = "config/station.toml", "config/station.zh-CN.toml"
HAN: Final = re.compile(r"[\u4e00-\u9fff]")
BLOCK: Final = re.compile(r"^```\w*\n(?:.*\n)*?```$|^ {4,}\S.*$", re.MULTILINE)
SPAN: Final = re.compile(r"`([^`]+)`|\*([a-z]+_[a-z_]+)\*")
LINK: Final = re.compile(r"\]\(([^)\s]+)\)")
IMAGE: Final = re.compile(r'<img src="([^"]+)"[^>]*>')
POINT: Final = re.compile(r"^\s*(?:-|\d+\.) ", re.MULTILINE)
TO_THE_TWIN: Final = re.compile(r"^\[(?:English|中文)\]\(\S+\)$", re.MULTILINE)


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def english(name: str) -> str:
    return name.replace(".zh-CN", "")


def sections(name: str) -> list[str]:
    """What stands under each heading, without blocks of code; the heading is its first line."""
    prose = TO_THE_TWIN.sub("", BLOCK.sub("", text_of(name)))
    return re.split(r"^(?=#+ )", prose, flags=re.MULTILINE)[1:]


def pairs(name: str) -> list[tuple[str, str]]:
    return list(zip(sections(english(name)), sections(name), strict=True))


def commands(name: str) -> list[str]:
    """The lines of all blocks, without comments; of what the program says is wrong only where it is."""
    lines = [line.strip() for block in BLOCK.findall(text_of(name)) for line in block.splitlines()]
    return [re.sub(r"^(\S+:\d+)[:：] ?([\w.]+).*|^(✘ [\w.]+).*|\s+#.*", r"\1\2\3", line) for line in lines]


def spans(section: str) -> Counter[str]:
    """What is set as code, and the reasons that a value may be absent for, which are set in italics."""
    return Counter(" ".join(span[0].strip("`*").split()) for span in SPAN.finditer(IMAGE.sub("", section)))


def figures(section: str) -> set[str]:
    return set(re.findall(r"\d+(?:\.\d+)?", LINK.sub("", SPAN.sub("", IMAGE.sub("", POINT.sub("", section))))))


def rows(section: str) -> list[int]:
    """How many cells each row of its tables has."""
    return [len(re.split(r"(?<!\\)\|", line)) for line in section.splitlines() if line.startswith("|")]


def paragraphs(section: str) -> list[str]:
    """Paragraphs, points and rows of tables, without rules."""
    found = re.split(r"\n\n|\n(?=\||\s*- |\s*\d+\. )", IMAGE.sub("", section))
    return [each for each in found[1:] if re.search(r"[^\W\d]", each)]


@pytest.mark.parametrize("name", TWINS)
def test_headings_are_the_same(name: str) -> None:
    levels = [[section.partition(" ")[0] for section in sections(each)] for each in (english(name), name)]
    assert levels[0] == levels[1]


@pytest.mark.parametrize("name", TWINS)
def test_commands_are_the_same(name: str) -> None:
    assert commands(name) == commands(english(name))


@pytest.mark.parametrize("name", TWINS)
def test_words_of_the_program_are_the_same(name: str) -> None:
    for theirs, ours in pairs(name):
        chinese = Counter({span: times for span, times in spans(ours).items() if HAN.search(span)})
        only_ours, only_theirs = spans(ours) - chinese - spans(theirs), spans(theirs) - spans(ours)
        assert (only_ours, only_theirs.total()) == (Counter(), chinese.total()), (only_theirs, ours)


@pytest.mark.parametrize("name", TWINS)
def test_figures_rows_and_points_are_the_same(name: str) -> None:
    for theirs, ours in pairs(name):
        assert figures(theirs) == figures(ours), ours
        assert rows(theirs) == rows(ours), ours
        assert POINT.findall(theirs) == POINT.findall(ours), ours


@pytest.mark.parametrize("name", TWINS)
def test_links_are_the_same_and_lead_to_chinese_where_there_is_some(name: str) -> None:
    folder = (ROOT / name).parent
    for theirs, ours in pairs(name):
        twins = {target: re.sub(r"\.(md|toml|png)$", r".zh-CN.\1", target) for target in LINK.findall(theirs)}
        wanted = {twin if (folder / twin).exists() else target for target, twin in twins.items()}
        assert set(LINK.findall(ours)) == wanted, ours
        assert IMAGE.findall(theirs) == IMAGE.findall(ours), ours
        for target in [*LINK.findall(ours), *IMAGE.findall(ours)]:
            assert "://" in target or (folder / target.partition("#")[0]).exists(), target


@pytest.mark.parametrize("name", TWINS)
def test_twins_link_to_each_other_at_the_top(name: str) -> None:
    for here, there in ((name, english(name)), (english(name), name)):
        assert f"]({Path(there).name})" in "".join(text_of(here).splitlines()[:4]), here


@pytest.mark.parametrize("name", TWINS)
def test_every_paragraph_is_chinese_and_says_which_page_is_not(name: str) -> None:
    for section in sections(name):
        for paragraph in paragraphs(section):
            assert HAN.search(paragraph) or rows(paragraph), paragraph
            for clause in re.split("[。；]", paragraph):
                foreign = [link for link in LINK.findall(clause) if re.search(r"(?<!zh-CN)\.md(#|$)", link)]
                assert not foreign or "英文" in clause, clause


@pytest.mark.parametrize(
    ("name", "locale"), [("docs/technician.md", "C.UTF-8"), ("docs/technician.zh-CN.md", "zh_CN.UTF-8")]
)
def test_the_error_on_the_page_is_the_programs_own(name: str, locale: str, tmp_path: Path) -> None:
    (shown,) = re.findall(r"^ +/etc/kiosk/(station.toml:12[:：].*)$", text_of(name), re.MULTILINE)
    (tmp_path / "station.toml").write_text("\n" * 10 + "[doors.main]\nlock = { pin = 17, activ_high = true }\n")
    words = [sys.executable, "-m", "kiosk", "-c", str(tmp_path / "station.toml"), "config", "check"]
    done = subprocess.run(words, env={"LC_ALL": locale}, cwd=ROOT, capture_output=True, text=True, check=False)
    told = (done.stdout + done.stderr).splitlines()
    assert f"{tmp_path}/{shown}" in told
    assert any(line.startswith(f"{tmp_path}/station.toml:1: station: ") for line in told), (
        "a key is no word to be translated"
    )


SETTING: Final = re.compile(r"^((?:# )?(?:\[[\w.]+\]|[\w.]+ = .*?))(?: +# (.*))?$", re.MULTILINE)


def settings(name: str) -> list[tuple[str, bool, bool]]:
    """Each line with a key or a table: whether it has a comment, and whether that calls it an example; labels may differ."""
    return [
        (re.sub(r"(?<=# label = ).*", "", setting), bool(comment), comment.startswith(("example", "例")))
        for setting, comment in SETTING.findall(text_of(name))
    ]


def test_keys_and_values_of_the_settings_are_the_same() -> None:
    assert settings(CHINESE) == settings(ENGLISH)
    assert tomllib.loads(text_of(CHINESE)) == tomllib.loads(text_of(ENGLISH))
    assert load(ROOT / CHINESE) == load(ROOT / ENGLISH)


def test_every_comment_of_the_settings_is_chinese() -> None:
    comments = [comment for _, comment in SETTING.findall(text_of(CHINESE)) if comment]
    prose = re.findall(r"^# (.*)$", SETTING.sub("", text_of(CHINESE)), re.MULTILINE)
    for comment in comments + prose:
        assert HAN.search(comment) or comment.startswith("http"), comment


def test_who_reads_chinese_is_sent_to_chinese_pages() -> None:
    sent = [page for each in read() for page in re.findall(r"docs/\w+\.md", str(each.string))]
    assert [page for page in sent if (ROOT / page.replace(".md", ".zh-CN.md")).exists()] == []


@pytest.fixture(scope="module")
def manuals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("man")
    subprocess.run([sys.executable, "-m", "tools.manuals", str(folder)], cwd=ROOT, check=True, capture_output=True)
    return folder


def test_every_verb_has_a_manual_page_in_both_languages(manuals: Path) -> None:
    names = sorted(path.name for path in (manuals / "man1").iterdir())
    assert {"kiosk.1", "kiosk-status.1", "kiosk-door-open.1"} <= set(names)
    for name in names:
        theirs, ours = (text for text in ((manuals / at / name).read_text() for at in ("man1", "zh_CN/man1")))
        assert headings_of_manual(theirs) == len(re.findall(r"^\.SH [一-鿿]+$", ours, re.MULTILINE)), name
        assert not re.search(r"Manual|full documentation|\.\.\.$", ours), name
        for page in re.findall(r"\\fB([\w-]+)\(1\)", theirs + ours):
            assert f"{page}.1" in names, f"{name} refers to {page}"
    assert sorted(path.name for path in (manuals / "zh_CN" / "man1").iterdir()) == names


def headings_of_manual(page: str) -> int:
    return len(re.findall(r"^\.SH ", page, re.MULTILINE))


def test_manual_pages_are_set_without_a_complaint(manuals: Path) -> None:
    """What `man` does with them; a Chinese line that groff could not break would be one."""
    if not shutil.which("groff"):
        pytest.skip("groff IS ABSENT: apt-get install groff-base")
    pages = [*(manuals / "man1").glob("*.1"), *(manuals / "zh_CN" / "man1").glob("*.1")]
    done = subprocess.run(
        ["groff", "-man", "-Kutf8", "-Tutf8", "-ww", *map(str, pages)], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""


def said_in_chinese() -> Iterator[tuple[str, str]]:
    """Every Chinese line, and where it stands."""
    yield from ((f"{PO.name}: {each.id}", str(each.string)) for each in read())
    places = [*(ROOT / name for name in TWINS), ROOT / CHINESE, *(ROOT / "kiosk").rglob("*.py")]
    for path in places:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            yield f"{path.relative_to(ROOT)}:{number}", line


def test_one_word_for_one_thing() -> None:
    rows = [line.split("|") for line in text_of("docs/glossary.md").splitlines() if line.startswith("| ")]
    instead = {word: row[2].strip() for row in rows[2:] for word in re.findall(f"{HAN.pattern}+", row[3])}
    assert len(instead) > len(rows) / 2
    wrong = [
        f"{place}: {word}; say {instead[word]}" for place, line in said_in_chinese() for word in instead if word in line
    ]
    assert wrong == []
