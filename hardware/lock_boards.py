"""Lock boards on RS-485: each opens the slots of a cupboard, and tells which of their feedbacks are joined.

What a frame looks like is told by its user; nothing here knows a product. An answer has no number that ties it to its question,
so a board that owes one is asked again only after the line was listened to for as long as it may be late.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from time import monotonic
from typing import Final

from hardware.border import ODD, Reason
from hardware.frames import CHECK_SIZES, check_bytes
from hardware.serial_line import SerialLine, give_back

LATE: Final = 1.5
"""Seconds for which an answer is waited for that is owed: boards take up to one for what they were told to move."""

ALL: Final = 0
"""In place of a slot's number: the question is for all of them."""


class BoardError(Exception):
    """The board did not do it, or did not say; the text is a short reason."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)


@dataclass(frozen=True)
class LockFrames:
    """What is said and answered: bytes in hexadecimal digits, and words for those that change (`board`, `slot`, `both`).

    In `answer`: `state`, a byte that is `shorted` or `apart`; or `bits4`, all contacts in so many bytes, of which the first or
    the last (`order`) has slot 1 in its lowest bit; or `any`. `first`: the number on the wire of slot 1.
    """

    open: str
    ask: str
    answer: str
    opened: str | None = None
    check: str = "xor"
    first: int = 1
    order: str = "first_byte"
    shorted: str = "11"
    apart: str = "00"

    @property
    def asks_each(self) -> bool:
        """Whether each slot is asked for by itself."""
        return bool({"slot", "both"} & set(self.ask.split()))

    @property
    def names_board(self) -> bool:
        """Whether an answer says whose it is."""
        return bool({"board", "both"} & set(self.answer.split()))

    def request(self, frame: str, board: int, number: int) -> bytes:
        """A frame that is sent, with its check."""
        body = b"".join(self._byte(word, board, number) for word in frame.split())
        return body + check_bytes(self.check, body)

    def contacts(self, heard: bytes, board: int, number: int) -> list[dict[int, bool]]:
        """Every right answer in what was heard, wherever it begins: by the slot's number whether its feedback is joined."""
        found = (self._contact(each, number) for each in self._found(self.answer, heard, board, number))
        return [each for each in found if each]

    def confirms(self, heard: bytes, board: int, number: int) -> bool:
        """Whether the board has answered that it was told to open the slot."""
        return not self.opened or bool(self._found(self.opened, heard, board, number))

    def _found(self, frame: str, heard: bytes, board: int, number: int) -> list[re.Match[bytes]]:
        """Where this frame stands with a right check, also within another."""
        size = CHECK_SIZES[self.check]
        body = b"".join(self._pattern(word, board, number) for word in frame.split())
        pattern = re.compile(b"(?=(?P<body>" + body + b")(?P<check>" + b"." * size + b"))", re.DOTALL)
        return [each for each in pattern.finditer(heard) if each["check"] == check_bytes(self.check, each["body"])]

    def _contact(self, answer: re.Match[bytes], number: int) -> dict[int, bool]:
        found = answer.groupdict()
        if (state := found.get("state")) is not None:
            known = {bytes.fromhex(self.shorted): True, bytes.fromhex(self.apart): False}
            return {number: known[state]} if state in known else {}
        bits = int.from_bytes(found["bits"], "little" if self.order == "first_byte" else "big")
        return {place + 1: bool(bits >> place & 1) for place in range(8 * len(found["bits"]))}

    def _byte(self, word: str, board: int, number: int) -> bytes:
        slot = max(0, number - 1 + self.first)
        words = {"board": board, "slot": slot, "both": board << 4 | slot}
        return bytes((words[word] & 0xFF,)) if word in words else bytes.fromhex(word)

    def _pattern(self, word: str, board: int, number: int) -> bytes:
        if word.startswith("bits"):
            return b"(?P<bits>" + b"." * int(word.removeprefix("bits")) + b")"
        return {"state": b"(?P<state>.)", "any": b"."}.get(word) or re.escape(self._byte(word, board, number))


class LockBoardLine:
    """One serial line with its boards. Whatever a board says or does becomes a BoardError, within its time."""

    def __init__(self, port: str, baud: int, frames: LockFrames, timeout: float = 0.5, late: float = LATE) -> None:
        """`timeout`: seconds that an answer may take, `late`: for which one is waited for that was not there by then."""
        self._how = (port, baud)
        self._frames, self._timeout, self._late = frames, timeout, late
        self._line: SerialLine | None = None
        self._owed: dict[int, float] = {}

    def open(self, board: int, number: int) -> None:
        """Tell the board to open this slot. What it answers proves nothing: an adapter that hears itself says the same."""
        frames = self._frames
        line = self._opened()
        try:
            line.ask(frames.request(frames.open, board, number))
            line.gather(lambda heard: frames.confirms(heard, board, number) or None, self._timeout)
        except ODD as error:
            self.close()
            raise BoardError("no_answer") from error

    def contacts(self, board: int, numbers: Iterable[int]) -> dict[int, bool]:
        """Of these slots whether their feedback is joined. Raises BoardError when the board leaves one out."""
        if not self._frames.asks_each:
            found = self._ask(board, ALL)
            return {number: found[number] for number in numbers if number in found}
        return {number: self._ask(board, number)[number] for number in numbers}

    def close(self) -> None:
        """Give the port back; the next use opens it."""
        line, self._line = self._line, None
        give_back(line)

    def _opened(self) -> SerialLine:
        try:
            self._line = self._line or SerialLine(*self._how)
        except ODD as error:
            raise BoardError("port_not_open") from error
        return self._line

    def _ask(self, board: int, number: int) -> dict[int, bool]:
        frames, line = self._frames, self._opened()
        owing = board if frames.names_board else 0
        try:
            if owing in self._owed:
                line.throw_away(self._owed.pop(owing))
            asked = monotonic()
            line.ask(frames.request(frames.ask, board, number))
            answers = line.gather(lambda heard: frames.contacts(heard, board, number) or None, self._timeout)
            others = line.heard
        except ODD as error:
            self.close()
            raise BoardError("no_answer") from error
        if not answers or any(each != answers[0] for each in answers):
            self._owed[owing] = asked + self._late
            raise BoardError("wrong_answer" if answers or others else "no_answer")
        return answers[0]
