"""Why the board's tools do not do what they were asked: said plainly to whoever sits there."""

from __future__ import annotations


class NotSo(Exception):
    """Something that was given cannot be used; the text says what, and what to do."""


class Missing(Exception):
    """What was given is right, and is not enough: a share is lost."""
