"""The picture of a result, by matplotlib: what was answered in each dimension, and the score. The sheet has its words."""

from __future__ import annotations

import io
from typing import Any, Final

from matplotlib.figure import Figure

from kiosk.board.formula import Counts
from kiosk.board.result import Dimension, Outcome
from kiosk.index.answers import ANSWERS

COLOURS: Final = ("#08519c", "#6baed6", "#fdd49e", "#b30000", "#bdbdbd")
"""Of the answers: told apart without colour, and by eyes that see fewer of them; the one that is not content stands out."""

ON: Final = ("white", "black", "black", "white", "black")
BAR: Final = 0.72
LEAST: Final = 6.0
"""Per cent of a part that has room for its number."""

SHARES: Final = 0.70
"""Of the width, for the answers; the rest but for GAP is for the scores."""

GAP: Final = 0.04
INCH: Final = 25.4
DOTS: Final = 220


def picture(outcome: Outcome, width: float, height: float) -> bytes:
    """A PNG of this size in millimetres: a row for each dimension, of the same height."""
    figure = Figure(figsize=(width / INCH, height / INCH), dpi=DOTS)
    left = figure.add_axes((0, 0, SHARES, 1))
    right = figure.add_axes((SHARES + GAP, 0, 1 - SHARES - GAP, 1))
    rows = len(outcome.dimensions)
    for axes, most in ((left, 100), (right, 104)):
        axes.set_xlim(0, most)
        axes.set_ylim(rows - 0.5, -0.5)
        axes.axis("off")
    for mark in (0, 25, 50, 75, 100):
        right.axvline(mark, color="#d0d0d0", linewidth=0.6, zorder=0)
    for at, dimension in enumerate(outcome.dimensions):
        if dimension.counts is not None:
            _shares(left, at, dimension.counts)
            _scores(right, at, dimension)
    out = io.BytesIO()
    figure.savefig(out, format="png")
    return out.getvalue()


def _shares(axes: Any, at: int, counts: Counts) -> None:
    begin, all_of_them = 0.0, sum(counts)
    for answer in range(len(ANSWERS)):
        share = 100 * counts[answer] / all_of_them
        axes.barh(at, share, BAR, left=begin, color=COLOURS[answer], edgecolor="white", linewidth=0.5)
        if share >= LEAST:
            axes.text(begin + share / 2, at, f"{share:.0f} %", color=ON[answer], ha="center", va="center", fontsize=7)
        begin += share


def _scores(axes: Any, at: int, dimension: Dimension) -> None:
    score, equal = float(dimension.score or 0), float(dimension.equal_steps or 0)
    axes.plot([equal, score], [at, at], color="#808080", linewidth=0.8, zorder=1)
    axes.plot([equal], [at], "o", markersize=5, markerfacecolor="white", markeredgecolor="black", zorder=2)
    axes.plot([score], [at], "o", markersize=5.5, color="black", zorder=3)
