"""Why the central server signs nothing: said plainly to whoever operates it."""

from __future__ import annotations


class CannotSign(Exception):
    """Nothing can be signed as things are; the text says why, and what to do."""


class KeyLost(CannotSign):
    """The file of a private key is not there, cannot be read, or holds another key."""


class WrongClock(CannotSign):
    """The clock of this machine cannot be right, judged by the server's own documents."""


class TooLarge(CannotSign):
    """What was to be published is larger than any station takes."""


class NotTaken(CannotSign):
    """A file that was carried here, or a stick, is not what it must be."""


class NotMade(CannotSign):
    """The folder has no database, or its database no keys yet."""
