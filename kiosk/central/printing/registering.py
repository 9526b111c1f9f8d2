"""Who gets a printed card: registered before the first is drawn, each with a number, and nobody twice."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from kiosk.central.codes import printed
from kiosk.central.passes import By, NotSo, Passes, Wanted
from kiosk.central.store.people import Credential
from kiosk.language import _
from kiosk.trust.passes import Kind


class PrintedPasses(Passes):
    """The acts of whoever prints cards."""

    def register_cards(
        self, new: Sequence[Wanted], renewed: Sequence[tuple[Credential, Wanted]], district: str, by: By
    ) -> dict[str, Credential]:
        """Take in what a file says, all of it: each holder's credential, its card with a number.

        Who has one keeps it, and its card's number, so the same file printed again makes the same cards: no second credential,
        whenever the first try ended. Sign them afterwards: nothing of that is kept.
        """
        with self._store.transaction():
            wanted = {each.holder: each for each in (*new, *(order for _held, order in renewed))}
            held = self._that_count(wanted)
            free = self._free_numbers(len(wanted))
            numbered = {
                holder: replace(each, card=each.card or (holder in held and held[holder].facts.card) or next(free))
                for holder, each in wanted.items()
            }
            left = [each for holder, each in numbered.items() if holder not in held]
            self.register(left, [(each, numbered[holder]) for holder, each in held.items()], district, by)
            self._acted("cards printed", f"{len(left)} + {len(held)}", district, by)
            return self._that_count(wanted)

    def numbered(self, held: Credential, by: By) -> Credential:
        """It, to be printed once more; it gets a number where it has none."""
        with self._store.transaction():
            held = self._opens(self._still(held))
            card = held.facts.card or next(self._free_numbers(1))
            self._store.put_facts([(held.index, self._changed(held.facts, by, card=card))])
            self._acted("card printed", held.holder, held.facts.district, by)
            return self._anew(held)

    def signed(self, held: Credential) -> str:
        """The text of a pass for its card. Raises NotSo where nobody has said until when."""
        if not held.facts.until:
            raise NotSo("until", _("{holder}: nobody has said until when: renew it first", holder=held.holder))
        return self._text(held, Kind.CARD, int(held.facts.until)).text

    def _that_count(self, holders: Iterable[str]) -> dict[str, Credential]:
        """What each of them has, as it is now."""
        known = self._store.credentials_of(holders)
        return {holder: each for holder, some in known.items() for each in some if each.counts}

    def _free_numbers(self, count: int) -> Iterator[str]:
        """Numbers for cards that nobody has: eight digits by chance, which tell nothing, and a check digit against slips."""
        made = {printed(f"{secrets.randbelow(9 * 10**7) + 10**7}") for _each in range(count + count // 10 + 9)}
        return iter(made - self._store.on_cards(made).keys())
