"""The result on paper, in Chinese and then in English: the index never stands without the answers that it is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from msgspec import Struct
from rich.cells import cell_len

from kiosk.board.formula import FEWEST
from kiosk.board.plots import COLOURS, SHARES, picture
from kiosk.board.questions import DIMENSION_NAMES
from kiosk.board.result import Outcome, Result
from kiosk.board.words import text_in, told_opening, told_turnout, told_validity
from kiosk.foreign import visible
from kiosk.index.answers import ANSWERS
from kiosk.language import _, chinese, speaking
from kiosk.printing.marks import A4, POINT, Box, Line, Mark, Picture, Sheet, Words
from kiosk.wording.words import word

LEFT, TOP, BOTTOM = 18.0, 20.0, 280.0
WIDTH: Final = A4[0] - 2 * LEFT
LABEL: Final = 30.0
"""Width of the dimensions' names before the picture."""

ROW: Final = 9.0
PLAIN: Final = 9.0
CELL: Final = 0.53
"""Width of a cell (half a Chinese character) in the size of the letters, and a little more."""

Lines = Iterator[Mark]


class Report(Struct, frozen=True):
    """What a report is made of; `digest`: the SHA-256 of the result's file; `remarks`: as somebody has gone through them."""

    result: Result
    digest: str
    remarks: tuple[str, ...] = ()


class _Pages:
    """Sheets that are filled from above, a piece after the other."""

    def __init__(self) -> None:
        self._done: list[Sheet] = []
        self._marks: list[Mark] = []
        self._y = TOP

    def put(self, height: float, draw: Callable[[float], Iterator[Mark]]) -> None:
        """A piece of this height: what `draw` gives for where it begins; on the next sheet where it does not fit."""
        if self._y + height > BOTTOM and self._marks:
            self.turn()
        self._marks += draw(self._y)
        self._y += height

    def text(self, text: str, size: float = PLAIN, *, bold: bool = False, after: float = 1.0) -> None:
        """A paragraph."""
        height = size * POINT * 1.45
        for line in wrapped(text, WIDTH, size):
            self.put(height, lambda y, line=line: iter([Words(LEFT, y + size * POINT, line, size, WIDTH, bold)]))  # type: ignore[misc]
        self._y += after

    def heading(self, text: str) -> None:
        """What the next pieces are about."""
        self._y += 3.0
        self.text(text, 11.5, bold=True, after=0.5)

    def turn(self) -> None:
        """The next sheet."""
        self._done.append(Sheet(*A4, tuple(self._marks)))
        self._marks, self._y = [], TOP

    def sheets(self) -> tuple[Sheet, ...]:
        """All of them."""
        if self._marks:
            self.turn()
        return tuple(self._done)


def report_sheets(report: Report) -> Iterator[Sheet]:
    """The pages, in Chinese and then in English."""
    for language in (True, False):
        with speaking(language):
            yield from _pages(report)


def _pages(report: Report) -> tuple[Sheet, ...]:
    pages, result = _Pages(), report.result
    pages.text(text_in(result.title), 17, bold=True)
    pages.text(_("Result of an anonymous ballot at the stations"), 10, after=3)
    pages.text(told_validity(result), 11, bold=True, after=0)
    pages.text(told_turnout(result), 10.5, after=3)
    if result.outcome:
        _whole(pages, result.outcome)
    else:
        pages.text(_("Fewer than ten ballots: nothing is said of them."), 12)
    if result.groups:
        _groups(pages, result)
    _remarks(pages, report.remarks)
    _method(pages, result)
    _came(pages, result)
    _hashes(pages, report)
    return pages.sheets()


def _whole(pages: _Pages, outcome: Outcome) -> None:
    figures = (
        (outcome.index, _("index"), True),
        (outcome.standard_error, _("standard error"), False),
        (outcome.equal_steps, _("by equal steps"), False),
        (_percent(outcome.not_content), _("not content"), False),
        (_percent(outcome.abstained), _("abstained"), False),
    )
    pages.put(17.0, lambda y: _figures(y, figures))
    pages.heading(_("What was answered"))
    pages.put(9.0, _legend)
    pages.put(ROW * len(outcome.dimensions) + 4.0, lambda y: _picture(y, outcome))
    pages.put(9.0 + 5.2 * len(outcome.dimensions), lambda y: _table(y, outcome))
    if any(each.counts is None for each in outcome.dimensions):
        pages.text(_("–: fewer than ten answered, so nothing is said, and it is not in the index."))


def _figures(y: float, figures: Sequence[tuple[str | None, str, bool]]) -> Lines:
    step = WIDTH / len(figures)
    for at, (value, label, large) in enumerate(figures):
        x = LEFT + at * step
        yield Words(x, y + 8.0, value or "–", 22 if large else 15, step - 3, bold=True)
        yield Words(x, y + 13.0, label, 8.5, step - 3)


def _legend(y: float) -> Lines:
    step = (WIDTH - LABEL) * SHARES / len(ANSWERS)
    for at, answer in enumerate(ANSWERS):
        x = LEFT + LABEL + at * step
        yield Box(x, y + 1.0, 3.0, 3.0, COLOURS[at])
        yield Words(x + 4.0, y + 3.7, word(answer), 7, step - 5)
    yield Words(
        LEFT + LABEL + (WIDTH - LABEL) * 0.74,
        y + 3.7,
        _("● score  ○ by equal steps, 0 to 100"),
        7,
        (WIDTH - LABEL) * 0.26,
    )


def _picture(y: float, outcome: Outcome) -> Lines:
    high = ROW * len(outcome.dimensions)
    yield Picture(LEFT + LABEL, y, WIDTH - LABEL, high, picture(outcome, WIDTH - LABEL, high))
    for at, dimension in enumerate(outcome.dimensions):
        yield Words(LEFT, y + ROW * (at + 0.5) + 1.2, _name(dimension.key), 9, LABEL - 2)


def _name(key: str) -> str:
    return DIMENSION_NAMES[key][0 if chinese() else 1]


def _table(y: float, outcome: Outcome) -> Lines:
    heads = ("", *(word(each) for each in ANSWERS), _("score"), _("by equal steps"), _("not content"))
    rows = [
        (
            _name(each.key),
            *(map(str, each.counts) if each.counts else ["–"] * len(ANSWERS)),
            each.score or "–",
            each.equal_steps or "–",
            _percent(each.not_content) or "–",
        )
        for each in outcome.dimensions
    ]
    yield from _rows(y, [heads, *rows], [LABEL, *[(WIDTH - LABEL) / 8] * 8])


def _rows(y: float, rows: Sequence[Sequence[str]], widths: Sequence[float]) -> Lines:
    """A table whose first row is its head."""
    for number, row in enumerate(rows):
        at, x = y + 4.0 + 5.2 * number, LEFT
        for text, width in zip(row, widths, strict=True):
            yield Words(x, at, text, 7.5 if number == 0 else 8.5, width - 1.5, bold=number == 0)
            x += width
        if number == 0:
            yield Line(LEFT, at + 1.6, sum(widths), 0)


def _groups(pages: _Pages, result: Result) -> None:
    heads = (
        _("group"), _("slips"), _("ballots"), _("index"), _("standard error"), _("by equal steps"), _("not content"),
        _("abstained"),
    )  # fmt: skip
    rows: list[tuple[str, ...]] = [heads]
    for group in result.groups:
        found = group.outcome
        values = (
            (
                str(found.counted),
                found.index,
                found.standard_error,
                found.equal_steps,
                _percent(found.not_content),
                _percent(found.abstained),
            )
            if found
            else (None,) * 6
        )
        rows.append((text_in(group.names), str(group.slips), *(each or "–" for each in values)))
    pages.heading(_("Groups"))
    pages.put(5.2 * len(rows) + 3.0, lambda y: _rows(y, rows, [44.0, *[(WIDTH - 44.0) / 7] * 7]))
    pages.text(
        _(
            "–: fewer than {fewest} ballots, or those of fewer could be told by subtracting this group: nothing is said.",
            fewest=FEWEST,
        )
    )


def _remarks(pages: _Pages, remarks: Sequence[str]) -> None:
    if remarks:
        pages.heading(_("Remarks"))
        pages.text(_("Somebody has read them and removed what points to a person."))
        for each in remarks:
            pages.text("· " + visible(each))


def _method(pages: _Pages, result: Result) -> None:
    pages.heading(_("How it is reckoned"))
    weights = ", ".join(result.weights) if len(set(result.weights)) > 1 else _("all alike")
    for text in (
        _(
            "An answer is worth {points} points. The score of a dimension is the mean over those who answered it; who "
            "abstains is not counted in it. The index is the mean of the scores by their weights ({weights}), over the "
            "dimensions that ten or more answered; exact fractions, rounded once, half up.",
            points=", ".join(result.points),
            weights=weights,
        ),
        _(
            "The points are our own choice. By equal steps is the same with 100, 66.67, 33.33 and 0. Two splits of the answers "
            "can give one index, and one of them hide many who are not content: compare the answers, not the index alone."
        ),
        _(
            "The standard error is that of a chance sample as large. Those who voted were not drawn by chance, so it says how "
            "much few ballots move the index, and not how near it is to what all think."
        ),
    ):
        pages.text(text, 8.5)


def _came(pages: _Pages, result: Result) -> None:
    pages.heading(_("What came, and what counted"))
    said = [*told_opening(result.opening)]
    if result.unreadable:
        said.append(_("{count} that were passed on could not be opened", count=result.unreadable))
    if result.cancelled_slips:
        said.append(_("{count} slips were cancelled in public, as nobody drew them", count=result.cancelled_slips))
    for each in said:
        pages.text("· " + each, 8.5, after=0)


def _hashes(pages: _Pages, report: Report) -> None:
    result = report.result
    pages.heading(_("To be compared"))
    pages.text(_("The poll's words: {words}", words=result.words), 8.5)
    pages.text(_("Whoever counts the same files anew comes to the same. The SHA-256 of each:"), 8.5)
    hashes = (
        (_("the poll, which is its id"), result.poll),
        (_("the sealed ballots"), result.ballots),
        (_("the cancelled slips"), result.cancelled),
        (_("what holder A passed on"), result.passed),
        (_("this result"), report.digest),
    )
    for label, digest in hashes:
        if digest:
            pages.put(4.6, lambda y, row=(label, digest): _hash(y, *row))  # type: ignore[misc]


def _hash(y: float, label: str, digest: str) -> Lines:
    yield Words(LEFT, y + 3.2, label, 8, 48)
    yield Words(LEFT + 50, y + 3.2, digest, 7.5, WIDTH - 50)


def _percent(value: str | None) -> str | None:
    return None if value is None else f"{value} %"


def wrapped(text: str, width: float, size: float) -> Iterator[str]:
    """Lines of a paragraph in letters of that size (points) that are no wider than `width` (millimetres), roughly."""
    most = max(1, int(width / (size * POINT * CELL)))
    line = ""
    for piece in _pieces(text):
        if line and cell_len(line + piece.rstrip()) > most:
            yield line.rstrip()
            line = ""
        line += piece
    yield line.rstrip()


def _pieces(text: str) -> Iterator[str]:
    """Where a line may be broken: behind a blank, and beside every Chinese character but before a sign that ends something."""
    piece = ""
    for each in text:
        wide = cell_len(each) > 1
        if piece and (
            piece[-1] == " "
            or (wide and each not in "，。；：、）”")
            or (cell_len(piece[-1]) > 1 and each not in "，。；：、）”")
        ):
            yield piece
            piece = ""
        piece += each
    yield piece
