"""Who owns what is said, by rules: of a kind of place at the stations whose code begins so. Only computes."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from msgspec import Struct

from kiosk.core.desk.vocabulary import PLACES


class OwnerRule(Struct, frozen=True):
    """What is said of a `place` (of any, where it is empty) at stations whose code begins with `prefix` is `owner`'s."""

    prefix: str
    place: str
    owner: str

    def fits(self, station: str, place: str) -> bool:
        """Whether it says whose that is."""
        return station.startswith(self.prefix) and self.place in {"", place}


def owner_of(station: str, place: str, rules: Iterable[OwnerRule], able: Collection[str]) -> str:
    """Whose it is, of those who are `able`: by the rule of the narrowest district, there by that of the place; or nobody's."""
    fitting = [each for each in rules if each.owner in able and each.fits(station, place)]
    best = max(fitting, key=lambda each: (len(each.prefix), each.place != ""), default=None)
    return best.owner if best else ""


def known_place(place: str) -> bool:
    """Whether a rule may name it; the empty one is any."""
    return place in {"", *PLACES}
