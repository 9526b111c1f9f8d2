"""What a Prometheus server scrapes, in its text format: by district and state, and of no station.

Names, units and suffixes by https://prometheus.io/docs/practices/naming/, the text by
https://prometheus.io/docs/instrumenting/exposition_formats/ (0.0.4).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, Literal

from msgspec import Struct

from kiosk import __version__
from kiosk.central.figures import DISTRICT, Figures
from kiosk.central.scope import EVERYWHERE
from kiosk.central.store import CentralStore

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
JOULES: Final = 3.6
"""Of a milliwatt hour."""

Labels = Mapping[str, str]


class Metric(Struct, frozen=True):
    """Its name behind `yizhan_`, what it counts, and its values."""

    name: str
    kind: Literal["counter", "gauge"]
    help: str
    samples: list[tuple[Labels, float]]


COUNTED: Final[tuple[tuple[str, str, Callable[[Figures], float]], ...]] = (
    ("grants_total", "Passes that opened a door.", lambda figures: sum(figures.granted.values())),
    ("grants_not_taken_total", "Grants after which nobody opened the door.", lambda figures: figures.not_taken),
    ("refusals_total", "Codes that opened nothing.", lambda figures: figures.refused),
    ("exit_presses_total", "Presses of the button inside.", lambda figures: figures.exits),
    ("faults_total", "Faults that began.", lambda figures: figures.faults),
    ("energy_joules_total", "What the appliances with a meter used.", lambda figures: figures.milliwatt_hours * JOULES),
    ("silence_seconds_total", "Time in which stations were silent.", lambda figures: figures.silent),
    ("watched_seconds_total", "Time in which stations were watched.", lambda figures: figures.watched),
)
"""Of the figures of each district."""


def metrics(store: CentralStore, now: float) -> list[Metric]:
    """All of them. Raises StoreFailed."""
    totals = store.totals()
    return [
        Metric("build_info", "gauge", "The program.", [({"version": __version__}, 1)]),
        Metric("stations", "gauge", "Stations by how they are.", _stations(store, now)),
        *(
            Metric(name, "counter", told, [({"district": each}, of(figures)) for each, figures in totals.items()])
            for name, told, of in COUNTED
        ),
        Metric("entries_total", "counter", "Entries that were acknowledged.", _acknowledged(store)),
        Metric("entries_uncounted", "gauge", "Entries that no figure has yet.", [({}, store.uncounted())]),
        Metric("alarms", "gauge", "What the server found wrong.", [({}, len(store.alarms()))]),
        Metric("watched_timestamp_seconds", "gauge", "When the jobs last looked.", [({}, store.watched_until())]),
    ]


def _stations(store: CentralStore, now: float) -> list[tuple[Labels, float]]:
    counts = Counter((each.code[:DISTRICT], each.condition(now)) for each in store.register(EVERYWHERE))
    return [({"district": district, "state": state}, count) for (district, state), count in sorted(counts.items())]


def _acknowledged(store: CentralStore) -> list[tuple[Labels, float]]:
    return [({"district": district}, count) for district, count in sorted(store.acknowledged_by_district().items())]


def exposition(found: Iterable[Metric]) -> str:
    """The text."""
    return "".join(f"{line}\n" for each in found for line in _lines(each))


def _lines(each: Metric) -> Iterator[str]:
    name = f"yizhan_{each.name}"
    yield f"# HELP {name} {each.help}"
    yield f"# TYPE {name} {each.kind}"
    for labels, value in each.samples:
        words = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        yield f"{name}{{{words}}} {value!r}" if words else f"{name} {value!r}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
