"""Everything that is published, as a value: which documents a station lacks is decided here alone."""

from __future__ import annotations

from msgspec import Struct

MOST_COMMANDS: int = 8
"""Commands that one answer carries."""


class Publication(Struct, frozen=True):
    """Something was published: its kind, and the prefix of the codes that it is for."""

    number: int
    kind: str
    scope: str


class Command(Struct, frozen=True):
    """A command under its number, obeyed until `expires` (seconds since 1970)."""

    number: int
    expires: int
    body: bytes


def prefixes(station: str) -> list[str]:
    """What a policy or another publication may be for that reaches this station, the longest first."""
    return [station[:length] for length in range(len(station), -1, -1)]


class Published(Struct, frozen=True):
    """The newest document of each kind with its version, the keyset first since its keys prove the rest; policies by prefix.

    For each station its commands in order, and the number of its newest.
    """

    documents: dict[str, tuple[int, bytes]]
    policies: dict[str, tuple[int, bytes]]
    commands: dict[str, list[Command]]
    last_commands: dict[str, int]

    def policy(self, station: str) -> tuple[int, bytes] | None:
        """Version and body of the policy with the longest prefix of the station's code."""
        return next((self.policies[prefix] for prefix in prefixes(station) if prefix in self.policies), None)

    def versions(self, station: str) -> dict[str, int]:
        """The newest version of each kind, its policy's and its newest command's number among them."""
        found = {kind: version for kind, (version, _body) in self.documents.items()}
        policy = self.policy(station)
        newest = self.last_commands.get(station)
        return found | ({"policy": policy[0]} if policy else {}) | ({"command": newest} if newest else {})

    def newer(self, station: str, known: dict[str, int], now: float) -> list[bytes]:
        """What a station that knows these versions lacks, in the order in which it can prove and obey it."""
        bodies = [body for kind, (version, body) in self.documents.items() if version > known.get(kind, 0)]
        policy = self.policy(station)
        bodies += [policy[1]] if policy and policy[0] > known.get("policy", 0) else []
        commands = (
            each.body
            for each in self.commands.get(station, [])
            if each.number > known.get("command", 0) and each.expires > int(now)
        )
        return bodies + [body for body, _ in zip(commands, range(MOST_COMMANDS), strict=False)]
