"""Which stations somebody may see: those whose code begins with a prefix. A province's operators have the empty one."""

from __future__ import annotations

from typing import Final

from msgspec import Struct


class Scope(Struct, frozen=True):
    """The prefix; every question of the office takes one, and turns it into SQL here."""

    prefix: str = ""

    def within(self, column: str) -> tuple[str, tuple[int | str, ...]]:
        """What a WHERE asks of a column with codes or prefixes, and its values.

        Of everywhere nothing: PostgreSQL expects few rows where it is asked for a part of a column, and looked
        thousands of stations up one by one.
        """
        return (f"substr({column}, 1, ?) = ?", (len(self.prefix), self.prefix)) if self.prefix else ("1 = 1", ())

    def covers(self, code: str) -> bool:
        """Whether a station, or all of another prefix, is within it."""
        return code.startswith(self.prefix)


EVERYWHERE: Final = Scope()
