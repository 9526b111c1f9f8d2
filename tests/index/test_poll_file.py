"""A poll as the board writes it: what it leaves out is filled in, and all that is wrong is said at once, with its line."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import pytest

from kiosk.board.poll_file import read_poll_file
from kiosk.board.questions import QUESTIONS
from kiosk.board.shares import public_text
from kiosk.index.answers import DIMENSIONS
from kiosk.index.poll import MOST_SLIPS, read_poll
from kiosk.settings.table import BadSettings
from tests.index.polls import INNER_KEY, OUTER_KEY, public, serial

NOW = datetime(2026, 11, 1, tzinfo=UTC).timestamp()
PLAIN = """\
begins = 2026-12-01T08:00:00+08:00
ends = 2026-12-08T20:00:00+08:00
stations = ["370811", "370812"]
quorum = "1/2"
slips = 25
outer_key = "key-A.toml"
inner_key = "key-B.toml"

[title]
zh = "幸福指数"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for key, private in (("A", OUTER_KEY), ("B", INNER_KEY)):
        (tmp_path / f"key-{key}.toml").write_text(public_text(key, public(private)), encoding="utf-8")
    return tmp_path


def written(folder: Path, text: str) -> Path:
    file = folder / "poll.toml"
    file.write_text(text, encoding="utf-8")
    return file


def errors(folder: Path, text: str) -> list[str]:
    file = written(folder, text)
    with pytest.raises(BadSettings) as error:
        read_poll_file(file, NOW)
    assert all(each.startswith((f"{file}:", f"{folder}/")) for each in error.value.errors)
    return [each.removeprefix(f"{file}:") for each in error.value.errors]


def test_what_is_left_out_is_filled_in(folder: Path) -> None:
    wanted = read_poll_file(written(folder, PLAIN), NOW)
    serials = (tuple(serial(each) for each in range(25)),)
    poll = read_poll(wanted.file_of(serials))
    assert poll.quorum == 13, "half of 25, rounded up"
    assert poll.fractions == (Fraction(1, 7),) * 7
    assert [each["en"] for each in poll.questions] == [QUESTIONS[each]["en"] for each in DIMENSIONS]
    assert poll.stations == ("370811", "370812")
    assert (len(poll), len(poll.heaps)) == (25, 1)
    assert (poll.outer_key, poll.inner_key) == (public(OUTER_KEY), public(INNER_KEY))
    assert wanted.file_of(serials) == wanted.file_of((serials[0][::-1],)), "the order of the slips is not in it"


def test_groups_weights_and_questions_are_as_they_are_written(folder: Path) -> None:
    text = PLAIN.replace("slips = 25\n", "").replace('"1/2"', "30") + "\n".join(
        [
            "[questions.pay]",
            'zh = "工资够吗？"',
            "[weights]",
            *(f'{each} = "{at}/28"' for at, each in enumerate(DIMENSIONS, 1)),
            *("[[heaps]]", "slips = 30", 'names.zh = "快递员"', "[[heaps]]", "slips = 20", 'names.zh = "环卫工人"'),
        ]
    )
    wanted = read_poll_file(written(folder, text), NOW)
    poll = wanted.poll((tuple(map(serial, range(30))), tuple(map(serial, range(30, 50)))))
    assert [heap.names["zh"] for heap in poll.heaps] == ["快递员", "环卫工人"]
    assert [len(heap) for heap in poll.heaps] == [30, 20]
    assert poll.fractions == tuple(Fraction(at, 28) for at in range(1, 8))
    assert poll.questions[1] == {"zh": "工资够吗？"}
    assert poll.quorum == 30


def test_remarks_are_as_they_are_written_and_few_and_short(folder: Path) -> None:
    one = '[[remarks]]\nzh = "工资拖欠"\n'
    wanted = read_poll_file(written(folder, PLAIN + one * 2), NOW)
    assert read_poll(wanted.file_of((tuple(map(serial, range(25))),))).remarks == ({"zh": "工资拖欠"},) * 2
    (many,) = errors(folder, PLAIN + one * 5)
    assert "there may be 4 prepared remarks" in many
    (long,) = errors(folder, PLAIN + one.replace("工资拖欠", "长" * 41))
    assert "has 41 characters, and may have 40" in long
    (other,) = errors(folder, PLAIN + '[[remarks]]\nen = "Late"\n')
    assert "there is none in Chinese" in other


def test_everything_that_is_wrong_is_said_at_once(folder: Path) -> None:
    text = PLAIN.replace("+08:00", "").replace('"370811"', '"37-08"').replace("= 25", "= 0").replace("zh =", "en =")
    told = errors(folder, text + "[questions.wage]\nzh = 'x'\n[weights]\npay = 1.5\n")
    assert len(told) == 1, "what does not even have the right kind goes before the rest"
    told = errors(folder, text + "[questions.wage]\nzh = 'x'\n[weights]\npay = 'much'\n")
    begun = [each.split(": ")[0] for each in told]
    assert begun[:2] == ["1:begins" if ":begins" in begun[0] else "1", "2"]
    for word in (
        "begins",
        "ends",
        "stations",
        "slips",
        "title",
        "questions.wage",
        "weights.pay",
        "weights.rest",
        "quorum",
    ):
        assert any(f": {word}: " in each for each in told), (word, told)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("begins = 2026-12-01", "begins = 2027-12-01", 2, "ends: it ends before"),
        ("ends = 2026-12-08", "ends = 2026-10-08", 2, "ends: it ends before"),
        ("2026-12", "2025-12", 2, "ends: is over"),
        ('"1/2"', '"3/2"', 4, "quorum: is more"),
        ('"1/2"', "26", 4, "quorum: 26 ballots of 25"),
        ('"1/2"', "0", 4, "quorum: must be one"),
        ('"1/2"', '"half"', 4, "quorum: must be"),
        ('"1/2"', "true", 4, "quorum: "),
        ("slips = 25", "slips = 20000", 5, f"slips: 20000 slips; a poll may have {MOST_SLIPS}"),
        ("slips = 25\n", "", 1, "slips: write either"),
        ("slips = 25", "slip = 25", 5, "slip: no such setting, did you mean slips?"),
        ("zh =", "chinese =", 10, "title.chinese: is no language"),
        ('zh = "幸福指数"', 'zh = " "', 10, "title.zh: is empty"),
        ('zh = "幸福指数"', f'zh = "{"长" * 501}"', 10, "title.zh: has 501"),
        ("[title]", "[[heaps]]\nslips = 3\nnames.zh = '甲'\n[title]", 5, "slips: write either"),
        ("[title]", "[[heaps]]\nslips = 3\n[title]", 9, "heaps.1.names: is missing"),
        ("[title]", "[title", 9, ""),
    ],
)
def test_what_cannot_be_meant_is_said_with_its_line(folder: Path, old: str, new: str, line: int, words: str) -> None:
    assert old in PLAIN
    told = errors(folder, PLAIN.replace(old, new))
    assert any(each.startswith(f"{line}:") and words in each for each in told), told


def test_a_group_of_which_nothing_could_be_said_is_none(folder: Path) -> None:
    groups = "[[heaps]]\nslips = 10\nnames.zh = '甲'\n[[heaps]]\nslips = 9\nnames.zh = '乙'\n[title]"
    (told,) = errors(folder, PLAIN.replace("slips = 25\n", "").replace("[title]", groups))
    assert told.startswith("12: heaps.2.slips: a group needs 10 slips")


def test_a_key_that_is_not_there_or_the_other_is_said(folder: Path) -> None:
    (folder / "key-A.toml").unlink()
    (folder / "key-B.toml").write_text(public_text("A", public(OUTER_KEY)), encoding="utf-8")
    told = errors(folder, PLAIN)
    assert len(told) == 2
    assert "key-A.toml" in told[0]
    assert "key B is wanted" in told[1]
    assert errors(folder, PLAIN.replace("key-A.toml", "a\\u0000b")) == [" embedded null byte"]


def test_more_text_than_a_poll_may_have_is_said(folder: Path) -> None:
    languages = ("zh", "en", "ug", "bo", "mn", "za", "ko", "kk")
    questions = "".join(
        f"[questions.{each}]\n" + "".join(f'{language} = "{"长" * 500}"\n' for language in languages)
        for each in DIMENSIONS
    )
    wanted = read_poll_file(written(folder, PLAIN.replace("= 25", f"= {MOST_SLIPS}") + questions), NOW)
    with pytest.raises(BadSettings, match="bytes, and may have"):
        wanted.file_of((tuple(serial(each) for each in range(MOST_SLIPS)),))
