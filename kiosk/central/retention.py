"""For how long the central server keeps what stations tell, as `[retention]` of `central.toml` says it."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

DAY: Final = 86_400.0

Days = Annotated[float, Meta(ge=1, le=36_500)]
Stream = Literal["access", "telemetry", "services"]

PERSONS: Final = ("index", "token", "who", "holder")
"""Fields of an entry that point to a person, by a credential or an account."""


class Retention(Struct, frozen=True, forbid_unknown_fields=True):
    """Days from when an entry was received: those of its kind, else `persons` if it points to one, else those of its stream.

    What is set aside or was refused may hold anything, so it goes as `persons` does.
    """

    persons: Days = 30.0
    other: Days = 400.0
    streams: dict[Stream, Days] = {}
    kinds: dict[str, Days] = {}

    def of_stream(self, stream: str) -> float:
        """Those of what is neither of a kind with days of its own nor of a person."""
        return next((days for name, days in self.streams.items() if name == stream), self.other)

    def longest(self) -> float:
        """The most days that anything is kept for."""
        return max(self.persons, self.other, *self.streams.values(), *self.kinds.values())

    def levels(self, stream: str) -> list[float]:
        """The different days that entries of a stream may be kept for, the fewest first."""
        return sorted({self.persons, self.of_stream(stream), *self.kinds.values()})
