"""Bars, as SVG that stands within a page or a report: no library, no script. Only computes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

WIDTH, HEIGHT = 720, 180
LEFT, TOP, BOTTOM = 56, 10, 22
GAP: Final = 0.2
"""Of a bar's place."""

STEPS: Final = (1, 1.5, 2, 3, 4, 5, 6, 8, 10)
INK, BAR, LINE = "#46535f", "#1d6fa5", "#dfe4e9"
"""Colours in the drawing itself: what makes a PDF of it reads no style sheet for it."""

LETTER: Final = 6.0
"""Width of a digit of a label."""


def bars(values: Sequence[float], labels: Sequence[str], title: str) -> str:
    """Upright bars with a scale; of many labels only some are written. Every bar says its own value to whoever points at it."""
    top = _top(max(values, default=0))
    says = f'role="img" aria-label="{escape(title)}" font-size="10" font-family="sans-serif" fill="{INK}"'
    drawn = [*_scale(top), *_bars(values, labels, top), *_labels(labels)]
    return f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" {says}>{"".join(drawn)}</svg>'


def _top(most: float) -> float:
    """A round number that is no less."""
    if most <= 0:
        return 1.0
    ten = 10.0 ** math.floor(math.log10(most))
    return next(step * ten for step in STEPS if step * ten >= most)


def _y(value: float, top: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top)


def _scale(top: float) -> Iterator[str]:
    for value in filter(float.is_integer, (0.0, top / 2, top)):  # half a visit is none
        y = _y(value, top)
        yield f'<path stroke="{LINE}" d="M{LEFT} {y:.1f}H{WIDTH}"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:,.10g}</text>'


def _bars(values: Sequence[float], labels: Sequence[str], top: float) -> Iterator[str]:
    place = (WIDTH - LEFT) / max(1, len(values))
    for at, (value, label) in enumerate(zip(values, labels, strict=True)):
        y = _y(value, top)
        x, wide, high = LEFT + place * (at + GAP / 2), place * (1 - GAP), HEIGHT - BOTTOM - y
        told = escape(f"{label}: {value:,.10g}")
        box = f'x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}"'
        yield f'<rect fill="{BAR}" {box}><title>{told}</title></rect>'


def _labels(labels: Sequence[str]) -> Iterator[str]:
    place = (WIDTH - LEFT) / max(1, len(labels))
    longest = max((len(label) for label in labels), default=1)
    every = max(1, math.ceil((longest + 1) * LETTER / place))
    for at in range(0, len(labels), every):
        x = min(LEFT + place * (at + 0.5), WIDTH - longest * LETTER / 2)
        yield f'<text x="{x:.1f}" y="{HEIGHT - 6}" text-anchor="middle">{escape(labels[at])}</text>'
