"""What all tables of the settings share: the base and the kinds of values."""

from __future__ import annotations

from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from kiosk.foreign import visible
from kiosk.language import _

Pin = Annotated[int, Meta(ge=0, le=27)]
"""A BCM number on the 40-pin header."""

Seconds = Annotated[float, Meta(ge=0)]
Text = Annotated[str, Meta(min_length=1, max_length=200)]


Label = Annotated[str, Meta(min_length=1, max_length=40, pattern=r"\S")]
"""What people call a thing, in their own words: shown in place of its name."""


class Table(Struct, frozen=True, forbid_unknown_fields=True):
    """The base of all tables of the file."""


Path = tuple[str, ...]
"""Where a setting stands: the names of its tables and its key."""

Wrong = tuple[Path, str]


LONGEST_SLIP: Final = 100
"""Characters of a word that somebody may have mistyped: to look at a long one takes a time that grows with its square."""


def did_you_mean(word: str, known: Any) -> str:
    """The one of the known names that was probably meant, as the end of a sentence; empty when none is near."""
    if len(word) > LONGEST_SLIP:
        return ""
    import difflib  # noqa: PLC0415  only who mistypes waits for it
    import unicodedata  # noqa: PLC0415

    names = {str(each).casefold(): str(each) for each in known}
    close = difflib.get_close_matches(unicodedata.normalize("NFKC", word).strip().casefold(), names, n=1)
    return _(", did you mean {word}?", word=names[close[0]]) if close else ""


class BadSettings(Exception):
    """The file cannot be used; `errors` has a line for each thing that is wrong, in which everything can be seen."""

    def __init__(self, errors: list[str]) -> None:
        errors = [visible(each) for each in errors]
        super().__init__("\n".join(errors))
        self.errors = errors
