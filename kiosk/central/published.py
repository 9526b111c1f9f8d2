"""Everything that is published, as a value: which documents a station lacks is decided here alone."""

from __future__ import annotations

from bisect import bisect_right
from heapq import merge
from itertools import accumulate
from typing import Final

from msgspec import Struct

from kiosk.contract.bodies import MOST_BYTES, MOST_DOCUMENTS

MOST_COMMANDS: Final = 8
"""Commands that one answer carries."""

TIME: Final = 1
"""Documents that an answer to a nonce has beside those that are newer."""


class Publication(Struct, frozen=True):
    """Something was published: its kind, and the prefix of the codes that it is for."""

    number: int
    kind: str
    scope: str


class Service(Struct, frozen=True):
    """The newest service of an id under its number, for the stations of a prefix."""

    number: int
    scope: str
    body: bytes


class Command(Struct, frozen=True):
    """A command under its number, obeyed until `expires` (seconds since 1970); `admits`: for who understands that alone."""

    number: int
    expires: int
    body: bytes
    admits: bool = False


def prefixes(station: str) -> list[str]:
    """What a policy or another publication may be for that reaches this station, the longest first."""
    return [station[:length] for length in range(len(station), -1, -1)]


def lacking(newest: dict[str, int], held: dict[str, int]) -> dict[str, int]:
    """Of what is newest, what a station does not say that it has; what becomes of commands is told elsewhere."""
    return {kind: number for kind, number in newest.items() if kind != "command" and held.get(kind, number) < number}


class Published(Struct, frozen=True):
    """The newest document of each kind with its version, the keyset first since its keys prove the rest; policies by prefix.

    For each station its commands in order, and the number of its newest; services by prefix, in the order of their numbers.
    """

    documents: dict[str, tuple[int, bytes]]
    policies: dict[str, tuple[int, bytes]]
    commands: dict[str, list[Command]]
    last_commands: dict[str, int]
    services: dict[str, list[Service]] = {}

    def policy(self, station: str) -> tuple[int, bytes] | None:
        """Version and body of the policy with the longest prefix of the station's code."""
        return next((self.policies[prefix] for prefix in prefixes(station) if prefix in self.policies), None)

    def versions(self, station: str) -> dict[str, int]:
        """The newest version of each kind, its policy's and its newest command's number among them."""
        found = {kind: version for kind, (version, _body) in self.documents.items()}
        policy = self.policy(station)
        newest = self.last_commands.get(station)
        service = max((each[-1].number for each in self._services(station)), default=0)
        numbers = {"policy": policy[0] if policy else 0, "command": newest or 0, "service": service}
        return found | {kind: number for kind, number in numbers.items() if number}

    def lacking(self, station: str, held: dict[str, int]) -> dict[str, int]:
        """The newest versions of what a station does not say that it has; what becomes of commands is told elsewhere."""
        return lacking(self.versions(station), held)

    def _services(self, station: str) -> list[list[Service]]:
        """Those that are for that station, by prefix."""
        return [self.services[prefix] for prefix in prefixes(station) if prefix in self.services]

    def newer_services(self, station: str, number: int, room: int, size: int) -> list[bytes]:
        """Those above that number in their order, `room` documents and `size` bytes at the most."""
        above = (each[bisect_right(each, number, key=_number) :] for each in self._services(station))
        found = [each.body for each in merge(*above, key=_number)][:room]
        sizes = accumulate(len(body) for body in found)
        return [body for body, total in zip(found, sizes, strict=True) if total <= size]

    def newer(self, station: str, known: dict[str, int], now: float, *, admits: bool = False) -> list[bytes]:
        """What a station that knows these versions lacks, in the order in which it can prove and obey it.

        `admits`: it understands the command of that verb.
        """
        bodies = [body for kind, (version, body) in self.documents.items() if version > known.get(kind, 0)]
        policy = self.policy(station)
        bodies += [policy[1]] if policy and policy[0] > known.get("policy", 0) else []
        commands = (
            each.body
            for each in self.commands.get(station, [])
            if each.number > known.get("command", 0) and each.expires > int(now) and each.admits <= admits
        )
        bodies += [body for body, _ in zip(commands, range(MOST_COMMANDS), strict=False)]
        if "service" not in known:  # older firmware: it would refuse each, and ask again
            return bodies
        room, size = MOST_DOCUMENTS - TIME - len(bodies), MOST_BYTES - sum(map(len, bodies))
        return bodies + self.newer_services(station, known["service"], room, size)


def _number(service: Service) -> int:
    return service.number
